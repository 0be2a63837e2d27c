//! RFC 7638: the name that a key has by itself.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::base64url::decode_array;
use crate::crypto::{PublicKey, sha256};

/// SHA-256 over the required members of a JWK in their fixed order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint(pub [u8; 32]);

impl Thumbprint {
    /// The thumbprint of a key.
    pub fn of(key: &PublicKey) -> Self {
        let (x, y) = key.coordinates();
        let curve = super::jwk::curve_name(key.curve());
        let mut text = String::with_capacity(128);
        text.push_str(r#"{"crv":""#);
        text.push_str(curve);
        text.push_str(r#"","kty":"EC","x":""#);
        push_base64url(&mut text, x);
        text.push_str(r#"","y":""#);
        push_base64url(&mut text, y);
        text.push_str(r#""}"#);
        Self(sha256(text.as_bytes()))
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn push_base64url(text: &mut String, coordinate: &[u8]) {
    let mut buffer = [0; 43];
    text.push_str(Base64UrlUnpadded::encode(coordinate, &mut buffer).unwrap_or_default());
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; 43];
        f.write_str(Base64UrlUnpadded::encode(&self.0, &mut buffer).unwrap_or_default())
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

/// The text is not 32 bytes in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 thumbprint")]
pub struct InvalidThumbprint;

impl FromStr for Thumbprint {
    type Err = InvalidThumbprint;

    fn from_str(text: &str) -> Result<Self, InvalidThumbprint> {
        decode_array(text).map(Self).ok_or(InvalidThumbprint)
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

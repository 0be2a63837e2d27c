//! One public key as a JWK.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::base64url::{decode_array, encode};
use super::{Algorithm, Thumbprint};
use crate::crypto::{Curve, PublicKey};
use crate::json::Object;

/// A public key that signatures can be checked with: EC on P-256 or secp256k1, for signing, not revoked.
///
/// Reading one is strict: a member of a private or symmetric key anywhere in it is refused, and so are coordinates of
/// another length or off the curve, another `use` than `sig`, and an `alg` that is not the curve's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    key: PublicKey,
    kid: Option<Box<str>>,
}

/// A JWK that is not one of a public key that we could use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a public signing key: {0}")]
pub struct JwkError(Box<str>);

impl Jwk {
    /// A key under a name, as it is published.
    pub fn new(key: PublicKey, kid: &str) -> Self {
        Self { key, kid: Some(kid.into()) }
    }

    /// Reads a JWK out of a document.
    pub fn parse_public(value: &Value) -> Result<Self, JwkError> {
        Self::deserialize(value).map_err(|error| JwkError(error.to_string().into()))
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Its name, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The algorithm of its curve.
    pub fn algorithm(&self) -> Algorithm {
        self.key.curve().into()
    }

    /// Its thumbprint.
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(&self.key)
    }
}

impl From<PublicKey> for Jwk {
    fn from(key: PublicKey) -> Self {
        Self { key, kid: None }
    }
}

pub(super) const fn curve_name(curve: Curve) -> &'static str {
    match curve {
        Curve::K256 => "secp256k1",
        Curve::P256 => "P-256",
    }
}

impl Serialize for Jwk {
    /// With a name it is published, and says what it is for; without, it is the bare key of a proof.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (x, y) = self.key.coordinates();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kty", "EC")?;
        map.serialize_entry("crv", curve_name(self.key.curve()))?;
        map.serialize_entry("x", &encode(x))?;
        map.serialize_entry("y", &encode(y))?;
        if let Some(kid) = &self.kid {
            map.serialize_entry("kid", kid)?;
            map.serialize_entry("use", "sig")?;
            map.serialize_entry("alg", self.algorithm().as_str())?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(members) = Object::<Members<'de>>::deserialize(deserializer)?;
        members.read().map_err(D::Error::custom)
    }
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    kty: Cow<'a, str>,
    #[serde(borrow)]
    crv: Cow<'a, str>,
    #[serde(borrow)]
    x: Cow<'a, str>,
    #[serde(borrow)]
    y: Cow<'a, str>,
    #[serde(borrow, default)]
    kid: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    alg: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "use")]
    usage: Option<Cow<'a, str>>,
    #[serde(default)]
    key_ops: Option<Vec<String>>,
    #[serde(default, rename = "revoked")]
    _revoked: Absent,
    // What private and symmetric keys are made of (RFC 7518 section 6).
    #[serde(default, rename = "d")]
    _d: Absent,
    #[serde(default, rename = "dp")]
    _dp: Absent,
    #[serde(default, rename = "dq")]
    _dq: Absent,
    #[serde(default, rename = "k")]
    _k: Absent,
    #[serde(default, rename = "oth")]
    _oth: Absent,
    #[serde(default, rename = "p")]
    _p: Absent,
    #[serde(default, rename = "q")]
    _q: Absent,
    #[serde(default, rename = "qi")]
    _qi: Absent,
}

impl Members<'_> {
    fn read(self) -> Result<Jwk, &'static str> {
        let curve = match (&*self.kty, &*self.crv) {
            ("EC", "P-256") => Curve::P256,
            ("EC", "secp256k1") => Curve::K256,
            _ => return Err("not EC on P-256 or secp256k1"),
        };
        if self.alg.is_some_and(|alg| alg != Algorithm::from(curve).as_str()) {
            return Err("`alg` is not that of the curve");
        }
        if self.usage.is_some_and(|usage| usage != "sig") {
            return Err("`use` is not `sig`");
        }
        if self.key_ops.is_some_and(|operations| !operations.iter().any(|operation| operation == "verify")) {
            return Err("`key_ops` does not have `verify`");
        }
        let x = decode_array(&self.x).ok_or("`x` is not 32 bytes")?;
        let y = decode_array(&self.y).ok_or("`y` is not 32 bytes")?;
        let key = PublicKey::from_coordinates(curve, &x, &y).map_err(|_| "not a point of the curve")?;
        Ok(Jwk { key, kid: self.kid.map(Into::into) })
    }
}

/// A member that must not be there.
#[derive(Default)]
pub(super) struct Absent;

impl<'de> Deserialize<'de> for Absent {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("has a member that a usable public key has not"))
    }
}

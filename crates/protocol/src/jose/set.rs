//! A published set of keys (JWKS).

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::Jwk;
use super::published::{PublishedKey, is_revoked};

/// The keys that a client or server publishes.
///
/// Reading one keeps every well-formed public key that has a name, also of kinds that we cannot use, and drops the
/// rest: private keys above all, and revoked ones (CM-34).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwkSet {
    keys: Vec<PublishedKey>,
}

/// More keys than this no honest party publishes; finding one in a set is a linear search.
const MAX_KEYS: usize = 64;

/// Why a set is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkSetError {
    /// Two keys have the same name, so that it names neither (CM-34).
    #[error("two keys have the same `kid`")]
    DuplicateKid,
    /// It is no object with a list of keys.
    #[error("not an object with a list `keys`")]
    Malformed,
    /// More keys than anybody needs.
    #[error("more than 64 keys")]
    TooMany,
}

impl JwkSet {
    /// A set of our own.
    pub fn new(keys: impl IntoIterator<Item = Jwk>) -> Self {
        Self { keys: keys.into_iter().map(PublishedKey::from).collect() }
    }

    /// Reads a set out of a document.
    pub fn parse(value: &Value) -> Result<Self, JwkSetError> {
        let listed = value.get("keys").and_then(Value::as_array).ok_or(JwkSetError::Malformed)?;
        if listed.len() > MAX_KEYS {
            return Err(JwkSetError::TooMany);
        }
        let keys: Vec<PublishedKey> =
            listed.iter().filter(|key| !is_revoked(key)).filter_map(PublishedKey::parse).collect();
        let mut kids: Vec<&str> = keys.iter().map(PublishedKey::kid).collect();
        kids.sort_unstable();
        if kids.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(JwkSetError::DuplicateKid);
        }
        Ok(Self { keys })
    }

    /// The usable key of this name.
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.usable().find(|jwk| jwk.kid() == Some(kid))
    }

    /// The keys that signatures can be checked with.
    pub fn usable(&self) -> impl Iterator<Item = &Jwk> {
        self.keys.iter().filter_map(PublishedKey::jwk)
    }

    /// All keys, also those of kinds that we cannot use.
    pub fn keys(&self) -> &[PublishedKey] {
        &self.keys
    }

    /// Has it no key, usable or not?
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl Serialize for JwkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys: Vec<&Map<String, Value>> = self.keys.iter().map(PublishedKey::members).collect();
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("keys", &keys)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for JwkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

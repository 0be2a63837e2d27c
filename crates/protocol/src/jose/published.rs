//! A key as somebody published it: well formed, though perhaps of a kind that we cannot use.

use serde_json::{Map, Value};

use super::Jwk;

/// One key of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    members: Map<String, Value>,
    kid: String,
    jwk: Option<Jwk>,
}

impl PublishedKey {
    /// Reads a key; `None` unless it is well formed, public and has a name.
    pub fn parse(value: &Value) -> Option<Self> {
        let given = value.as_object()?;
        if PRIVATE.iter().any(|name| given.contains_key(*name)) {
            return None;
        }
        let kid = text(given, "kid")?.to_owned();
        let material = material(given)?;
        if !is_purpose(given) || !is_algorithm(given) || !is_lifetime(given) {
            return None;
        }
        let known = COMMON.iter().chain(material);
        let members = known
            .filter_map(|name| given.get(*name).map(|value| ((*name).to_owned(), value.clone())))
            .collect();
        Some(Self { members, kid, jwk: Jwk::parse_public(value).ok() })
    }

    /// Its name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key, where it is one that signatures can be checked with.
    pub fn jwk(&self) -> Option<&Jwk> {
        self.jwk.as_ref()
    }

    /// What was published of it, without members that nobody knows.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }
}

impl From<Jwk> for PublishedKey {
    fn from(jwk: Jwk) -> Self {
        let members = match serde_json::to_value(&jwk) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
        Self { members, kid: jwk.kid().unwrap_or_default().to_owned(), jwk: Some(jwk) }
    }
}

/// Does the owner say that the key is no good any more?
pub(super) fn is_revoked(value: &Value) -> bool {
    value.get("revoked").is_some()
}

/// What private and symmetric keys are made of (RFC 7518 section 6).
const PRIVATE: [&str; 8] = ["d", "dp", "dq", "k", "oth", "p", "q", "qi"];
const COMMON: [&str; 8] = ["kty", "kid", "use", "key_ops", "alg", "exp", "nbf", "iat"];
const CURVES: [&str; 4] = ["P-256", "P-384", "P-521", "secp256k1"];
const OCTET_CURVES: [&str; 4] = ["Ed25519", "Ed448", "X25519", "X448"];
const EC_ALGORITHMS: [&str; 4] = ["ES256", "ES256K", "ES384", "ES512"];
const RSA_ALGORITHMS: [&str; 6] = ["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];
const VERIFYING: &str = "verify";
/// The operations of RFC 7517 section 4.3 that need no private key, and what each is for.
const PUBLIC_OPERATIONS: [(&str, &str); 3] = [("encrypt", "enc"), (VERIFYING, "sig"), ("wrapKey", "enc")];

/// The members that hold the key, where they are there.
fn material(key: &Map<String, Value>) -> Option<&'static [&'static str]> {
    let curve = |known: &[&str]| text(key, "crv").is_some_and(|name| known.contains(&name));
    match text(key, "kty")? {
        "EC" => (curve(&CURVES) && text(key, "x").is_some() && text(key, "y").is_some())
            .then_some(&["crv", "x", "y"]),
        "OKP" => (curve(&OCTET_CURVES) && text(key, "x").is_some()).then_some(&["crv", "x"]),
        "RSA" => (text(key, "n").is_some() && text(key, "e").is_some()).then_some(&["n", "e"]),
        _ => None,
    }
}

fn is_algorithm(key: &Map<String, Value>) -> bool {
    let Some(algorithm) = key.get("alg") else { return true };
    let known: &[&str] = match text(key, "kty") {
        Some("EC") => &EC_ALGORITHMS,
        Some("RSA") => &RSA_ALGORITHMS,
        _ => &["EdDSA", "Ed25519", "Ed448"],
    };
    algorithm.as_str().is_some_and(|name| known.contains(&name))
}

/// `use` and `key_ops` say something known, and not two different things.
fn is_purpose(key: &Map<String, Value>) -> bool {
    let purpose = match key.get("use").map(Value::as_str) {
        None => None,
        Some(Some(purpose @ ("enc" | "sig"))) => Some(purpose),
        Some(_) => return false,
    };
    let Some(operations) = key.get("key_ops") else { return true };
    operations.as_array().is_some_and(|operations| {
        !operations.is_empty()
            && operations.iter().all(|operation| {
                PUBLIC_OPERATIONS.iter().any(|(name, serves)| {
                    operation.as_str() == Some(name) && purpose.is_none_or(|purpose| purpose == *serves)
                })
            })
    })
}

fn is_lifetime(key: &Map<String, Value>) -> bool {
    let times = ["exp", "iat", "nbf"].iter().all(|name| key.get(*name).is_none_or(Value::is_number));
    times && key.get("revoked").is_none_or(Value::is_object)
}

/// A member that is a text and not empty.
fn text<'a>(key: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    key.get(name)?.as_str().filter(|text| !text.is_empty())
}

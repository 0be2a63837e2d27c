//! What a confidential client proves itself with (CM-25 … CM-34).

use std::fmt;
use std::sync::Arc;

use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::jose::{Jwk, JwkSet, base64url_decode, base64url_encode, jws};
use gatewright_protocol::json;
use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

/// How long an assertion is good for: the shortest that every server takes (CM-28).
const LIFE: i64 = 60;

/// A key of a confidential client, under the name that it is published by.
#[derive(Clone)]
pub struct ClientKey {
    kid: String,
    key: Arc<PrivateKey>,
}

/// The text is not a private ES256 key with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client key is a private JWK of P-256 with `d` and `kid`")]
pub struct InvalidClientKey;

impl ClientKey {
    /// A new key, named by its thumbprint.
    pub fn generate(random: &dyn Random) -> Self {
        let key = PrivateKey::generate(Curve::P256, random);
        Self { kid: Jwk::from(key.public().clone()).thumbprint().to_string(), key: Arc::new(key) }
    }

    /// Reads a private JWK: what configurations hold, and what other software makes.
    ///
    /// # Errors
    /// It is of another kind, has no name, or its halves do not belong together.
    pub fn parse(jwk: &str) -> Result<Self, InvalidClientKey> {
        #[derive(Deserialize)]
        struct Members {
            kty: String,
            crv: String,
            kid: String,
            d: String,
            #[serde(default)]
            x: Option<String>,
        }
        let members: Members = json::from_slice(jwk.as_bytes()).map_err(|_| InvalidClientKey)?;
        let d = Zeroizing::new(base64url_decode(&members.d).ok_or(InvalidClientKey)?);
        let bytes = d.as_slice().try_into().map_err(|_| InvalidClientKey)?;
        let key = PrivateKey::from_bytes(Curve::P256, bytes).map_err(|_| InvalidClientKey)?;
        let x = base64url_encode(key.public().coordinates().0);
        let sound = members.kty == "EC" && members.crv == "P-256" && members.x.is_none_or(|given| given == x);
        if sound && !members.kid.is_empty() {
            Ok(Self { kid: members.kid, key: Arc::new(key) })
        } else {
            Err(InvalidClientKey)
        }
    }

    /// The private JWK: for the file or the configuration that keeps it, and nothing else.
    pub fn to_private_jwk(&self) -> Zeroizing<String> {
        let (x, y) = self.key.public().coordinates();
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid,
            "x": base64url_encode(x), "y": base64url_encode(y), "d": base64url_encode(&*self.key.to_bytes()),
        });
        Zeroizing::new(jwk.to_string())
    }

    /// Its name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, as it is published.
    pub fn public(&self) -> Jwk {
        Jwk::new(self.key.public().clone(), &self.kid)
    }

    /// An assertion for a server, by its issuer (CM-27).
    pub(crate) fn assertion(
        &self,
        client_id: &str,
        issuer: &str,
        random: &dyn Random,
        now: UnixTime,
    ) -> String {
        #[derive(Serialize)]
        struct Claims<'a> {
            iss: &'a str,
            sub: &'a str,
            aud: &'a str,
            jti: String,
            iat: i64,
            exp: i64,
        }
        let claims = Claims {
            iss: client_id,
            sub: client_id,
            aud: issuer,
            jti: base64url_encode(&random_bytes::<16>(random)),
            iat: now.seconds(),
            exp: now.seconds() + LIFE,
        };
        let header = jws::SignHeader { typ: "JWT", kid: Some(&self.kid), ..Default::default() };
        jws::sign(&self.key, &header, &claims)
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientKey({})", self.kid)
    }
}

/// The keys of a client, newest first. New sessions use the first; a session stays with the key that it began with, so
/// a key is taken away only when no session needs it any more (CM-33, CL-31).
#[derive(Clone, Debug, Default)]
pub struct ClientKeys(Vec<ClientKey>);

impl ClientKeys {
    /// These keys, the newest first.
    pub fn new(keys: impl IntoIterator<Item = ClientKey>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// The key for new sessions.
    pub fn newest(&self) -> Option<&ClientKey> {
        self.0.first()
    }

    /// The key of this name.
    pub fn find(&self, kid: &str) -> Option<&ClientKey> {
        self.0.iter().find(|key| key.kid == kid)
    }

    /// Is there none? Then the client is a public one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The public halves of all of them: the JWKS document.
    pub fn public(&self) -> JwkSet {
        JwkSet::new(self.0.iter().map(ClientKey::public))
    }

    /// Has each a name of its own?
    pub(crate) fn have_own_names(&self) -> bool {
        self.0.iter().all(|key| self.0.iter().filter(|other| other.kid == key.kid).count() == 1)
    }
}

#[cfg(test)]
mod tests {
    use gatewright_resolve::system::SystemRandom;

    use super::*;

    #[test]
    fn a_key_survives_its_jwk_and_a_foreign_one_is_refused() {
        let key = ClientKey::generate(&SystemRandom);
        let jwk = key.to_private_jwk();
        assert_eq!(ClientKey::parse(&jwk).unwrap().public(), key.public());
        let other = ClientKey::generate(&SystemRandom).to_private_jwk();
        let other: serde_json::Value = serde_json::from_str(&other).unwrap();
        let mut mixed: serde_json::Value = serde_json::from_str(&jwk).unwrap();
        mixed["x"] = other["x"].clone();
        for text in
            [&mixed.to_string(), "{}", "", &jwk.replace("P-256", "P-384"), &jwk.replace("\"kid\"", "\"id\"")]
        {
            assert!(ClientKey::parse(text).is_err(), "{text}");
        }
        assert!(!format!("{key:?}").contains(&key.to_private_jwk()[10..40]));
    }

    #[test]
    fn the_newest_key_is_first_and_all_are_published() {
        let (new, old) = (ClientKey::generate(&SystemRandom), ClientKey::generate(&SystemRandom));
        let keys = ClientKeys::new([new.clone(), old.clone()]);
        assert_eq!(keys.newest().unwrap().kid(), new.kid());
        assert!(keys.find(old.kid()).is_some() && keys.have_own_names());
        let document = serde_json::to_value(keys.public()).unwrap();
        assert_eq!(document["keys"].as_array().unwrap().len(), 2);
        assert!(!document.to_string().contains("\"d\""));
        assert!(!ClientKeys::new([new.clone(), new]).have_own_names());
    }
}

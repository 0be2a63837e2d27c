//! The key of a confidential client, and the assertions made with it (CM-25 … CM-27).

use std::sync::Arc;

use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::jose::{Jwk, jws};
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::system::SystemRandom;
use serde_json::{Value, json};

use crate::app::hex;

/// The key that a confidential client proves itself with; its DPoP keys are others.
#[derive(Clone, Debug)]
pub struct ClientKey {
    /// The name that it is published under.
    pub kid: String,
    /// The key.
    pub key: Arc<PrivateKey>,
}

impl ClientKey {
    /// A new key of this name.
    pub fn generate(kid: &str) -> Self {
        Self { kid: kid.to_owned(), key: Arc::new(PrivateKey::generate(Curve::P256, &SystemRandom)) }
    }

    /// The public half, as it is published.
    pub fn jwk(&self) -> Jwk {
        Jwk::new(self.key.public().clone(), &self.kid)
    }

    /// An assertion with these claims, by `ES256` and under its name.
    pub fn sign(&self, claims: &Value) -> String {
        let header = jws::SignHeader { typ: "JWT", kid: Some(&self.kid), ..Default::default() };
        jws::sign(&self.key, &header, claims)
    }
}

/// The claims of an assertion, all as they should be, with a `jti` of their own.
pub fn claims(client_id: &str, issuer: &str, now: UnixTime) -> Value {
    json!({
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": hex(&random_bytes::<16>(&SystemRandom)),
        "iat": now.seconds(),
        "exp": now.seconds() + 60,
    })
}

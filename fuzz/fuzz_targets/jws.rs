//! JWS and JWK: nothing panics on what a stranger sends.

#![no_main]

use gatewright_protocol::crypto::PublicKey;
use gatewright_protocol::jose::{Jwk, JwkSet, jws};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(token) = jws::decode(text) {
        let _ = token.claims_unverified::<serde_json::Value>();
        if let Some(jwk) = &token.header().jwk {
            let _ = token.verify(jwk.key());
        }
    }
    let _ = PublicKey::from_did_key(text);
    if let Ok(value) = serde_json::from_str::<serde_json::Value>(text) {
        let _ = JwkSet::parse(&value);
        if let Ok(jwk) = Jwk::parse_public(&value) {
            let again = serde_json::to_value(&jwk).expect("a key is JSON");
            assert_eq!(
                Jwk::parse_public(&again).expect("what we print we read").thumbprint(),
                jwk.thumbprint()
            );
        }
    }
});

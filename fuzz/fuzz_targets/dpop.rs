//! A proof is checked without a panic, whatever it is made of; nobody makes one that passes without a key.

#![no_main]

use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::dpop::verify::{ProofRequest, check, only_header};
use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::time::UnixTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let nonces = Nonces::new([7; 32]);
    let request = |proof| ProofRequest {
        proof,
        method: "POST",
        origin: "https://pds.example.com",
        path: "/oauth/token",
        access_token: None,
        now: UnixTime::from_seconds(1_750_000_000),
    };
    if let Ok(Some(text)) = only_header([data]) {
        let _ = check(&request(text), &nonces);
    }
    // The same bytes as header and claims of something that is a JWS at least.
    let halfway = data.len() / 2;
    let (header, claims) = data.split_at(halfway);
    let proof =
        format!("{}.{}.{}", base64url_encode(header), base64url_encode(claims), base64url_encode(&[1; 64]));
    assert!(check(&request(&proof), &nonces).is_err());
});

//! The proof of a request (DP-1 … DP-10).

use gatewright_protocol::dpop::verify::{self, MEMORY, Proof, ProofError, ProofRequest, only_header};
use gatewright_protocol::time::UnixTime;
use gatewright_store::replay::Namespace;
use http::HeaderValue;
use http::request::Parts;

use crate::GuardError;
use crate::guard::Inner;

/// Checks the proof against the request, with the nonce last; remembers nothing.
pub(super) fn check(guard: &Inner, parts: &Parts, token: &str, now: UnixTime) -> Result<Proof, ProofError> {
    let values = parts.headers.get_all("dpop").iter().map(HeaderValue::as_bytes);
    let proof = only_header(values)?.ok_or(ProofError::Missing)?;
    let request = ProofRequest {
        proof,
        method: parts.method.as_str(),
        origin: &guard.origin,
        path: parts.uri.path(),
        access_token: Some(token),
        now,
    };
    verify::check(&request, &guard.nonces)
}

/// Uses the proof up.
pub(super) async fn remember(guard: &Inner, proof: &Proof, now: UnixTime) -> Result<(), GuardError> {
    // A proof cannot outlive its nonce, so neither need the memory of it.
    let until = now.plus(MEMORY.max(guard.nonces.longest_life()));
    if guard.replays.remember(Namespace::Proof, proof.jti_key, until, now).await? {
        Ok(())
    } else {
        Err(ProofError::Replayed.into())
    }
}

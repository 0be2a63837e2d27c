//! The proof of possession that came with a request (3.7).

use gatewright_protocol::dpop::verify::{self, MEMORY, Proof, ProofError, ProofRequest};
use gatewright_store::replay::Namespace;
use http::HeaderMap;
use http::Method;

use crate::http::app::App;
use crate::http::errors::Refusal;

/// Checks the one proof of a request: its signature, what it was made for, its nonce, and, last of all and only if
/// everything else is right, that it never came before (DP-9).
pub(crate) async fn check(
    app: &App,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Proof, Refusal> {
    let values = headers.get_all("dpop").iter().map(http::HeaderValue::as_bytes);
    let proof = verify::only_header(values)?.ok_or(ProofError::Missing)?;
    let now = app.ctx.now();
    let request =
        ProofRequest { proof, method: method.as_str(), origin: app.issuer(), path, access_token: None, now };
    let proof = verify::check(&request, &app.ctx.nonces)?;
    // No proof outlives its nonce, and an embedder may have nonces that live longer than ours.
    let until = now.plus(MEMORY.max(app.ctx.nonces.longest_life()));
    let is_new = app.ctx.store.remember(Namespace::Proof, proof.jti_key, until, now).await?;
    if is_new { Ok(proof) } else { Err(ProofError::Replayed.into()) }
}

//! Checking proofs (DP-1 … DP-5, DP-8, DP-10).
//!
//! This runs before every guarded request: one pass over the text, one signature check, a handful of small buffers.

use std::borrow::Cow;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use url::Url;

use super::nonce::Nonces;
use super::proof::TYP;
use crate::crypto::{constant_time_eq, sha256};
use crate::jose::jws::{self, JwsError};
use crate::jose::{Algorithm, Thumbprint};
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::time::UnixTime;

/// The algorithms that proofs may be signed with: exactly those that the metadata advertises (DP-2).
pub const ALGORITHMS: [Algorithm; 2] = [Algorithm::Es256, Algorithm::Es256k];
/// How old a proof may be: ten seconds, and the tolerance for clocks that go wrong.
pub const MAX_AGE: Duration = Duration::from_secs(190);
/// How far ahead of our clock a proof may be made.
pub const MAX_AHEAD: Duration = Duration::from_mins(3);
/// How long a `jti` is remembered: longer than any nonce lives, and no proof outlives its nonce (DP-9).
pub const MEMORY: Duration = Duration::from_secs(198);

/// The request that a proof came with.
#[derive(Clone, Copy, Debug)]
pub struct ProofRequest<'a> {
    /// The value of the one `DPoP` header, as [`only_header`] gives it.
    pub proof: &'a str,
    /// The method.
    pub method: &'a str,
    /// The configured public origin, such as `https://pds.example.com`; never what a header says (DP-4).
    pub origin: &'a str,
    /// The path, as it came; a query is ignored.
    pub path: &'a str,
    /// The access token that came with it; none at an authorization server, where `ath` is refused (DP-8).
    pub access_token: Option<&'a str>,
    /// Now.
    pub now: UnixTime,
}

/// A proof that fits its request. What is left to ask is whether `jti_key` is new, and, where there is an access
/// token, whether it is bound to `jkt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The key it was made with.
    pub jkt: Thumbprint,
    /// SHA-256 of the key's thumbprint and the `jti`: what must not come twice within [`MEMORY`] (DP-9).
    pub jti_key: [u8; 32],
    /// When it says it was made.
    pub iat: UnixTime,
}

/// The value of the `DPoP` header: there may be none, but never two (DP-1).
///
/// # Errors
/// The header is repeated, empty, or not ASCII.
pub fn only_header<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<&'a str>, ProofError> {
    let mut values = values.into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(ProofError::Repeated);
    }
    match std::str::from_utf8(value) {
        Ok(text) if !text.is_empty() => Ok(Some(text)),
        _ => Err(ProofError::Malformed),
    }
}

/// Checks a proof against the request it came with, its nonce last: a client that learns that its nonce has passed
/// has got everything else right.
///
/// The `ath` claim is required once a token is present: without it a stolen proof opens any resource (RFC 9449
/// section 4.3). Nothing is remembered here.
///
/// # Errors
/// What is wrong with the proof.
pub fn check(request: &ProofRequest<'_>, nonces: &Nonces) -> Result<Proof, ProofError> {
    let unverified = jws::decode(request.proof)?;
    let header = unverified.header();
    if header.typ.as_deref() != Some(TYP) {
        return Err(ProofError::Type);
    }
    if !ALGORITHMS.contains(&header.alg) {
        return Err(ProofError::Algorithm);
    }
    let key = header.jwk.as_ref().ok_or(ProofError::Key)?.key();
    let verified = unverified.verify(key)?;
    let claims: Claims<'_> = verified.claims()?;
    let iat = check_claims(&claims, request)?;
    if !claims.nonce.as_deref().is_some_and(|nonce| nonces.accepts(nonce, request.now)) {
        return Err(ProofError::Nonce);
    }
    let jkt = Thumbprint::of(key);
    Ok(Proof { jkt, jti_key: jti_key(&jkt, &claims.jti), iat })
}

/// What must not come twice: the `jti` of one key.
pub fn jti_key(jkt: &Thumbprint, jti: &str) -> [u8; 32] {
    let mut text = Vec::with_capacity(32 + jti.len());
    text.extend_from_slice(jkt.as_bytes());
    text.extend_from_slice(jti.as_bytes());
    sha256(&text)
}

#[derive(Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    jti: Cow<'a, str>,
    #[serde(borrow)]
    htm: Cow<'a, str>,
    #[serde(borrow)]
    htu: Cow<'a, str>,
    iat: f64,
    #[serde(borrow, default)]
    ath: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    nonce: Option<Cow<'a, str>>,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    exp: Option<f64>,
}

fn check_claims(claims: &Claims<'_>, request: &ProofRequest<'_>) -> Result<UnixTime, ProofError> {
    if claims.jti.is_empty() {
        return Err(ProofError::Claims);
    }
    if claims.htm != request.method {
        return Err(ProofError::Method);
    }
    if !is_same_url(&claims.htu, request.origin, request.path) {
        return Err(ProofError::Url);
    }
    let iat = UnixTime::from_numeric_date(claims.iat);
    let latest = request.now.plus(MAX_AHEAD);
    let early = claims.nbf.is_some_and(|nbf| UnixTime::from_numeric_date(nbf) > latest);
    let expired =
        claims.exp.is_some_and(|exp| UnixTime::from_numeric_date(exp).plus(MAX_AHEAD) <= request.now);
    if iat > latest || iat < request.now.minus(MAX_AGE) || early || expired {
        return Err(ProofError::Time);
    }
    match (request.access_token, claims.ath.as_deref()) {
        (None, None) => Ok(iat),
        (Some(token), Some(ath)) if is_hash_of(ath, token) => Ok(iat),
        _ => Err(ProofError::TokenHash),
    }
}

fn is_hash_of(ath: &str, token: &str) -> bool {
    let mut expected = [0; 43];
    Base64UrlUnpadded::encode(&sha256(token.as_bytes()), &mut expected)
        .is_ok_and(|expected| constant_time_eq(expected.as_bytes(), ath.as_bytes()))
}

/// Whether `htu` is where the request went: query and fragment do not count, nor how scheme, host, port and path
/// are spelt (DP-3).
fn is_same_url(htu: &str, origin: &str, path: &str) -> bool {
    let (htu, path) = (without_query(htu), without_query(path));
    if path.starts_with('/') && htu.strip_prefix(origin) == Some(path) {
        return true;
    }
    let (Some(claimed), Some(asked)) = (normal_url(htu), normal_url(&format!("{origin}{path}"))) else {
        return false;
    };
    claimed == asked
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// Origin and path in one spelling; `None` for what no request goes to.
fn normal_url(text: &str) -> Option<(url::Origin, String)> {
    let url = Url::parse(text).ok()?;
    let plain =
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    plain.then(|| (url.origin(), normal_path(url.path())))
}

/// Escapes of unreserved characters are undone, the others get upper-case digits (RFC 3986 section 6.2.2).
fn normal_path(path: &str) -> String {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        normal.push_str(before);
        let code = after.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') => {
                normal.push(char::from(byte));
                rest = after.get(2..).unwrap_or_default();
            }
            Some(byte) => {
                normal.extend(["%", &format!("{byte:02X}")]);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                normal.push('%');
                rest = after;
            }
        }
    }
    normal.push_str(rest);
    normal
}

/// What is wrong with a proof. Everything but [`Nonce`](Self::Nonce) is `invalid_dpop_proof`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Signed with an algorithm that is not advertised.
    #[error("the DPoP proof is signed with an algorithm that is not taken here")]
    Algorithm,
    /// A claim is missing or of the wrong type.
    #[error("the DPoP proof lacks a claim or has one of the wrong type")]
    Claims,
    /// There is no usable public key in the header.
    #[error("the header of the DPoP proof has no usable public key")]
    Key,
    /// The text is no compact JWS.
    #[error("the DPoP proof is not a well-formed JWS")]
    Malformed,
    /// Made for another method.
    #[error("the claim htm of the DPoP proof is not the method of the request")]
    Method,
    /// The request needs a proof and has none.
    #[error("a DPoP proof is required")]
    Missing,
    /// No nonce, or one that has passed: the client is to try again with the one it is given.
    #[error("the DPoP proof needs the nonce that is given in the header DPoP-Nonce")]
    Nonce,
    /// There is more than one `DPoP` header.
    #[error("there is more than one DPoP header")]
    Repeated,
    /// The same proof came before.
    #[error("the DPoP proof was used before")]
    Replayed,
    /// The signature is not the key's.
    #[error("the signature of the DPoP proof is wrong")]
    Signature,
    /// Made too long ago, or too far ahead.
    #[error("the claim iat of the DPoP proof is too far from the time of this server")]
    Time,
    /// `ath` does not belong to the access token, or there is one without the other.
    #[error("the claim ath of the DPoP proof is not that of the access token")]
    TokenHash,
    /// Another `typ`.
    #[error("the typ of a DPoP proof is dpop+jwt")]
    Type,
    /// Made for another URL.
    #[error("the claim htu of the DPoP proof is not the URL of the request")]
    Url,
}

impl ProofError {
    /// The code to answer with.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Nonce => ErrorCode::UseDpopNonce,
            _ => ErrorCode::InvalidDpopProof,
        }
    }
}

impl From<JwsError> for ProofError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Algorithm => Self::Algorithm,
            JwsError::Header => Self::Key,
            JwsError::Signature => Self::Signature,
            JwsError::Claims => Self::Claims,
            _ => Self::Malformed,
        }
    }
}

impl From<ProofError> for OAuthError {
    fn from(error: ProofError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

#[cfg(test)]
mod tests;

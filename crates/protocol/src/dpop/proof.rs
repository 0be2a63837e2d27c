//! Building proofs.

use serde::Serialize;

use crate::crypto::{PrivateKey, sha256};
use crate::jose::{base64url_encode, jws};
use crate::time::UnixTime;

/// The `typ` of a proof.
pub(super) const TYP: &str = "dpop+jwt";

/// What a proof is made for.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// Where it goes; query and fragment are left out of the proof (CL-19).
    pub url: &'a str,
    /// The access token that goes with it; none at an authorization server (DP-8).
    pub access_token: Option<&'a str>,
    /// The nonce that this server sent last.
    pub nonce: Option<&'a str>,
    /// 16 random bytes, never used before.
    pub jti: [u8; 16],
    /// Now.
    pub now: UnixTime,
}

/// Makes a proof: the value of a `DPoP` header (RFC 9449 section 4.2).
pub fn build(key: &PrivateKey, claims: &Claims<'_>) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        jti: String,
        htm: &'a str,
        htu: &'a str,
        iat: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        ath: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        nonce: Option<&'a str>,
    }
    let jwk = key.public().to_jwk();
    let body = Body {
        jti: base64url_encode(&claims.jti),
        htm: claims.method,
        htu: claims.url.split(['?', '#']).next().unwrap_or_default(),
        iat: claims.now.seconds(),
        ath: claims.access_token.map(|token| base64url_encode(&sha256(token.as_bytes()))),
        nonce: claims.nonce,
    };
    jws::sign(key, &jws::SignHeader { typ: TYP, jwk: Some(&jwk), ..Default::default() }, &body)
}

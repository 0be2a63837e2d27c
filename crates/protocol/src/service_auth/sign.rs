//! Making a service token.

use serde::Serialize;

use super::{KeyName, Recipient, TYP};
use crate::crypto::PrivateKey;
use crate::jose::jws::{self, SignHeader};
use crate::secret::ServiceToken;
use crate::syntax::{Did, Nsid};
use crate::time::UnixTime;

/// What a service token says.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    /// Who calls: the DID whose document has the key.
    pub issuer: &'a Did,
    /// Which of its keys signs.
    pub key: KeyName,
    /// Who is called.
    pub recipient: &'a Recipient,
    /// The method that is called; a token without one is good for every method of a recipient that takes such tokens.
    pub method: Option<&'a Nsid>,
    /// When it ends, in whole seconds.
    pub expires_at: UnixTime,
    /// 16 random bytes, never used before.
    pub jti: [u8; 16],
    /// Now.
    pub now: UnixTime,
}

/// Signs a token with the issuer's key: `ES256K` or `ES256`, as the key is (SA-1, SA-2).
pub fn sign(key: &PrivateKey, claims: &Claims<'_>) -> ServiceToken {
    #[derive(Serialize)]
    struct Body<'a> {
        iat: i64,
        iss: &'a Did,
        aud: &'a Recipient,
        exp: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        lxm: Option<&'a Nsid>,
        jti: String,
    }
    let body = Body {
        iat: claims.now.seconds(),
        iss: claims.issuer,
        aud: claims.recipient,
        exp: claims.expires_at.seconds(),
        lxm: claims.method,
        jti: hex(&claims.jti),
    };
    // Receivers in the field know no `kid`: it is said only where it says something.
    let kid = match claims.key {
        KeyName::Account => None,
        KeyName::Label => Some("#atproto_label"),
    };
    ServiceToken::new(jws::sign(key, &SignHeader { typ: TYP, kid, jwk: None }, &body))
}

fn hex(bytes: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*bytes))
}

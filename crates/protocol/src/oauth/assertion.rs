//! Client assertions: how a confidential client proves who it is (`private_key_jwt`, CM-25 … CM-29, CM-35).

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;

use super::client_auth::ClientAuth;
use super::client_metadata::{Authentication, ClientMetadata};
use super::error::{ErrorCode, OAuthError};
use super::params::Params;
use crate::crypto::sha256;
use crate::jose::jws;
use crate::jose::{JwkSet, Thumbprint};
use crate::json::Object;
use crate::time::UnixTime;

/// The only `client_assertion_type` there is (RFC 7523 section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How old an assertion may be.
pub const MAX_AGE: Duration = Duration::from_mins(1);
/// How far the client's clock may be off, in either direction.
pub const SKEW: Duration = Duration::from_secs(30);
/// How long an assertion may be good for.
pub const MAX_LIFE: Duration = Duration::from_mins(5);

/// What is known of a request before its client is authenticated.
#[derive(Clone, Copy, Debug)]
pub struct AssertionRules<'a> {
    /// Who the assertion has to be made for: this server's issuer, not the URL of an endpoint.
    pub issuer: &'a str,
    /// The key that the proof of this request was made with.
    pub dpop_jkt: &'a Thumbprint,
    /// What an assertion without `exp` is worth.
    pub absent_exp: AbsentExp,
    /// Now.
    pub now: UnixTime,
}

/// What an assertion without `exp` is worth (CM-27).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AbsentExp {
    /// It counts as `iat` and a minute: for older clients.
    Minute,
    /// Nothing.
    #[default]
    Refused,
}

/// A client that proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// How.
    pub auth: ClientAuth,
    /// What must not come twice; `None` for a public client. To be remembered only after the nonce of the proof was
    /// found good (AS-70).
    pub once: Option<Once>,
}

/// A use that must not come twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once {
    /// SHA-256 of the client and the `jti`.
    pub key: [u8; 32],
    /// Until when it is to be remembered: no assertion is taken after that.
    pub until: UnixTime,
}

/// Authenticates the client of a request as its metadata says it does. Checks everything but whether the `jti` is
/// new.
///
/// `keys` are the client's published keys, wherever they are; `None` for a public client.
///
/// # Errors
/// What is wrong. [`AssertionError::UnknownKey`] may mean that the keys at hand are old (CM-33).
pub fn authenticate(
    params: &Params,
    client: &ClientMetadata,
    keys: Option<&JwkSet>,
    rules: AssertionRules<'_>,
) -> Result<Authenticated, AssertionError> {
    let Authentication::PrivateKeyJwt { alg, .. } = &client.authentication else {
        // A public client that sends an assertion is still only what its metadata says.
        return Ok(Authenticated { auth: ClientAuth::None, once: None });
    };
    let assertion = params.get("client_assertion").ok_or(AssertionError::Missing)?;
    if params.get("client_assertion_type") != Some(ASSERTION_TYPE) {
        return Err(AssertionError::Type);
    }
    let unverified = jws::decode(assertion).map_err(|_| AssertionError::Malformed)?;
    let header = unverified.header();
    if header.alg != *alg {
        return Err(AssertionError::Algorithm);
    }
    let kid = header.kid.as_deref().ok_or(AssertionError::KeyName)?;
    let key = keys.and_then(|keys| keys.find(kid)).ok_or(AssertionError::UnknownKey)?;
    let verified = unverified.verify(key.key()).map_err(|_| AssertionError::Signature)?;
    let claims: Claims<'_> = verified.claims().map_err(|_| AssertionError::Claims)?;
    let until = claims.check(client.client_id.as_str(), rules)?;
    let thumbprint = key.thumbprint();
    if thumbprint == *rules.dpop_jkt {
        return Err(AssertionError::SameKey);
    }
    if let Some(Object(cnf)) = &claims.cnf
        && cnf.jkt.parse().ok().as_ref() != Some(rules.dpop_jkt)
    {
        return Err(AssertionError::Confirmation);
    }
    Ok(Authenticated {
        auth: ClientAuth::PrivateKeyJwt { kid: kid.to_owned(), alg: *alg, thumbprint },
        once: Some(Once { key: once_key(client.client_id.as_str(), &claims.jti), until }),
    })
}

/// What must not come twice: the `jti` of one client. A client id holds no NUL, so no two pairs are one text.
fn once_key(client_id: &str, jti: &str) -> [u8; 32] {
    sha256(format!("{client_id}\0{jti}").as_bytes())
}

#[derive(Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    iss: Cow<'a, str>,
    #[serde(borrow)]
    sub: Cow<'a, str>,
    aud: Audience,
    #[serde(borrow)]
    jti: Cow<'a, str>,
    iat: f64,
    #[serde(default)]
    exp: Option<f64>,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(borrow, default)]
    cnf: Option<Object<Confirmation<'a>>>,
}

#[derive(Deserialize)]
struct Confirmation<'a> {
    #[serde(borrow)]
    jkt: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// For this server and nobody else: one that names another audience could be replayed between the two.
    fn is_only(&self, issuer: &str) -> bool {
        match self {
            Self::One(audience) => audience == issuer,
            Self::Several(audiences) => matches!(audiences.as_slice(), [only] if only == issuer),
        }
    }
}

impl Claims<'_> {
    /// Until when its `jti` has to be remembered.
    fn check(&self, client_id: &str, rules: AssertionRules<'_>) -> Result<UnixTime, AssertionError> {
        if self.iss != client_id || self.sub != client_id || self.jti.is_empty() {
            return Err(AssertionError::Claims);
        }
        if !self.aud.is_only(rules.issuer) {
            return Err(AssertionError::Audience);
        }
        let iat = UnixTime::from_numeric_date(self.iat);
        let exp = match (self.exp, rules.absent_exp) {
            (Some(exp), _) => UnixTime::from_numeric_date(exp),
            (None, AbsentExp::Minute) => iat.plus(MAX_AGE),
            (None, AbsentExp::Refused) => return Err(AssertionError::Claims),
        };
        let latest = rules.now.plus(SKEW);
        let early = self.nbf.is_some_and(|nbf| UnixTime::from_numeric_date(nbf) > latest);
        if early
            || iat > latest
            || iat < rules.now.minus(MAX_AGE).minus(SKEW)
            || exp.plus(SKEW) <= rules.now
            || exp > iat.plus(MAX_LIFE)
        {
            return Err(AssertionError::Time);
        }
        Ok(exp.plus(SKEW))
    }
}

/// Why a client is not authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssertionError {
    /// Signed otherwise than the metadata says.
    #[error("the client assertion is not signed with token_endpoint_auth_signing_alg of the metadata")]
    Algorithm,
    /// Made for somebody else.
    #[error("the claim aud of the client assertion has to be the issuer of this server")]
    Audience,
    /// A claim is missing, of the wrong type, or names another client.
    #[error("the client assertion needs the claims iss and sub (the client_id), aud, jti, iat and exp")]
    Claims,
    /// It is confirmed for another key than that of the proof (CM-35).
    #[error("the claim cnf.jkt of the client assertion is not the key of the DPoP proof")]
    Confirmation,
    /// The header names no key.
    #[error("the header of the client assertion needs a kid")]
    KeyName,
    /// Not a JWS.
    #[error("the client assertion is not a well-formed JWT of an algorithm that is taken here")]
    Malformed,
    /// A confidential client sent none.
    #[error("this client has to authenticate with a client assertion")]
    Missing,
    /// The same assertion came before. Said by whoever remembers.
    #[error("the client assertion was used before")]
    Replayed,
    /// It is signed with the key of the proof (CM-29).
    #[error("the key of the client assertion and the key of the DPoP proof have to differ")]
    SameKey,
    /// The signature is not the key's.
    #[error("the signature of the client assertion is wrong")]
    Signature,
    /// Too old, ahead of time, or good for too long.
    #[error("the client assertion is too old, ahead of time, or good for more than five minutes")]
    Time,
    /// Another `client_assertion_type`.
    #[error("client_assertion_type has to be urn:ietf:params:oauth:client-assertion-type:jwt-bearer")]
    Type,
    /// The key is not in the published set.
    #[error("the key of the client assertion is not among those that the client publishes")]
    UnknownKey,
}

impl AssertionError {
    /// The code to answer with.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Confirmation => ErrorCode::InvalidDpopProof,
            Self::SameKey => ErrorCode::InvalidRequest,
            _ => ErrorCode::InvalidClient,
        }
    }
}

impl From<AssertionError> for OAuthError {
    fn from(error: AssertionError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

#[cfg(test)]
mod tests;

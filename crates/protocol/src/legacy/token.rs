//! The claims of both tokens (SESS-2, SESS-3).

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LegacyRefreshId, LegacyScope, LegacySessionId};
use crate::jose::jws::Verified;
use crate::syntax::Did;
use crate::time::UnixTime;

/// The `typ` of access tokens.
pub(super) const ACCESS: &str = "at+jwt";
/// The `typ` of refresh tokens.
pub(super) const REFRESH: &str = "refresh+jwt";

/// A signed token of a legacy session.
pub struct SessionToken(SecretString);

impl SessionToken {
    pub(super) fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The token in clear: for the answer it is made for.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// What it is for.
    pub scope: LegacyScope,
    /// The service that takes it.
    pub audience: Did,
    /// Whose it is.
    pub account: Did,
    /// Of which session.
    pub session: LegacySessionId,
    /// When it was made.
    pub issued_at: UnixTime,
    /// When it ends, on a whole second.
    pub expires_at: UnixTime,
}

/// What a refresh token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshClaims {
    /// Which one it is.
    pub id: LegacyRefreshId,
    /// The service that takes it.
    pub audience: Did,
    /// Whose it is.
    pub account: Did,
    /// Of which session.
    pub session: LegacySessionId,
    /// When it was made.
    pub issued_at: UnixTime,
    /// When it ends, on a whole second.
    pub expires_at: UnixTime,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LegacyTokenError {
    /// Its time has passed.
    #[error("the token has expired")]
    Expired,
    /// It is none of ours, of another kind, or for another service.
    #[error("the token could not be verified")]
    Invalid,
    /// A refresh token that names nothing.
    #[error("the token has no id")]
    MissingId,
}

impl AccessClaims {
    pub(super) fn as_json(&self) -> impl Serialize {
        Claims {
            scope: self.scope.as_str().to_owned(),
            aud: self.audience.as_str().to_owned(),
            sub: self.account.as_str().to_owned(),
            iat: self.issued_at.seconds(),
            exp: self.expires_at.seconds(),
            sid: self.session.to_string(),
            jti: None,
            cnf: None,
            lxm: None,
        }
    }

    pub(super) fn read(verified: &Verified, audiences: &[Did]) -> Result<Self, LegacyTokenError> {
        let (claims, audience) = Claims::read(verified, audiences)?;
        let scope = claims.scope()?;
        if scope == LegacyScope::Refresh {
            return Err(LegacyTokenError::Invalid);
        }
        Ok(Self {
            scope,
            audience,
            account: claims.account()?,
            session: claims.session()?,
            issued_at: UnixTime::from_seconds(claims.iat),
            expires_at: UnixTime::from_seconds(claims.exp),
        })
    }
}

impl RefreshClaims {
    /// Whether its time has not passed.
    ///
    /// # Errors
    /// It has.
    pub fn check_time(&self, now: UnixTime) -> Result<(), LegacyTokenError> {
        if now < self.expires_at { Ok(()) } else { Err(LegacyTokenError::Expired) }
    }

    pub(super) fn as_json(&self) -> impl Serialize {
        Claims {
            scope: LegacyScope::Refresh.as_str().to_owned(),
            aud: self.audience.as_str().to_owned(),
            sub: self.account.as_str().to_owned(),
            iat: self.issued_at.seconds(),
            exp: self.expires_at.seconds(),
            sid: self.session.to_string(),
            jti: Some(self.id.to_string()),
            cnf: None,
            lxm: None,
        }
    }

    pub(super) fn read(verified: &Verified, audience: &Did) -> Result<Self, LegacyTokenError> {
        let (claims, audience) = Claims::read(verified, std::slice::from_ref(audience))?;
        if claims.scope()? != LegacyScope::Refresh {
            return Err(LegacyTokenError::Invalid);
        }
        let id = claims.jti.as_deref().ok_or(LegacyTokenError::MissingId)?;
        Ok(Self {
            id: id.parse().map_err(|_| LegacyTokenError::Invalid)?,
            audience,
            account: claims.account()?,
            session: claims.session()?,
            issued_at: UnixTime::from_seconds(claims.iat),
            expires_at: UnixTime::from_seconds(claims.exp),
        })
    }
}

/// `aud` is one text here, never a list; times are whole seconds, as clients read them (SESS-14).
#[derive(Serialize, Deserialize)]
struct Claims {
    scope: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    sid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(default, skip_serializing)]
    cnf: Option<Value>,
    #[serde(default, skip_serializing)]
    lxm: Option<Value>,
}

impl Claims {
    /// The claims, and which of the audiences they name.
    fn read(verified: &Verified, audiences: &[Did]) -> Result<(Self, Did), LegacyTokenError> {
        let claims: Self = verified.claims().map_err(|_| LegacyTokenError::Invalid)?;
        if claims.cnf.is_some() || claims.lxm.is_some() {
            return Err(LegacyTokenError::Invalid);
        }
        let audience = audiences.iter().find(|audience| audience.as_str() == claims.aud);
        let audience = audience.ok_or(LegacyTokenError::Invalid)?.clone();
        Ok((claims, audience))
    }

    fn scope(&self) -> Result<LegacyScope, LegacyTokenError> {
        self.scope.parse().map_err(|_| LegacyTokenError::Invalid)
    }

    fn account(&self) -> Result<Did, LegacyTokenError> {
        self.sub.parse().map_err(|_| LegacyTokenError::Invalid)
    }

    fn session(&self) -> Result<LegacySessionId, LegacyTokenError> {
        self.sid.parse().map_err(|_| LegacyTokenError::Invalid)
    }
}

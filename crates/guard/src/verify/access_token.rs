//! An access token whose signature was checked (AS-66).

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::jose::jws::{Unverified, Verified};
use gatewright_protocol::json::Object;
use gatewright_protocol::scope::{Permissions, Scopes};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::token::AccessTokenId;
use serde::Deserialize;

use super::checked_tokens::{Grant, TextHash};
use crate::GuardError;
use crate::error::TokenError;
use crate::guard::Inner;
use crate::permit::Holder;

/// The `typ` of access tokens (RFC 9068 section 2.1): no other token of ours is taken for one (SEC-50).
const TYP: &str = "at+jwt";
/// How long an access token may live, as it says itself (SEC-27): a longer one is none, whoever signed it.
const LONGEST: Duration = Duration::from_mins(30);
/// How far the clock of the server that signed may be ahead.
const AHEAD: Duration = Duration::from_mins(1);

/// What a token says, once its signature, `typ`, `iss` and `aud` were found to be right. There is one for each session
/// of the last minutes: what others have too is shared.
pub(crate) struct CheckedToken {
    pub(super) hash: TextHash,
    /// When it was checked.
    pub(super) since: UnixTime,
    pub(crate) account: Did,
    pub(crate) client: Arc<str>,
    pub(crate) jkt: Thumbprint,
    /// Its `jti`; none where that names no token of ours.
    pub(crate) id: Option<AccessTokenId>,
    pub(crate) expires_at: UnixTime,
    /// What was last made of its scopes, for they are the same in each of its requests.
    pub(super) grant: ArcSwapOption<Grant>,
}

impl Holder for CheckedToken {
    fn account(&self) -> &Did {
        &self.account
    }

    fn client(&self) -> &str {
        &self.client
    }
}

impl CheckedToken {
    /// Whether its time has not passed.
    pub(super) fn check_time(&self, now: UnixTime) -> Result<(), TokenError> {
        if now < self.expires_at { Ok(()) } else { Err(TokenError::Expired) }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audiences,
    exp: f64,
    iat: f64,
    jti: String,
    client_id: String,
    #[serde(default)]
    cnf: Option<Object<Confirmation>>,
    #[serde(default)]
    scope: Option<String>,
}

#[derive(Deserialize)]
struct Confirmation {
    jkt: Thumbprint,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Several(Vec<String>),
}

/// The key that must have signed, before anything else of the token is looked at.
pub(super) fn key_name<'a>(token: &'a Unverified<'_>) -> Result<&'a str, TokenError> {
    let header = token.header();
    if !header.is_typ(TYP) {
        return Err(TokenError::Invalid);
    }
    header.kid.as_deref().ok_or(TokenError::Invalid)
}

/// Reads the claims of a token whose signature is right, and the scope among them.
pub(super) fn read(
    guard: &Inner,
    verified: &Verified,
    hash: TextHash,
    now: UnixTime,
) -> Result<(CheckedToken, Option<Scopes>), TokenError> {
    let claims: Claims = verified.claims().map_err(|_| TokenError::Invalid)?;
    if *claims.iss != *guard.issuer {
        return Err(TokenError::Invalid);
    }
    let service = guard.service.as_str();
    let is_ours = match &claims.aud {
        Audiences::One(aud) => aud == service,
        Audiences::Several(several) => several.iter().any(|aud| aud == service),
    };
    if !is_ours {
        return Err(TokenError::Audience);
    }
    let (issued_at, expires_at) =
        (UnixTime::from_numeric_date(claims.iat), UnixTime::from_numeric_date(claims.exp));
    if issued_at > now.plus(AHEAD) || expires_at > issued_at.plus(LONGEST) {
        return Err(TokenError::Invalid);
    }
    let token = CheckedToken {
        hash,
        since: now,
        account: claims.sub.parse().map_err(|_| TokenError::Invalid)?,
        client: claims.client_id.into(),
        jkt: claims.cnf.ok_or(TokenError::Binding)?.0.jkt,
        id: claims.jti.parse().ok(),
        expires_at,
        grant: ArcSwapOption::empty(),
    };
    let scope = claims.scope.map(|scope| scope.parse()).transpose().map_err(|_| TokenError::Invalid)?;
    Ok((token, scope))
}

/// What both sources give: the token, and what it permits.
pub(super) type Checked = Result<(Arc<CheckedToken>, Arc<Permissions>), GuardError>;

//! An access token whose signature was checked (AS-66).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::jose::jws::{Unverified, Verified};
use gatewright_protocol::json::Object;
use gatewright_protocol::scope::{Permissions, Scopes};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use moka::sync::Cache;
use serde::Deserialize;

use crate::GuardError;
use crate::error::TokenError;
use crate::guard::Inner;
use crate::permit::Holder;

/// The `typ` of access tokens (RFC 9068 section 2.1): no other token of ours is taken for one (SEC-50).
const TYP: &str = "at+jwt";
/// The most checked tokens that are remembered.
const MOST: u64 = 20_000;
/// How long at most: access tokens live no longer.
const LONGEST: Duration = Duration::from_mins(15);

/// What a token says, once its signature, `typ`, `iss` and `aud` were found to be right.
pub(crate) struct CheckedToken {
    pub(crate) account: Did,
    pub(crate) client: Box<str>,
    pub(crate) jkt: Thumbprint,
    pub(crate) id: Box<str>,
    pub(crate) expires_at: UnixTime,
    /// The scope in the token itself.
    pub(crate) scope: Option<Scopes>,
    grant: ArcSwapOption<Grant>,
}

impl Holder for CheckedToken {
    fn account(&self) -> &Did {
        &self.account
    }

    fn client(&self) -> &str {
        &self.client
    }
}

/// Scopes, and what they came to when they were parsed.
struct Grant {
    scopes: Scopes,
    is_atproto: bool,
    permissions: Arc<Permissions>,
}

impl CheckedToken {
    /// Whether its time has not passed.
    pub(super) fn check_time(&self, now: UnixTime) -> Result<(), TokenError> {
        if now < self.expires_at { Ok(()) } else { Err(TokenError::Expired) }
    }

    /// What these scopes permit. They are parsed once a token, for they are the same in each of its requests.
    pub(super) fn permissions(&self, scopes: &Scopes) -> Result<Arc<Permissions>, TokenError> {
        let known = self.grant.load();
        let grant = match &*known {
            Some(grant) if grant.scopes == *scopes => Arc::clone(grant),
            _ => {
                let grant = Arc::new(Grant {
                    scopes: scopes.clone(),
                    is_atproto: scopes.contains("atproto"),
                    permissions: Arc::new(Permissions::of(scopes)),
                });
                self.grant.store(Some(Arc::clone(&grant)));
                grant
            }
        };
        if grant.is_atproto { Ok(Arc::clone(&grant.permissions)) } else { Err(TokenError::NotAtproto) }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audiences,
    exp: f64,
    jti: Box<str>,
    client_id: Box<str>,
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

/// Reads the claims of a token whose signature is right.
pub(super) fn read(guard: &Inner, verified: &Verified) -> Result<CheckedToken, TokenError> {
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
    Ok(CheckedToken {
        account: claims.sub.parse().map_err(|_| TokenError::Invalid)?,
        client: claims.client_id,
        jkt: claims.cnf.ok_or(TokenError::Binding)?.0.jkt,
        id: claims.jti,
        expires_at: UnixTime::from_numeric_date(claims.exp),
        scope: claims.scope.map(|scope| scope.parse()).transpose().map_err(|_| TokenError::Invalid)?,
        grant: ArcSwapOption::empty(),
    })
}

/// Tokens that were checked before, by SHA-256 of their text: the same token comes with each request of a client, and
/// its signature stays right. Everything else about it is looked at each time.
pub(super) struct CheckedTokens(Cache<[u8; 32], Arc<CheckedToken>>);

impl CheckedTokens {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_live(LONGEST).build())
    }

    pub(super) fn find(&self, hash: &[u8; 32]) -> Option<Arc<CheckedToken>> {
        self.0.get(hash)
    }

    pub(super) fn keep(&self, hash: [u8; 32], token: CheckedToken) -> Arc<CheckedToken> {
        let token = Arc::new(token);
        self.0.insert(hash, Arc::clone(&token));
        token
    }
}

impl fmt::Debug for CheckedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedTokens").finish_non_exhaustive()
    }
}

/// What both sources give: the token, and what it permits.
pub(super) type Checked = Result<(Arc<CheckedToken>, Arc<Permissions>), GuardError>;

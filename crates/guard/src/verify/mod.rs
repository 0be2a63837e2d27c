//! Who calls: header, proof, token, account, replay; in the order of RS-4.

mod access_token;
mod admin;
mod checked_tokens;
mod dpop;
mod jwks_tokens;
mod legacy;
mod passed_on;
mod service_token;
mod store_tokens;

use gatewright_protocol::jose::jws;
use gatewright_protocol::service_auth::ServiceAuthError;
use gatewright_protocol::syntax::Did;
use gatewright_store::account::AccountStatus;
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde::Deserialize;
use serde_json::Value;

pub use jwks_tokens::{JwksTokens, PublishedKeys};
pub use legacy::LegacySessions;
pub use service_token::{IssuerKeys, ServiceCaller, ServiceTokens};
pub use store_tokens::{KeySource, StoreTokens};

use crate::authorization::Authorization;
use crate::error::TokenError;
use crate::guard::Inner;
use crate::table::{Kind, Row};
use crate::{Caller, Granted, GuardError};

/// Where access tokens come from, and so how they are checked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Tokens {
    /// The authorization server publishes its keys; a token says itself what it grants, and is good until it ends.
    Jwks(JwksTokens),
    /// The authorization server's store is at hand; what a token grants, and whether it is still good, is in its row.
    Store(StoreTokens),
}

impl From<JwksTokens> for Tokens {
    fn from(tokens: JwksTokens) -> Self {
        Self::Jwks(tokens)
    }
}

impl From<StoreTokens> for Tokens {
    fn from(tokens: StoreTokens) -> Self {
        Self::Store(tokens)
    }
}

/// Finds out who calls.
pub(crate) async fn identify(guard: &Inner, row: &Row, parts: &Parts) -> Result<Caller, GuardError> {
    if !row.takes_credentials() {
        return Ok(Caller::Anonymous);
    }
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let Some(header) = headers.next() else {
        return if row.admits(Kind::Nobody) {
            Ok(Caller::Anonymous)
        } else if service_token::is_required(row) {
            Err(ServiceAuthError::Missing.into())
        } else {
            Err(GuardError::AuthMissing)
        };
    };
    // What was presented is checked; there is no way back to anonymous (RS-9).
    let header = header.to_str().ok().filter(|_| headers.next().is_none());
    match header.and_then(Authorization::parse).ok_or(GuardError::Header)? {
        Authorization::Basic(word) if row.admits(Kind::Admin) => {
            if admin::is_password(guard.admin.as_ref(), word) {
                Ok(Caller::Admin)
            } else {
                Err(GuardError::AdminRequired)
            }
        }
        Authorization::Basic(_) => Err(GuardError::Header),
        Authorization::Bearer(token) if passed_on::is_meant(guard, row, token) => {
            passed_on::check(guard, row, parts, token).await.map(Caller::Host)
        }
        Authorization::Bearer(token) if service_token::is_meant(guard, row, token) => {
            service_token::check(guard, row, parts, token).await.map(Caller::Service)
        }
        Authorization::Bearer(token) => bearer(guard, row, token).await,
        Authorization::Dpop(token) => application(guard, row, parts, token).await.map(Caller::OAuth),
    }
}

async fn application(guard: &Inner, row: &Row, parts: &Parts, token: &str) -> Result<Granted, GuardError> {
    let now = guard.clock.now();
    let proof = dpop::check(guard, parts, token, now)?;
    let (token, permissions) = match &guard.tokens {
        Tokens::Jwks(tokens) => tokens.check(guard, token, now).await?,
        Tokens::Store(tokens) => tokens.check(guard, token, now).await?,
    };
    if token.jkt != proof.jkt {
        return Err(TokenError::Binding.into());
    }
    check_account(guard, row, &token.account).await?;
    // Last, so that a request which failed otherwise leaves its proof unused (DP-9).
    dpop::remember(guard, &proof, now).await?;
    Ok(Granted::new(token, permissions))
}

/// Where the row asks for it, whether the account is here and in order.
async fn check_account(guard: &Inner, row: &Row, did: &Did) -> Result<(), GuardError> {
    if !row.refuses_taken_down && !row.refuses_deactivated {
        return Ok(());
    }
    let Some(accounts) = &guard.accounts else { return Ok(()) };
    let account = accounts.find_account(did).await?.ok_or(GuardError::AccountNotFound)?;
    match account.status {
        AccountStatus::TakenDown if row.refuses_taken_down => Err(GuardError::AccountTakedown),
        AccountStatus::Deactivated if row.refuses_deactivated => Err(GuardError::AccountDeactivated),
        _ => Ok(()),
    }
}

/// A bearer token that is not read as a service token. One that is bound to a key says so, for its holder may refresh it
/// (RS-2); one that names a method is a service token where none is taken; anything else, a text that is no token among
/// them, is of a legacy session, or could not be verified (RS-8).
async fn bearer(guard: &Inner, row: &Row, text: &str) -> Result<Caller, GuardError> {
    #[derive(Deserialize)]
    struct Claims {
        #[serde(default)]
        cnf: Option<Value>,
        #[serde(default)]
        lxm: Option<Value>,
    }
    let token = jws::decode(text).map_err(|_| GuardError::LegacyToken)?;
    match (token.claims_unverified::<Claims>(), &guard.legacy) {
        (Ok(Claims { cnf: Some(_), .. }), _) => Err(TokenError::Bearer.into()),
        (Ok(Claims { lxm: None, .. }), Some(sessions)) => sessions.check(guard, row, &token).await,
        _ => Err(GuardError::LegacyToken),
    }
}

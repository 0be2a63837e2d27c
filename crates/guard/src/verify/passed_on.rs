//! What the host of an account passes on to its entryway: a call that it was asked, and a service token that it signed
//! with the account's key, for the method (SA-7).
//!
//! The host has checked who asks and what they may; who keeps an account's key acts for it. So such a token is worth the
//! password of the account, and is taken only of accounts whose host is known, and each once.

use std::sync::Arc;

use gatewright_protocol::jose::jws;
use gatewright_protocol::service_auth::{self, Expected, KeyName, ServiceAuthError};
use gatewright_store::replay::Namespace;
use http::request::Parts;

use super::{check_account, service_token};
use crate::guard::Inner;
use crate::table::{Kind, Row};
use crate::{Granted, GuardError, rules};

/// Whether a bearer token is to be read as one of the account's host.
pub(super) fn is_meant(guard: &Inner, row: &Row, text: &str) -> bool {
    row.passed_on
        && !guard.hosts.is_empty()
        && jws::decode(text).is_ok_and(|token| service_token::may_be(&token))
}

/// Checks the token; that it was not used before comes last.
pub(super) async fn check(
    guard: &Inner,
    row: &Row,
    parts: &Parts,
    text: &str,
) -> Result<Granted, GuardError> {
    let (Some(tokens), Some(accounts)) = (&guard.service_tokens, &guard.accounts) else {
        return Err(ServiceAuthError::Untrusted.into());
    };
    let now = guard.clock.now();
    let expected = Expected {
        recipients: &tokens.recipients,
        method: rules::method(row, parts),
        without_method: false,
        label_key: false,
        now,
    };
    let presented = service_auth::read(text, &expected)?;
    // Before anything is looked up for it elsewhere.
    let account = accounts.find_account(presented.issuer()).await?;
    let is_behind = |host| guard.hosts.contains(host);
    if presented.key() != KeyName::Account
        || !account.and_then(|account| account.host).as_ref().is_some_and(is_behind)
    {
        return Err(ServiceAuthError::Untrusted.into());
    }
    let peer = parts.extensions.get::<crate::peer::Peer>().map(|peer| (*peer).into());
    let proven = tokens.prove(&presented, peer).await?;
    check_account(guard, row, &proven.issuer).await?;
    let once = proven.once.ok_or(ServiceAuthError::Unnamed)?;
    if !guard.replays.remember(Namespace::ServiceToken, once.key, once.until, now).await? {
        return Err(ServiceAuthError::Replayed.into());
    }
    Ok(Granted::of(Arc::new((proven.issuer, String::new())), Kind::Full, None))
}

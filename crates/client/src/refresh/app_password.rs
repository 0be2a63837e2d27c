//! Renewing a session of the old kind, and signing in again where that is what a bot is for (CL-46, B7).

use std::sync::atomic::Ordering;

use gatewright_resolve::FetchError;
use gatewright_resolve::fetch::Answer;
use http::Method;
use url::Url;

use super::{Held, Renewal};
use crate::app_password::{Pair, sign_in};
use crate::dpop::text;
use crate::endpoint::{may_have_arrived, retry_after};
use crate::error::CallError;
use crate::event::Event;
use crate::record::{AppPasswordGrant, Ended, Grant, Record, SessionId};
use crate::session::{Again, Shared};
use crate::tokens::Age;
use crate::xrpc::bearer;

pub(super) async fn renew(
    shared: &Shared,
    held: &Held,
    kept: Option<&Record>,
    again: Option<&Again>,
) -> Result<Renewal, CallError> {
    let outcome = match kept.map(|record| (record, &record.grant)) {
        Some((record, Grant::AppPassword(grant))) => refresh(shared, held, record, grant).await?,
        Some((_, Grant::Ended { cause, .. })) => Renewal::Over(*cause),
        Some((_, Grant::Oauth(_))) => return Err(CallError::Client("it is no session of an app password")),
        None => Renewal::Over(Ended::Expired),
    };
    match (outcome, again) {
        // Only when the server has said that the session is over (B7).
        (Renewal::Over(cause), Some(again)) if !again.refused.load(Ordering::Relaxed) => {
            let begun = begin_anew(shared, again).await;
            if let (Err(_), Some(record)) = (&begun, kept.filter(|record| record.tokens().is_some())) {
                // It is over all the same: the next start must not take it for a good one.
                held.save(&record.ended(cause, shared.sessions.now())).await?;
                shared.tell(|subject| Event::Expired(subject, cause));
            }
            begun
        }
        (Renewal::Over(_), _) if kept.is_none() => {
            shared.end(CallError::SignedOut);
            Err(CallError::SignedOut)
        }
        (outcome, _) => Ok(outcome),
    }
}

async fn begin_anew(shared: &Shared, again: &Again) -> Result<Renewal, CallError> {
    let id: SessionId = shared.id.clone();
    let signed_in =
        sign_in(&shared.sessions, id, &again.identifier, &again.password, again.service.as_deref());
    match signed_in.await {
        Ok(record) if record.did == shared.account => Ok(Renewal::SignedIn(Box::new(record))),
        Ok(_) => Err(CallError::Client("the identifier is another account's by now")),
        Err(error @ CallError::PasswordRefused) => {
            again.refused.store(true, Ordering::Relaxed);
            Err(error)
        }
        Err(error) => Err(error),
    }
}

async fn refresh(
    shared: &Shared,
    held: &Held,
    record: &Record,
    grant: &AppPasswordGrant,
) -> Result<Renewal, CallError> {
    let Some(token) = &grant.tokens.refresh else { return Ok(Renewal::Over(Ended::Expired)) };
    let url = method_url(&record.host, "com.atproto.server.refreshSession")?;
    let ask = || bearer(&shared.sessions, Method::POST, &url, Some(token.expose()), None);
    let answer = match ask().await {
        Err(error) if may_have_arrived(error) && held.is_ours().await => ask().await,
        other => other,
    };
    let answer = answer.map_err(|error: FetchError| CallError::Network(error))?;
    match answer.status.as_u16() {
        200 => {}
        429 => return Err(CallError::RateLimited { retry_after: retry_after(&answer) }),
        status @ (300..=399 | 500..) => return Err(CallError::Server { status }),
        status => return refused(status, &answer),
    }
    let pair = Pair::read(&answer).ok_or(CallError::Answer("it is no session"))?;
    if pair.did != record.did {
        return Ok(Renewal::Over(Ended::Revoked));
    }
    let now = shared.sessions.now();
    let host = pair.host(shared.sessions.resolver().development()).unwrap_or_else(|| record.host.clone());
    let handle = pair.handle.clone().or_else(|| record.handle.clone());
    let grant = Grant::AppPassword(AppPasswordGrant { tokens: pair.into_tokens(now, Age::New) });
    Ok(Renewal::Renewed(Box::new(Record { host, handle, updated: now, grant, ..record.clone() })))
}

/// Only what names the token ends the session: anything else may be mended.
fn refused(status: u16, answer: &Answer) -> Result<Renewal, CallError> {
    let name = text(answer, "error").unwrap_or_default();
    match name.as_str() {
        "ExpiredToken" => Ok(Renewal::Over(Ended::Expired)),
        "InvalidToken" | "invalid_token" => Ok(Renewal::Over(Ended::Revoked)),
        "AccountTakedown" | "AccountDeactivated" | "AccountSuspended" => {
            Err(CallError::Account { error: name })
        }
        _ => Err(CallError::Refused {
            status,
            error: crate::error::printable(&name),
            message: text(answer, "message").map(|text| crate::error::printable(&text)).unwrap_or_default(),
        }),
    }
}

/// The URL of a method at a host.
pub(crate) fn method_url(host: &str, nsid: &str) -> Result<Url, CallError> {
    Url::parse(&format!("{host}/xrpc/{nsid}")).map_err(|_| CallError::Request("the host is no origin"))
}

//! Renewing the tokens of an OAuth session (CL-27 … CL-31).

use std::time::Duration;

use gatewright_protocol::oauth::error::ErrorCode;
use gatewright_protocol::oauth::token::TokenResponse;
use gatewright_resolve::fetch::Answer;
use gatewright_resolve::{AccountServer, FetchError, ResolveError};
use serde_json::{Value, json};

use super::{Held, Renewal};
use crate::client::Client;
use crate::endpoint::{may_have_arrived, refusal, retry_after};
use crate::error::CallError;
use crate::flow::{Exchange, revoke};
use crate::record::{Ended, Grant, OauthGrant, Record, Tokens};
use crate::session::Shared;
use crate::sessions::SessionStoreError;

/// The most time that it may take to look up whether the account is still where it was (CL-27).
const LOOK_UP: Duration = Duration::from_secs(10);

pub(super) async fn renew(
    client: &Client,
    shared: &Shared,
    held: &Held,
    record: &Record,
    grant: &OauthGrant,
) -> Result<Renewal, CallError> {
    let Some(refresh) = &grant.tokens.refresh else { return Ok(Renewal::Over(Ended::Expired)) };
    let account = look_up(shared).await?;
    if account.server.issuer != grant.issuer {
        // The server that gave the tokens does not speak for the account any more.
        revoke(client, grant).await;
        return Ok(Renewal::Over(Ended::HostMoved));
    }
    let proof = shared.sessions.proof_key(&shared.key, &grant.key).ok_or(SessionStoreError::Damaged)?;
    let client_key = grant.client_key.as_deref();
    let exchange = Exchange { client, proof: &proof, server: &account.server, client_key };
    let answer = ask(&exchange, held, refresh.expose()).await?;
    match answer.status.as_u16() {
        200 => {}
        429 => return Err(CallError::RateLimited { retry_after: retry_after(&answer) }),
        status @ 500.. => return Err(CallError::Server { status }),
        _ => {
            let code = refusal(&answer);
            return match code {
                Some(ErrorCode::InvalidGrant) => Ok(Renewal::Over(Ended::Revoked)),
                other => Err(CallError::of_code(other)),
            };
        }
    }
    let response = read(&answer, record, grant).ok_or(CallError::Answer("it is no token response"))?;
    if response.sub != record.did {
        // Tokens of somebody else, for a session that is not theirs (CL-29).
        exchange.revoke(crate::tokens::strongest(&response)).await;
        return Ok(Renewal::Over(Ended::Revoked));
    }
    let now = shared.sessions.now();
    let renewed = OauthGrant {
        scope: response.scope.clone(),
        tokens: Tokens::of_response(response, now),
        ..grant.clone()
    };
    let record = Record { host: account.host, updated: now, grant: Grant::Oauth(renewed), ..record.clone() };
    Ok(Renewal::Renewed(Box::new(record)))
}

/// Where the account is kept and who guards it, everything looked up now. What cannot be looked up ends nothing.
async fn look_up(shared: &Shared) -> Result<AccountServer, CallError> {
    let looked = tokio::time::timeout(LOOK_UP, shared.sessions.resolver().account_now(&shared.account)).await;
    let looked = looked.unwrap_or(Err(ResolveError::Fetch { what: "account", source: FetchError::TimedOut }));
    looked.map_err(CallError::Resolve)
}

/// Asks for new tokens; once more, with the same refresh token, if the answer was lost or cut off (CL-48).
async fn ask(exchange: &Exchange<'_>, held: &Held, refresh: &str) -> Result<Answer, CallError> {
    let asker = exchange.asker().ok_or(CallError::Client("the key that it began with is gone"))?;
    let params = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let url = &exchange.server.token_endpoint;
    let lost = match asker.post(url, &params).await {
        Ok(answer) if answer.status != 200 || is_whole(&answer) => return Ok(answer),
        Ok(_) => FetchError::Broken,
        Err(error) if may_have_arrived(error) => error,
        Err(error) => return Err(CallError::Network(error)),
    };
    tracing::info!(error = %lost, "the answer to a renewal was lost; the server is asked once more");
    if !held.is_ours().await {
        return Err(CallError::Network(lost));
    }
    asker.post(url, &params).await.map_err(CallError::Network)
}

fn is_whole(answer: &Answer) -> bool {
    serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body.get("access_token").is_some())
}

/// Reads a token response in which what has not changed may be left out (CL-29, RFC 6749 section 5.1).
fn read(answer: &Answer, record: &Record, grant: &OauthGrant) -> Option<TokenResponse> {
    let mut body: Value = serde_json::from_slice(&answer.body).ok()?;
    let members = body.as_object_mut()?;
    members.entry("sub").or_insert_with(|| json!(record.did));
    members.entry("scope").or_insert_with(|| json!(grant.scope));
    TokenResponse::parse(body.to_string().as_bytes()).ok()
}

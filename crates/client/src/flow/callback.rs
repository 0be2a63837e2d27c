//! The browser comes back (CL-11 … CL-18).

use gatewright_protocol::crypto::constant_time_eq;
use gatewright_protocol::oauth::error::ErrorCode;
use gatewright_protocol::oauth::token::TokenResponse;
use gatewright_resolve::AccountServer;

use super::exchange::{Exchange, revoke};
use super::pending::Pending;
use super::{BrowserSecret, Finished, SignInError};
use crate::client::Client;
use crate::dpop::ProofKey;
use crate::event::Event;
use crate::record::{Grant, OauthGrant, Record, SessionId, Tokens};
use crate::scope;
use crate::session::Session;
use crate::tokens;

/// What the query or fragment of the way back may hold. Anything else in it is passed over.
#[derive(Default)]
struct Back {
    state: Option<String>,
    iss: Option<String>,
    code: Option<String>,
    error: Option<String>,
    jarm: bool,
}

impl Back {
    /// A parameter that comes twice is none.
    fn parse(query: &str) -> Option<Self> {
        let query = query.trim_start_matches(['?', '#']);
        let mut back = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "state" => &mut back.state,
                "iss" => &mut back.iss,
                "code" => &mut back.code,
                "error" => &mut back.error,
                "response" => {
                    back.jarm = true;
                    continue;
                }
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        Some(back)
    }
}

/// Everything between the way back and being signed in.
pub(crate) async fn finish(
    client: &Client,
    query: &str,
    browser: &BrowserSecret,
) -> Result<Finished, SignInError> {
    let sessions = client.sessions();
    let back = Back::parse(query).ok_or(SignInError::UnknownState)?;
    let state = back.state.as_deref().ok_or(SignInError::UnknownState)?;
    let pending = Pending::take(sessions, state, browser).await?;
    if pending.client_id != client.described().client_id() {
        return Err(SignInError::Client("the sign-in was begun by another client"));
    }
    // Before anything is sent, and for refusals alike: an answer of another server proves nothing.
    let iss = back.iss.unwrap_or_default();
    if !constant_time_eq(iss.as_bytes(), pending.issuer.as_bytes()) {
        return Err(SignInError::WrongIssuer);
    }
    if back.jarm {
        return Err(SignInError::Answer("it is wrapped in a token that was not asked for"));
    }
    let code = match (back.code, back.error) {
        (_, Some(error)) if error == ErrorCode::AccessDenied.as_str() => return Err(SignInError::Declined),
        (_, Some(error)) => return Err(SignInError::refused(error.parse().ok())),
        (Some(code), None) if !code.is_empty() => code,
        _ => return Err(SignInError::Answer("it has neither a code nor an error")),
    };
    let proof = ProofKey::from_secret(&pending.key)
        .ok_or(SignInError::Store(crate::sessions::SessionStoreError::Damaged))?;
    let server =
        sessions.resolver().authorization_server(&pending.issuer).await.map_err(SignInError::Server)?;
    if let Some(nonce) = &pending.nonce {
        proof.set_nonce(&super::authorize::server_origin(&server.token_endpoint), nonce);
    }
    let client_key = pending.client_key.clone();
    let exchange = Exchange { client, proof: &proof, server: &server, client_key: client_key.as_deref() };
    let response = exchange.code(&code, &pending.redirect_uri, pending.verifier.expose()).await?;
    let account = match check_account(client, &pending, &response).await {
        Ok(account) => account,
        Err(error) => {
            exchange.revoke(tokens::strongest(&response)).await;
            return Err(error);
        }
    };
    keep(client, pending, response, account, &exchange).await
}

/// Whether the server may speak for this account. Without this check any server could sign in anybody (CL-16).
async fn check_account(
    client: &Client,
    pending: &Pending,
    response: &TokenResponse,
) -> Result<AccountServer, SignInError> {
    if pending.expected.as_ref().is_some_and(|expected| *expected != response.sub) {
        return Err(SignInError::OtherAccount);
    }
    let account =
        client.sessions().resolver().account_now(&response.sub).await.map_err(SignInError::Account)?;
    if account.server.issuer == pending.issuer { Ok(account) } else { Err(SignInError::OtherAccount) }
}

async fn keep(
    client: &Client,
    pending: Pending,
    response: TokenResponse,
    account: AccountServer,
    exchange: &Exchange<'_>,
) -> Result<Finished, SignInError> {
    let sessions = client.sessions();
    let (did, granted) = (response.sub.clone(), response.scope.clone());
    let replaced = match &pending.replaces {
        Some(id) => sessions.find_record(id).await.ok().flatten().filter(|record| record.did == did),
        None => None,
    };
    let identity = sessions.resolver().identity(&did).await.ok();
    let id =
        replaced.as_ref().map_or_else(|| SessionId::generate(sessions.random()), |record| record.id.clone());
    let strongest = tokens::strongest(&response).to_owned();
    let grant = Grant::Oauth(OauthGrant {
        client_id: pending.client_id,
        issuer: pending.issuer,
        asked: pending.asked.clone(),
        scope: granted.clone(),
        tokens: Tokens::of_response(response, sessions.now()),
        key: pending.key,
        client_key: pending.client_key,
    });
    let mut record = Record::new(id, did, account.host, sessions.now(), grant);
    record.handle = identity.and_then(|identity| identity.handle);
    // Kept before it is used; a session that cannot be kept is given back (CL-28).
    if let Err(error) = sessions.put_record(&record).await {
        exchange.revoke(&strongest).await;
        return Err(error.into());
    }
    let session = Session::adopt_oauth(client, record.clone());
    sessions.tell(&Event::Created(record.subject()));
    if let Some(Record { grant: Grant::Oauth(old), .. }) = replaced {
        // What the session held before is held by the new grant too (D3).
        revoke(client, &old).await;
    }
    let published = scope::published(sessions.resolver(), &pending.asked, client.described()).await;
    let known = |include: &str| {
        let found = published.iter().find(|(token, _)| token == include).map(|(_, scopes)| scopes);
        client.described().stands_for(include).or(found).cloned()
    };
    let missing = scope::missing(&pending.asked, &granted, known);
    Ok(Finished { session, asked: pending.asked, granted, missing, remembered: pending.remembered })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_69_a_parameter_that_comes_twice_is_none() {
        let back = Back::parse("?state=a&iss=b&code=c&x=y&x=z").unwrap();
        assert_eq!((back.state.as_deref(), back.code.as_deref()), (Some("a"), Some("c")));
        assert!(Back::parse("#state=a&code=c").unwrap().code.is_some());
        for query in ["state=a&state=a", "code=a&code=b", "iss=a&iss=", "error=x&error=y"] {
            assert!(Back::parse(query).is_none(), "{query}");
        }
        assert!(Back::parse("response=eyJ&state=a").unwrap().jarm);
    }
}

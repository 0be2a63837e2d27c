//! Keeping a session and ending it (CL-25 … CL-33).

use std::time::Duration;

use gatewright_protocol::oauth::error::ErrorCode;
use gatewright_protocol::oauth::server_metadata::ServerMetadata;
use gatewright_protocol::oauth::token::TokenResponse;
use gatewright_protocol::secret::{AccessToken, RefreshToken};
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::fetch::Answer;
use tokio::sync::MutexGuard;

use super::start::endpoint;
use super::{FlowError, Session};
use crate::App;
use crate::call::{self, Call, ProofKey, text};

/// An access token with less time left is refreshed first (CL-26).
const EARLY: Duration = Duration::from_secs(20);
/// How long an access token is taken to last if the server does not say.
const DEFAULT_LIFE: Duration = Duration::from_mins(5);

/// The current pair.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) access: AccessToken,
    refresh: Option<RefreshToken>,
    expires: UnixTime,
}

impl Tokens {
    pub(super) fn of(response: TokenResponse, now: UnixTime) -> Self {
        let seconds = response.expires_in.and_then(|seconds| u64::try_from(seconds).ok());
        let life = seconds.map_or(DEFAULT_LIFE, Duration::from_secs);
        Self { access: response.access_token, refresh: response.refresh_token, expires: now.plus(life) }
    }
}

/// The tokens of a session, refreshed if need be. One refresh at a time: whoever waits gets its result (CL-25).
pub(crate) async fn current<'a>(
    app: &App,
    session: &'a Session,
) -> Result<MutexGuard<'a, Tokens>, FlowError> {
    let mut tokens = session.tokens.lock().await;
    let now = app.0.clock.now();
    if now.plus(EARLY) >= tokens.expires {
        let refresh = tokens.refresh.as_ref().ok_or(FlowError::Ended)?;
        let response = renew(app, session, refresh).await?;
        *tokens = Tokens::of(response, now);
    }
    Ok(tokens)
}

async fn renew(app: &App, session: &Session, refresh: &RefreshToken) -> Result<TokenResponse, FlowError> {
    let url = endpoint(&session.server, |server| Some(&server.token_endpoint))?;
    let params = [
        ("client_id", app.0.client_id.as_str()),
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.expose()),
    ];
    let answer =
        call::send(app, &session.key, &Call::form(&url, &params)).await.map_err(FlowError::Unreachable)?;
    if answer.status.as_u16() != 200 {
        let ended = text(&answer, "error").as_deref() == Some(ErrorCode::InvalidGrant.as_str());
        return Err(if ended { FlowError::Ended } else { refused(&answer) });
    }
    let response = TokenResponse::parse(&answer.body).map_err(|_| FlowError::Answer)?;
    if response.sub == session.did { Ok(response) } else { Err(FlowError::OtherAccount) }
}

/// Ends a session at its server. Whatever the server says, it is over here (CL-32).
pub(crate) async fn revoke(app: &App, session: &Session) {
    let tokens = session.tokens.lock().await;
    revoke_token(app, &session.key, &session.server, &tokens).await;
}

pub(super) async fn revoke_token(app: &App, key: &ProofKey, server: &ServerMetadata, tokens: &Tokens) {
    let Ok(url) = endpoint(server, |server| server.revocation_endpoint.as_deref()) else { return };
    let token = tokens.refresh.as_ref().map_or_else(|| tokens.access.expose(), RefreshToken::expose);
    let params = [("client_id", app.0.client_id.as_str()), ("token", token)];
    match call::send(app, key, &Call::form(&url, &params)).await {
        Ok(answer) if answer.status.is_success() => {}
        Ok(answer) => tracing::warn!(status = answer.status.as_u16(), "the server did not revoke a token"),
        Err(error) => tracing::warn!(%error, "a token could not be revoked"),
    }
}

/// A refusal by its code. What else a server wrote is not repeated.
pub(super) fn refused(answer: &Answer) -> FlowError {
    let code = text(answer, "error").and_then(|code| code.parse().ok());
    FlowError::Refused(code.map_or("without a reason that this app knows", ErrorCode::as_str))
}

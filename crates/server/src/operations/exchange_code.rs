//! Exchanges a code for tokens (AS-52).

use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::pkce::CodeVerifier;
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::secret::{Code, RefreshToken};
use gatewright_store::StoreError;
use gatewright_store::account::AccountStatus;
use gatewright_store::request::{CodeExchanged, Request, Stage};
use gatewright_store::security_event::{SecurityEvent, SecurityEventKind};
use gatewright_store::token::{NewToken, Token, TokenId};

use super::mint::{TokenSet, access_expiry, mint};
use super::note_event::note_set_changes;
use super::{Before, ExpandScopesError, ProvenClient, expand_scopes};
use crate::accounts::AccountsError;
use crate::context::Context;
use crate::counts::{SessionKind, session_begun};
use crate::permission_sets::Purpose;

/// What a client exchanges.
#[derive(Debug)]
pub struct ExchangeCode {
    /// The code.
    pub code: Code,
    /// Where it was sent to, as the client says.
    pub redirect_uri: String,
    /// What the challenge of the request was made from; none if what was sent cannot be one.
    pub code_verifier: Option<CodeVerifier>,
}

/// Why a code is not exchanged. Except for the last four the code is used up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeCodeError {
    /// The account may not act, or is gone.
    #[error("the account is not active")]
    Account,
    /// The code was made for another client, key, or way of proving who the client is.
    #[error("the code belongs to another client or key")]
    Binding,
    /// It has expired.
    #[error("the code has expired")]
    Expired,
    /// The redirect URI is not the one of the request.
    #[error("the redirect URI is not the one of the request")]
    RedirectUri,
    /// It was used before; what came of it is ended.
    #[error("the code was used before")]
    Replayed,
    /// There is no such code.
    #[error("there is no such code")]
    Unknown,
    /// The verifier does not answer the challenge.
    #[error("the code verifier does not answer the challenge")]
    Verifier,
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// A permission set does not resolve.
    #[error(transparent)]
    Expand(#[from] ExpandScopesError),
    /// No resource server is configured that the token could be for.
    #[error("there is no resource server for this account")]
    NoAudience,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Exchanges a code for tokens. Of any number of callers one gets them.
///
/// # Errors
/// The code is not good for this caller: it is used up then, and if it was used before, what came of it is ended. A
/// failure of ours leaves it as it was.
pub async fn exchange_code(
    ctx: &Context,
    client: &ProvenClient,
    exchange: ExchangeCode,
) -> Result<TokenSet, ExchangeCodeError> {
    let hash = exchange.code.hash();
    let Some(request) = ctx.store.find_request_by_code(&hash).await? else {
        return Err(refuse(ctx, &exchange.code, ExchangeCodeError::Unknown).await?);
    };
    let (new, refresh) = match judge(ctx, client, &exchange, request).await {
        Ok(new) => new,
        Err(
            ours @ (ExchangeCodeError::Accounts(_)
            | ExchangeCodeError::Expand(_)
            | ExchangeCodeError::NoAudience
            | ExchangeCodeError::Store(_)),
        ) => return Err(ours),
        Err(theirs) => return Err(refuse(ctx, &exchange.code, theirs).await?),
    };
    let (token, changes) = (new.token.clone(), new.changes.clone());
    match ctx.store.exchange_code(&hash, new).await? {
        CodeExchanged::Created => {
            session_begun(SessionKind::OAuth);
            let now = token.created_at;
            note_set_changes(ctx, &changes).await;
            Ok(mint(ctx, token, refresh, now).await)
        }
        CodeExchanged::Replayed(_) => Err(ExchangeCodeError::Replayed),
        CodeExchanged::Unknown => Err(ExchangeCodeError::Unknown),
    }
}

/// Uses a refused code up. One that was used before is a replay, whatever else is wrong with it.
async fn refuse(ctx: &Context, code: &Code, why: ExchangeCodeError) -> Result<ExchangeCodeError, StoreError> {
    Ok(match ctx.store.consume_code(&code.hash(), ctx.now()).await? {
        CodeExchanged::Replayed(_) => ExchangeCodeError::Replayed,
        CodeExchanged::Created | CodeExchanged::Unknown => why,
    })
}

/// Steps 6 to 12 of AS-52: the token that the code is worth to this caller.
async fn judge(
    ctx: &Context,
    client: &ProvenClient,
    exchange: &ExchangeCode,
    request: Request,
) -> Result<(NewToken, Option<RefreshToken>), ExchangeCodeError> {
    let now = ctx.now();
    let Stage::Approved { account, scope, sets, code_expires_at, .. } = request.stage else {
        return Err(ExchangeCodeError::Unknown);
    };
    if code_expires_at <= now {
        return Err(ExchangeCodeError::Expired);
    }
    let is_bound = request.client == client.metadata.client_id
        && request.client_auth == client.auth
        && request.dpop_jkt == client.jkt;
    if !is_bound {
        return Err(ExchangeCodeError::Binding);
    }
    if request.parameters.redirect_uri.as_str() != exchange.redirect_uri {
        return Err(ExchangeCodeError::RedirectUri);
    }
    let challenge = &request.parameters.code_challenge;
    if !exchange.code_verifier.as_ref().is_some_and(|verifier| verifier.answers(challenge)) {
        return Err(ExchangeCodeError::Verifier);
    }
    let account =
        ctx.accounts.find(&account).await?.filter(|account| account.status == AccountStatus::Active);
    let account = account.ok_or(ExchangeCodeError::Account)?;
    let audience =
        ctx.settings.audience_of(account.audience.as_ref()).ok_or(ExchangeCodeError::NoAudience)?;
    let audience = audience.service.clone();
    let before = Before { sets: &sets, approved_since: &[] };
    let expanded = expand_scopes(ctx, &scope, before, Purpose::NewSession).await?;
    let access_expires_at = access_expiry(ctx, &request.client, &client.auth, &audience, now, now)
        .ok_or(ExchangeCodeError::Expired)?;
    let refresh = client.metadata.refreshes.then(|| RefreshToken::generate(&*ctx.random));
    let id = TokenId(random_bytes(&*ctx.random));
    let changes = expanded
        .drifts
        .into_iter()
        .map(|drift| drift.of_session(id, &account.did, &request.client, now))
        .collect();
    let token = Token {
        id,
        account: account.did,
        client: request.client,
        began_public: request.client_auth == ClientAuth::None,
        client_auth: request.client_auth,
        dpop_jkt: request.dpop_jkt,
        audience,
        approved: scope,
        granted: expanded.scopes,
        device: request.device,
        created_at: now,
        rotated_at: now,
        rotation: 0,
        access_expires_at,
        refresh: refresh.as_ref().map(RefreshToken::hash),
        previous_refresh: None,
    };
    let event = SecurityEvent::new(token.account.clone(), SecurityEventKind::Grant, now);
    let event = event.session(id).client(token.client.as_str()).place(client.place.as_str());
    let event = Some(event.scope(token.approved.as_str()));
    Ok((NewToken { token, sets: expanded.sets, changes, event }, refresh))
}

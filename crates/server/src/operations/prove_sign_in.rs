//! The second step of a sign-in: the password was right, and now the account proves its second factor.

use std::sync::Arc;

use gatewright_guard::rate::TooMany;
use gatewright_protocol::oauth::client_metadata::ClientMetadata;
use gatewright_protocol::secret::DeviceSecret;
use gatewright_protocol::syntax::Did;
use gatewright_resolve::Peer;
use gatewright_store::StoreError;
use gatewright_store::account::{AccountStatus, PasswordHash};
use gatewright_store::device::DeviceId;
use gatewright_store::factor::WaitingSignIn;
use gatewright_store::request::{Request, RequestId};
use gatewright_store::security_event::SecurityEventKind;

use super::check_factor::{FactorCheck, FactorProof, FactorWays, check_factor, factor_ways};
use super::judge_request::{Show, Want};
use super::note_event::note_in_browser;
use super::open_request::{OpenRequestError, Opened, Step, Touched, go_on, touch_request};
use super::send_factor_code::{SendFactorCodeError, send_factor_code};
use super::sign_in::SignedIn;
use crate::accounts::{AccountsError, KnownAccount};
use crate::context::Context;

/// How often a factor can be tried before the password is asked for again.
const MOST_TRIES: u32 = 5;

/// Lets a sign-in whose password was right wait for its factor; false if the device or that password is gone.
pub(super) async fn wait(
    ctx: &Context,
    device: &DeviceId,
    request: RequestId,
    account: &Did,
    remember: bool,
    proven: Option<PasswordHash>,
) -> Result<bool, StoreError> {
    let waiting = WaitingSignIn {
        device: device.clone(),
        request,
        account: account.clone(),
        remember,
        tries: 0,
        ends_at: ctx.now().plus(ctx.settings.lifetimes.waiting_sign_in),
    };
    ctx.store.await_factor(waiting, proven).await
}

/// Whose sign-in waits in this browser for this request: what its tries are counted by.
///
/// # Errors
/// The store failed.
pub async fn waiting_account(
    ctx: &Context,
    device: &DeviceId,
    request: &RequestId,
) -> Result<Option<Did>, StoreError> {
    let waiting = ctx.store.find_waiting_sign_in(device, request, ctx.now()).await?;
    Ok(waiting.map(|waiting| waiting.account))
}

/// What a try came to.
#[derive(Debug)]
pub(super) enum Tried {
    /// It is right; the account is signed in, and this is the device's new secret.
    In(Did, DeviceSecret),
    /// Nothing waits any more: the password is needed again.
    Over,
    /// There were too many wrong codes.
    TooMany(TooMany, KnownAccount, FactorWays),
    /// It is wrong.
    Wrong(KnownAccount, FactorWays),
}

/// Tries a proof for the sign-in that waits.
pub(super) async fn attempt(
    ctx: &Context,
    device: &DeviceId,
    request: &RequestId,
    proof: &FactorProof,
) -> Result<Tried, AccountsError> {
    let now = ctx.now();
    let Some(waiting) = ctx.store.try_waiting_sign_in(device, request, MOST_TRIES, now).await? else {
        return Ok(Tried::Over);
    };
    let account = ctx.accounts.find(&waiting.account).await?;
    let Some(account) = account.filter(|account| account.status != AccountStatus::TakenDown) else {
        return Ok(Tried::Over);
    };
    let checked = check_factor(ctx, &account.did, device, proof).await?;
    let Some(ways) = factor_ways(ctx, &account.did).await? else {
        // It was removed meanwhile: the password alone will do, but it is asked for again.
        return Ok(Tried::Over);
    };
    if checked == FactorCheck::Wrong {
        note_in_browser(ctx, &account.did, SecurityEventKind::FactorWrong, device).await;
    }
    match checked {
        FactorCheck::Right => {}
        FactorCheck::TooMany(too_many) => return Ok(Tried::TooMany(too_many, account, ways)),
        FactorCheck::Wrong if waiting.tries >= MOST_TRIES => return Ok(Tried::Over),
        FactorCheck::Wrong => return Ok(Tried::Wrong(account, ways)),
    }
    let secret = DeviceSecret::generate(&*ctx.random);
    let kept = ctx.store.complete_waiting_sign_in(&waiting, secret.hash(), now).await?;
    if !kept {
        return Ok(Tried::Over);
    }
    note_in_browser(ctx, &account.did, SecurityEventKind::SignIn, device).await;
    Ok(Tried::In(account.did, secret))
}

/// Why the second step did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveSignInError {
    /// The request cannot go on.
    #[error(transparent)]
    Open(#[from] OpenRequestError),
    /// Nothing waits any more: it took too long, or was tried too often.
    #[error("no sign-in waits for a second factor here")]
    Over(Box<Step>),
    /// The code could not be sent.
    #[error(transparent)]
    Send(#[from] SendFactorCodeError),
    /// There were too many wrong codes for this account.
    #[error("too many wrong codes")]
    TooMany(TooMany, Box<Step>),
    /// The code is wrong, or was used before.
    #[error("wrong code")]
    Wrong(Box<Step>),
}

/// Sends a code by mail to the account whose sign-in waits for it, and asks for the code.
///
/// # Errors
/// The request cannot go on, nothing waits, or the account gets no codes by mail.
pub async fn send_sign_in_code(
    ctx: &Context,
    id: &RequestId,
    device: &DeviceId,
    peer: Option<Peer>,
    languages: Option<&str>,
) -> Result<Opened, ProveSignInError> {
    let (request, client) = match touch_request(ctx, id, device, peer).await? {
        Touched::Open(request, client) => (*request, client),
        Touched::Over(answer) => return Ok(Opened::Answer(answer)),
    };
    let Some(account) = waiting_account(ctx, device, &request.id).await.map_err(OpenRequestError::from)?
    else {
        return Err(over(request, client));
    };
    let (account, ways) = send_factor_code(ctx, &account, languages).await?;
    Ok(Opened::Page(Box::new(Step { request, client, show: Show::Factor { account, ways } })))
}

/// The password is needed again.
fn over(request: Request, client: Arc<ClientMetadata>) -> ProveSignInError {
    let identifier = request.parameters.login_hint.as_ref().map(|hint| hint.as_str().to_owned());
    let show = Show::SignIn { identifier, has_accounts: false };
    ProveSignInError::Over(Box::new(Step { request, client, show }))
}

/// Completes a sign-in with a second factor, and goes on with the request.
///
/// # Errors
/// The request cannot go on, nobody signed in, or the store or the accounts failed.
pub async fn prove_sign_in(
    ctx: &Context,
    id: &RequestId,
    device: &DeviceId,
    peer: Option<Peer>,
    proof: &FactorProof,
) -> Result<SignedIn, ProveSignInError> {
    let (request, client) = match touch_request(ctx, id, device, peer).await? {
        Touched::Open(request, client) => (*request, client),
        Touched::Over(answer) => return Ok(SignedIn { opened: Opened::Answer(answer), new_secret: None }),
    };
    let tried = attempt(ctx, device, &request.id, proof).await.map_err(OpenRequestError::from)?;
    let step = |show| Box::new(Step { request: request.clone(), client: client.clone(), show });
    match tried {
        Tried::In(account, secret) => {
            let opened = go_on(ctx, request, client, device, Want::Account(&account)).await?;
            Ok(SignedIn { opened, new_secret: Some(secret) })
        }
        Tried::Over => Err(over(request, client)),
        Tried::TooMany(too_many, account, ways) => {
            Err(ProveSignInError::TooMany(too_many, step(Show::Factor { account, ways })))
        }
        Tried::Wrong(account, ways) => Err(ProveSignInError::Wrong(step(Show::Factor { account, ways }))),
    }
}

//! Signs an account in on a device (AS-37, AS-38).

use gatewright_protocol::secret::{DeviceSecret, Password};
use gatewright_protocol::syntax::Did;
use gatewright_resolve::Peer;
use gatewright_store::account::{AccountStatus, PasswordHash};
use gatewright_store::device::{DeviceAccount, DeviceId};
use gatewright_store::request::{Request, RequestId};
use gatewright_store::security_event::SecurityEventKind;
use tokio::time::Instant;

use super::account_pages::find_by_passkey;
use super::ask_passkey::PasskeyProof;
use super::check_factor::factor_ways;
use super::judge_request::{Show, Want, names};
use super::note_event::note_in_browser;
use super::open_request::{OpenRequestError, Opened, Step, Touched, go_on, touch_request};
use super::prove_sign_in::wait;
use crate::accounts::{AccountsError, ProvenAccount};
use crate::context::Context;
use crate::counts::password_tried;

/// What a person filled in.
#[derive(Debug)]
pub struct SignIn {
    /// A handle, DID or e-mail address.
    pub identifier: String,
    /// The password of the account; app passwords are none.
    pub password: Password,
    /// Whether the device may go on without the password for a while.
    pub remember: bool,
}

/// Somebody signed in, or has only the second factor left to show.
#[derive(Debug)]
pub struct SignedIn {
    /// What comes next.
    pub opened: Opened,
    /// The device's new secret: it changes with every sign-in.
    pub new_secret: Option<DeviceSecret>,
}

/// Why nobody signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The device ended while the password was checked: another browser used its cookies, or its owner ended it.
    #[error("the device has ended")]
    DeviceGone,
    /// The request cannot go on.
    #[error(transparent)]
    Open(#[from] OpenRequestError),
    /// The client expects another account; nothing of this sign-in is kept.
    #[error("the client expects another account")]
    OtherAccount(Box<Step>),
    /// There is no such account, or this is not its password (any more), or it may not sign in: all the same from
    /// outside.
    #[error("wrong identifier or password")]
    Wrong(Box<Step>),
}

/// Signs an account in on a device and goes on with the request; an account with a second factor is asked for that
/// first, and nobody is signed in yet. Takes as long whether or not there is such an account.
/// A password that is replaced while this one is checked lets nobody in (AS-62).
///
/// # Errors
/// The request cannot go on, nobody signed in, or the store or the accounts failed.
pub async fn sign_in(
    ctx: &Context,
    id: &RequestId,
    device: &DeviceId,
    peer: Option<Peer>,
    form: SignIn,
) -> Result<SignedIn, SignInError> {
    let (request, client) = match touch_request(ctx, id, device, peer).await? {
        Touched::Open(request, client) => (*request, client),
        Touched::Over(answer) => return Ok(SignedIn { opened: Opened::Answer(answer), new_secret: None }),
    };
    let SignIn { identifier, password, remember } = form;
    let proven = check(ctx, &identifier, password).await.map_err(OpenRequestError::from)?;
    let again = |request: Request| {
        let show = Show::SignIn { identifier: Some(identifier), has_accounts: false };
        Box::new(Step { request, client: client.clone(), show })
    };
    let Some(ProvenAccount { account, password }) = proven else {
        return Err(SignInError::Wrong(again(request)));
    };
    if request.parameters.login_hint.as_ref().is_some_and(|hint| !names(hint, &account)) {
        return Err(SignInError::OtherAccount(again(request)));
    }
    if let Some(ways) = factor_ways(ctx, &account.did).await.map_err(OpenRequestError::from)? {
        let waits = wait(ctx, device, request.id.clone(), &account.did, remember, password).await;
        if !waits.map_err(OpenRequestError::from)? {
            return Err(lost(ctx, device, again(request)).await?);
        }
        let show = Show::Factor { account, ways };
        let opened = Opened::Page(Box::new(Step { request, client, show }));
        return Ok(SignedIn { opened, new_secret: None });
    }
    let Some(secret) = keep(ctx, device, &request, &account.did, remember, password).await? else {
        return Err(lost(ctx, device, again(request)).await?);
    };
    let opened = go_on(ctx, request, client, device, Want::Account(&account.did)).await?;
    Ok(SignedIn { opened, new_secret: Some(secret) })
}

/// Signs in on a device whoever has a passkey, without a password, and goes on with the request.
///
/// # Errors
/// The request cannot go on, nobody signed in, or the store or the accounts failed.
pub async fn sign_in_by_passkey(
    ctx: &Context,
    id: &RequestId,
    device: &DeviceId,
    peer: Option<Peer>,
    proof: &PasskeyProof,
    remember: bool,
) -> Result<SignedIn, SignInError> {
    let (request, client) = match touch_request(ctx, id, device, peer).await? {
        Touched::Open(request, client) => (*request, client),
        Touched::Over(answer) => return Ok(SignedIn { opened: Opened::Answer(answer), new_secret: None }),
    };
    let again = |request: Request| {
        let show = Show::SignIn { identifier: None, has_accounts: false };
        Box::new(Step { request, client: client.clone(), show })
    };
    let found = find_by_passkey(ctx, device, proof).await.map_err(OpenRequestError::from)?;
    let Some(account) = found else { return Err(SignInError::Wrong(again(request))) };
    if request.parameters.login_hint.as_ref().is_some_and(|hint| !names(hint, &account)) {
        return Err(SignInError::OtherAccount(again(request)));
    }
    let Some(secret) = keep(ctx, device, &request, &account.did, remember, None).await? else {
        return Err(SignInError::DeviceGone);
    };
    let opened = go_on(ctx, request, client, device, Want::Account(&account.did)).await?;
    Ok(SignedIn { opened, new_secret: Some(secret) })
}

/// Keeps the sign-in of somebody who proved all that there is to prove: the device's new secret. `None` if the device or
/// the password is gone.
pub(super) async fn keep(
    ctx: &Context,
    device: &DeviceId,
    request: &Request,
    account: &Did,
    remember: bool,
    password: Option<PasswordHash>,
) -> Result<Option<DeviceSecret>, OpenRequestError> {
    let secret = DeviceSecret::generate(&*ctx.random);
    let now = ctx.now();
    let sign_in = DeviceAccount {
        device: device.clone(),
        account: account.clone(),
        signed_in_at: now,
        proven_at: now,
        request: (!remember).then(|| request.id.clone()),
    };
    if !ctx.store.sign_in_device(sign_in, password, Some(secret.hash())).await? {
        return Ok(None);
    }
    note_in_browser(ctx, account, SecurityEventKind::SignIn, device).await;
    Ok(Some(secret))
}

/// What was lost while the password was checked: the device, or the password.
async fn lost(ctx: &Context, device: &DeviceId, step: Box<Step>) -> Result<SignInError, OpenRequestError> {
    let known = ctx.store.find_device(device).await?;
    Ok(known.map_or(SignInError::DeviceGone, |_| SignInError::Wrong(step)))
}

/// The account with this password, if it may sign in. Takes as long whether or not there is one.
pub(super) async fn check(
    ctx: &Context,
    identifier: &str,
    password: Password,
) -> Result<Option<ProvenAccount>, AccountsError> {
    let start = Instant::now();
    let proven = ctx.accounts.check_password(identifier, password).await;
    tokio::time::sleep_until(start + ctx.settings.sign_in_floor).await;
    let proven = proven?;
    password_tried(proven.is_some());
    Ok(proven.filter(|proven| proven.account.status != AccountStatus::TakenDown))
}

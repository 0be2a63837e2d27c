//! Who may see the pages of an account: whoever signed in on the device, lately or remembered.

use gatewright_guard::rate::TooMany;
use gatewright_protocol::secret::DeviceSecret;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::account::{AccountStatus, PasswordHash};
use gatewright_store::device::{ACCOUNT_PAGES, DeviceAccount, DeviceId};
use gatewright_store::request::RequestId;
use gatewright_store::security_event::SecurityEventKind;

use super::ask_passkey::{PasskeyProof, check_passkey};
use super::check_factor::{FactorProof, FactorWays, factor_ways};
use super::note_event::note_in_browser;
use super::prove_sign_in::{Tried, attempt, wait, waiting_account};
use super::recognise_device::{Presented, Recognised, create_device};
use super::send_factor_code::{SendFactorCodeError, send_factor_code};
use super::sign_in::{SignIn, check};
use crate::accounts::{AccountsError, KnownAccount, ProvenAccount};
use crate::context::Context;

/// Why the pages of an account cannot be shown, or nobody signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountPagesError {
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The device ended while the password was checked.
    #[error("the device has ended")]
    DeviceGone,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such account, or this is not its password, or it may not sign in: all the same from outside.
    #[error("wrong identifier or password")]
    Wrong,
}

/// The accounts whose pages this device may see, the one that signed in last first.
///
/// # Errors
/// The store or the accounts failed.
pub async fn list_own_accounts(
    ctx: &Context,
    device: &DeviceId,
) -> Result<Vec<KnownAccount>, AccountPagesError> {
    let (now, lifetimes) = (ctx.now(), &ctx.settings.lifetimes);
    let mut found: Vec<KnownAccount> = Vec::new();
    for sign_in in ctx.store.list_device_accounts(device, Some(&pages())).await? {
        let life =
            if sign_in.request.is_some() { lifetimes.request_sign_in } else { lifetimes.remembered_sign_in };
        let is_listed = found.iter().any(|account| account.did == sign_in.account);
        if is_listed || found.len() >= MOST_ACCOUNTS || now.since(sign_in.signed_in_at) > life {
            continue;
        }
        let account = ctx.accounts.find(&sign_in.account).await?;
        found.extend(account.filter(|account| account.status != AccountStatus::TakenDown));
    }
    Ok(found)
}

/// More accounts than this are not listed.
const MOST_ACCOUNTS: usize = 20;

/// Somebody signed in on the pages of their account.
#[derive(Debug)]
pub struct SignedInHere {
    /// Who.
    pub account: Did,
    /// The device, if it is new.
    pub device: Option<Recognised>,
    /// The new secret of a device that was known.
    pub new_secret: Option<DeviceSecret>,
}

/// How far somebody got who knows the password.
#[derive(Debug)]
pub enum ReachedHere {
    /// To the question for the second factor.
    Factor {
        /// Whose.
        account: KnownAccount,
        /// What can be shown.
        ways: FactorWays,
        /// The device, if it is new.
        device: Option<Recognised>,
    },
    /// In.
    SignedIn(SignedInHere),
}

/// Signs an account in on its own pages, or asks for its second factor. The browser becomes a device only now, so that nobody fills the store with
/// visits (SEC-72); one that is `known` gets a new secret.
///
/// # Errors
/// Nobody signed in, or the store or the accounts failed.
pub async fn sign_in_here(
    ctx: &Context,
    known: Option<DeviceId>,
    presented: Presented,
    form: SignIn,
) -> Result<ReachedHere, AccountPagesError> {
    let SignIn { identifier, password, remember } = form;
    let proven = check(ctx, &identifier, password).await?.ok_or(AccountPagesError::Wrong)?;
    let ProvenAccount { account, password } = proven;
    if let Some(ways) = factor_ways(ctx, &account.did).await? {
        let new = match &known {
            Some(_) => None,
            None => Some(create_device(ctx, presented).await?),
        };
        let device = known.as_ref().or_else(|| new.as_ref().map(|new| &new.id));
        let Some(id) = device else { return Err(AccountPagesError::DeviceGone) };
        if !wait(ctx, id, pages(), &account.did, remember, password).await? {
            let known = ctx.store.find_device(id).await?;
            return Err(known.map_or(AccountPagesError::DeviceGone, |_| AccountPagesError::Wrong));
        }
        return Ok(ReachedHere::Factor { account, ways, device: new });
    }
    keep(ctx, known, presented, account.did, password, remember).await.map(ReachedHere::SignedIn)
}

/// Signs in on the account's own pages whoever has a passkey, without a password.
///
/// # Errors
/// Nobody signed in, or the store or the accounts failed.
pub async fn sign_in_here_by_passkey(
    ctx: &Context,
    browser: &DeviceId,
    known: Option<DeviceId>,
    presented: Presented,
    proof: &PasskeyProof,
    remember: bool,
) -> Result<SignedInHere, AccountPagesError> {
    let account = find_by_passkey(ctx, browser, proof).await?.ok_or(AccountPagesError::Wrong)?;
    keep(ctx, known, presented, account.did, None, remember).await
}

/// The account whose passkey answered, if it may sign in.
pub(super) async fn find_by_passkey(
    ctx: &Context,
    browser: &DeviceId,
    proof: &PasskeyProof,
) -> Result<Option<KnownAccount>, AccountsError> {
    let Some(did) = check_passkey(ctx, browser, proof).await? else { return Ok(None) };
    let account = ctx.accounts.find(&did).await?;
    Ok(account.filter(|account| account.status != AccountStatus::TakenDown))
}

/// Keeps a sign-in of somebody who proved all that there is to prove.
async fn keep(
    ctx: &Context,
    known: Option<DeviceId>,
    presented: Presented,
    account: Did,
    password: Option<PasswordHash>,
    remember: bool,
) -> Result<SignedInHere, AccountPagesError> {
    let now = ctx.now();
    let sign_in = |device: &DeviceId| DeviceAccount {
        device: device.clone(),
        account: account.clone(),
        signed_in_at: now,
        proven_at: now,
        request: (!remember).then(pages),
    };
    if let Some(device) = known {
        let secret = DeviceSecret::generate(&*ctx.random);
        if !ctx.store.sign_in_device(sign_in(&device), password, Some(secret.hash())).await? {
            // Either is gone: the device, or the password that was right a moment ago.
            let known = ctx.store.find_device(&device).await?;
            return Err(known.map_or(AccountPagesError::DeviceGone, |_| AccountPagesError::Wrong));
        }
        note_in_browser(ctx, &account, SecurityEventKind::SignIn, &device).await;
        return Ok(SignedInHere { account, device: None, new_secret: Some(secret) });
    }
    let device = create_device(ctx, presented).await?;
    // The device was made for this: what can be missing is the password that was right a moment ago.
    if !ctx.store.sign_in_device(sign_in(&device.id), password, None).await? {
        return Err(AccountPagesError::Wrong);
    }
    note_in_browser(ctx, &account, SecurityEventKind::SignIn, &device.id).await;
    Ok(SignedInHere { account, device: Some(device), new_secret: None })
}

/// Why the second step did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveHereError {
    /// The accounts or the store could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// Nothing waits any more: it took too long, or was tried too often.
    #[error("no sign-in waits for a second factor here")]
    Over,
    /// The code could not be sent.
    #[error(transparent)]
    Send(#[from] SendFactorCodeError),
    /// There were too many wrong codes for this account.
    #[error("too many wrong codes")]
    TooMany(TooMany, Box<KnownAccount>, FactorWays),
    /// The code is wrong, or was used before.
    #[error("wrong code")]
    Wrong(Box<KnownAccount>, FactorWays),
}

/// Sends a code by mail to the account whose sign-in on its own pages waits for it: who that is, and what can be shown.
///
/// # Errors
/// Nothing waits, or the account gets no codes by mail.
pub async fn send_sign_in_code_here(
    ctx: &Context,
    device: &DeviceId,
    languages: Option<&str>,
) -> Result<(KnownAccount, FactorWays), ProveHereError> {
    let waiting = waiting_account(ctx, device, &pages()).await.map_err(AccountsError::from)?;
    let account = waiting.ok_or(ProveHereError::Over)?;
    Ok(send_factor_code(ctx, &account, languages).await?)
}

/// Completes a sign-in on the account's own pages with a second factor.
///
/// # Errors
/// Nobody signed in, or the store or the accounts failed.
pub async fn prove_sign_in_here(
    ctx: &Context,
    device: &DeviceId,
    proof: &FactorProof,
) -> Result<SignedInHere, ProveHereError> {
    match attempt(ctx, device, &pages(), proof).await? {
        Tried::In(account, secret) => Ok(SignedInHere { account, device: None, new_secret: Some(secret) }),
        Tried::Over => Err(ProveHereError::Over),
        Tried::TooMany(too_many, account, ways) => {
            Err(ProveHereError::TooMany(too_many, Box::new(account), ways))
        }
        Tried::Wrong(account, ways) => Err(ProveHereError::Wrong(Box::new(account), ways)),
    }
}

/// Signs an account out on a device.
///
/// # Errors
/// The store failed.
pub async fn sign_out_here(ctx: &Context, device: &DeviceId, account: &Did) -> Result<(), AccountPagesError> {
    Ok(ctx.store.sign_out_device(device, account).await?)
}

/// What stands where the name of a request stands in a sign-in.
fn pages() -> RequestId {
    RequestId(ACCOUNT_PAGES.to_owned())
}

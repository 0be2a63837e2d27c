//! Proving oneself once more before something that matters: with the second factor, or the password where there is none.
//! Whoever did so on this device a little while ago is not asked again.

use gatewright_guard::rate::TooMany;
use gatewright_protocol::scope::Permission;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::device::{ACCOUNT_PAGES, DeviceId};
use gatewright_store::request::RequestId;

use super::check_factor::{FactorCheck, FactorProof, FactorWays, check_factor, factor_ways};
use super::sign_in::check;
use crate::accounts::AccountsError;
use crate::context::Context;

/// What an account is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Its second factor.
    Factor(FactorWays),
    /// Its password, because it has no second factor.
    Password,
}

/// What somebody says to prove the account.
#[derive(Debug)]
pub enum Given {
    /// The second factor.
    Factor(FactorProof),
    /// The password.
    Password(Password),
}

/// Why the account is not proven.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepUpError {
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// There were too many wrong codes.
    #[error("too many wrong codes")]
    TooMany(TooMany),
    /// It is wrong, or not what is asked for.
    #[error("wrong code or password")]
    Wrong,
}

impl From<StoreError> for StepUpError {
    fn from(error: StoreError) -> Self {
        AccountsError::from(error).into()
    }
}

/// What the account is asked for before something that matters; `None` if it proved itself on this device lately, in a
/// sign-in that is good for this request, or for the account pages where there is none.
///
/// # Errors
/// The store failed.
pub async fn asked_again(
    ctx: &Context,
    device: &DeviceId,
    account: &Did,
    request: Option<&RequestId>,
) -> Result<Option<Asked>, StoreError> {
    let pages = RequestId(ACCOUNT_PAGES.to_owned());
    let sign_ins = ctx.store.list_device_accounts(device, Some(request.unwrap_or(&pages))).await?;
    let now = ctx.now();
    let proven = sign_ins.iter().filter(|sign_in| sign_in.account == *account);
    let proven = proven.map(|sign_in| sign_in.proven_at).max();
    if proven.is_some_and(|proven| now >= proven && now.since(proven) < ctx.settings.step_up.fresh) {
        return Ok(None);
    }
    Ok(Some(factor_ways(ctx, account).await?.map_or(Asked::Password, Asked::Factor)))
}

/// Whether granting this asks for a fresh proof.
pub(super) fn is_broad<'p>(ctx: &Context, permissions: impl IntoIterator<Item = &'p Permission>) -> bool {
    let broad = &ctx.settings.step_up.scopes;
    permissions.into_iter().any(|permission| broad.iter().any(|scope| scope.covers(permission)))
}

/// Proves an account that is signed in on a device. A password is good only where there is no second factor.
///
/// # Errors
/// It is wrong, there were too many, or the store or the accounts failed.
pub async fn step_up(
    ctx: &Context,
    device: &DeviceId,
    account: &Did,
    given: Given,
) -> Result<(), StepUpError> {
    match (factor_ways(ctx, account).await?, given) {
        (Some(_), Given::Factor(proof)) => match check_factor(ctx, account, device, &proof).await? {
            FactorCheck::Right => {}
            FactorCheck::TooMany(too_many) => return Err(StepUpError::TooMany(too_many)),
            FactorCheck::Wrong => return Err(StepUpError::Wrong),
        },
        (None, Given::Password(password)) => {
            let proven = check(ctx, account.as_str(), password).await?;
            if proven.is_none_or(|proven| proven.account.did != *account) {
                return Err(StepUpError::Wrong);
            }
        }
        _ => return Err(StepUpError::Wrong),
    }
    // A password that was replaced meanwhile has ended the sign-in, and nothing is proven on a device without one.
    if ctx.store.prove_device(device, account, ctx.now()).await? { Ok(()) } else { Err(StepUpError::Wrong) }
}

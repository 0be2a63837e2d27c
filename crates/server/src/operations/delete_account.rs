//! Deletes an account, with everything that is kept for it (SESS-19).

use gatewright_protocol::factor::MailPurpose;
use gatewright_protocol::secret::{FactorCode, Password};
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use tokio::time::Instant;

use super::find_mail_code::{FindMailCodeError, find_mail_code};
use crate::accounts::AccountsError;
use crate::context::Context;

/// Why an account is not deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeleteAccountError {
    /// The accounts of this server are kept elsewhere.
    #[error("accounts are kept elsewhere")]
    NotHere,
    /// There is no such account, or this is not its password. App passwords are none (APP-7).
    #[error("wrong account or password")]
    Wrong,
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The code is none, or not good any more.
    #[error(transparent)]
    Code(#[from] FindMailCodeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Deletes an account for ever: its records, media, sessions, app passwords, everything. Takes its password and the code
/// that was sent to its address, and as long whatever comes of the password.
///
/// # Errors
/// Password or code are not right, or something of ours failed. Nothing was changed then.
pub async fn delete_account(
    ctx: &Context,
    account: &Did,
    password: Password,
    code: &FactorCode,
) -> Result<(), DeleteAccountError> {
    if ctx.accounts.kept_passwords().is_none() {
        return Err(DeleteAccountError::NotHere);
    }
    let start = Instant::now();
    let proven = ctx.accounts.check_password(account.as_str(), password).await;
    tokio::time::sleep_until(start + ctx.settings.sign_in_floor).await;
    if proven?.is_none() {
        return Err(DeleteAccountError::Wrong);
    }
    let code = find_mail_code(ctx, account, MailPurpose::DeleteAccount, code).await?;
    // First, for whoever asks once more because this failed must be known here still.
    ctx.accounts.delete_elsewhere(account).await?;
    if !ctx.store.delete_account_by_code(account, code, ctx.now()).await? {
        return Err(FindMailCodeError::Unknown.into());
    }
    tracing::info!(account.did = %account, "account deleted");
    Ok(())
}

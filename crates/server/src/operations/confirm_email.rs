//! Notes that the address of an account reaches its owner.

use gatewright_protocol::factor::MailPurpose;
use gatewright_protocol::secret::FactorCode;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;

use super::find_mail_code::{FindMailCodeError, find_mail_code};
use crate::context::Context;

/// Why an address is not confirmed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfirmEmailError {
    /// It is not the present address of the account.
    #[error("this is not the e-mail address of the account")]
    AnotherAddress,
    /// The code is none, or not good any more.
    #[error(transparent)]
    Code(#[from] FindMailCodeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Notes that `email` reaches the owner of the account, who has the code that was sent there.
///
/// # Errors
/// The code is not right or its time is over, or the address is another now.
pub async fn confirm_email(
    ctx: &Context,
    account: &Did,
    email: &str,
    code: &FactorCode,
) -> Result<(), ConfirmEmailError> {
    let code = find_mail_code(ctx, account, MailPurpose::ConfirmEmail, code).await?;
    if !ctx.store.confirm_email(account, email.trim(), code, ctx.now()).await? {
        return Err(ConfirmEmailError::AnotherAddress);
    }
    tracing::info!(account.did = %account, "e-mail address confirmed");
    Ok(())
}

//! Sends an account the code without which it is not deleted.

use gatewright_protocol::factor::MailPurpose;
use gatewright_protocol::syntax::Did;

use super::send_mail_code::{SendMailCodeError, send_mail_code};
use crate::accounts::AccountsError;
use crate::context::Context;

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestAccountDeleteError {
    /// There is no such account any more.
    #[error("there is no such account")]
    NoAccount,
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The code could not be sent.
    #[error(transparent)]
    Send(#[from] SendMailCodeError),
}

/// Sends a code to the address of an account. [`delete_account`](super::delete_account) takes it.
///
/// # Errors
/// The account has no address, or the code could not be sent.
pub async fn request_account_delete(
    ctx: &Context,
    account: &Did,
    languages: Option<&str>,
) -> Result<(), RequestAccountDeleteError> {
    let account = ctx.accounts.find(account).await?.ok_or(RequestAccountDeleteError::NoAccount)?;
    Ok(send_mail_code(ctx, &account, MailPurpose::DeleteAccount, languages).await?)
}

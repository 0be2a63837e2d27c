//! Sends an account a code that shows whether its address reaches it.

use gatewright_protocol::factor::MailPurpose;
use gatewright_protocol::syntax::Did;

use super::send_mail_code::{SendMailCodeError, send_mail_code};
use crate::accounts::AccountsError;
use crate::context::Context;

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestEmailConfirmationError {
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

/// Sends a code to the address of an account. [`confirm_email`](super::confirm_email) takes it.
///
/// # Errors
/// The account has no address, or the code could not be sent.
pub async fn request_email_confirmation(
    ctx: &Context,
    account: &Did,
    languages: Option<&str>,
) -> Result<(), RequestEmailConfirmationError> {
    let account = ctx.accounts.find(account).await?.ok_or(RequestEmailConfirmationError::NoAccount)?;
    Ok(send_mail_code(ctx, &account, MailPurpose::ConfirmEmail, languages).await?)
}

//! Sends an account the code for something that it wants to do.

use gatewright_protocol::factor::MailPurpose;
use gatewright_protocol::syntax::Did;

use super::send_mail_code::{SendMailCodeError, send_mail_code};
use crate::accounts::AccountsError;
use crate::context::Context;

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestMailCodeError {
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

/// Sends a code to the address of an account: [`confirm_email`](super::confirm_email) or
/// [`delete_account`](super::delete_account) takes it, as `purpose` says. `languages` are those of whoever asks.
///
/// # Errors
/// The account has no address, or the code could not be sent.
pub async fn request_mail_code(
    ctx: &Context,
    account: &Did,
    purpose: MailPurpose,
    languages: Option<&str>,
) -> Result<(), RequestMailCodeError> {
    let account = ctx.accounts.find(account).await?.ok_or(RequestMailCodeError::NoAccount)?;
    Ok(send_mail_code(ctx, &account, purpose, languages).await?)
}

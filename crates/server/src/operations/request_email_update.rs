//! Whether it takes a code to change the address of an account; if so, it is sent.

use gatewright_protocol::factor::MailPurpose;
use gatewright_protocol::syntax::Did;

use super::send_mail_code::{SendMailCodeError, send_mail_code};
use crate::accounts::AccountsError;
use crate::context::Context;

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestEmailUpdateError {
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

/// Sends a code to the present address of an account, if that is confirmed. False if it is not: then another takes its
/// place without.
///
/// # Errors
/// The code could not be sent.
pub async fn request_email_update(
    ctx: &Context,
    account: &Did,
    languages: Option<&str>,
) -> Result<bool, RequestEmailUpdateError> {
    let account = ctx.accounts.find(account).await?.ok_or(RequestEmailUpdateError::NoAccount)?;
    if account.email.is_none() || !account.email_confirmed {
        return Ok(false);
    }
    send_mail_code(ctx, &account, MailPurpose::ChangeEmail, languages).await?;
    Ok(true)
}

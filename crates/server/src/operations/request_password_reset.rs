//! Sends whoever forgot a password a code for a new one.

use gatewright_protocol::factor::MailPurpose;

use super::send_mail_code::{SendMailCodeError, send_mail_code};
use crate::accounts::AccountsError;
use crate::context::Context;

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestPasswordResetError {
    /// The passwords of this server's accounts are kept elsewhere.
    #[error("passwords are kept elsewhere")]
    NotHere,
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The code could not be sent.
    #[error(transparent)]
    Send(#[from] SendMailCodeError),
}

/// Sends a code to the account of this handle, DID or e-mail address. Whoever asks learns nothing of what comes of it, not
/// by its time either: callers do not wait for it.
///
/// # Errors
/// There is nowhere to send it, or it could not be sent. An account that there is not is no error.
pub async fn request_password_reset(
    ctx: &Context,
    identifier: &str,
    languages: Option<&str>,
) -> Result<(), RequestPasswordResetError> {
    if ctx.accounts.kept_passwords().is_none() {
        return Err(RequestPasswordResetError::NotHere);
    }
    if let Some(account) = ctx.accounts.find_named(identifier).await? {
        send_mail_code(ctx, &account, MailPurpose::ResetPassword, languages).await?;
    }
    Ok(())
}

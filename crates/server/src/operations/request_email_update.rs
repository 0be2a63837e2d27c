//! Whether it takes a code to change the address of an account; if so, it is sent.

use gatewright_protocol::factor::MailPurpose;
use gatewright_protocol::syntax::Did;

use super::request_mail_code::RequestMailCodeError;
use super::send_mail_code::send_mail_code;
use crate::context::Context;

/// Sends a code to the present address of an account, if that is confirmed. False if it is not: then another takes its
/// place without.
///
/// # Errors
/// The code could not be sent.
pub async fn request_email_update(
    ctx: &Context,
    account: &Did,
    languages: Option<&str>,
) -> Result<bool, RequestMailCodeError> {
    let account = ctx.accounts.find(account).await?.ok_or(RequestMailCodeError::NoAccount)?;
    if account.email.is_none() || !account.email_confirmed {
        return Ok(false);
    }
    send_mail_code(ctx, &account, MailPurpose::ChangeEmail, languages).await?;
    Ok(true)
}

//! Another address for an account.

use gatewright_protocol::email::Email;
use gatewright_protocol::factor::MailPurpose;
use gatewright_protocol::secret::FactorCode;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::mail_code::{ChangeEmail, EmailChanged};
use gatewright_store::security_event::{SecurityEvent, SecurityEventKind};

use super::find_mail_code::{FindMailCodeError, find_mail_code};
use super::note_event::note_event;
use super::tell_email_changed::tell_email_changed;
use crate::accounts::AccountsError;
use crate::context::Context;

/// Why the address stays as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateEmailError {
    /// The present address is confirmed, and there is no code that was sent there.
    #[error("the present address is confirmed: ask for a code there, and send it along")]
    CodeRequired,
    /// There is no such account any more.
    #[error("there is no such account")]
    NoAccount,
    /// Another account has it.
    #[error("another account has this e-mail address: take a different one")]
    Taken,
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

/// Gives an account another address, which is not confirmed yet. The one before is told.
///
/// # Errors
/// A code is missing or not good, or another account has the address.
pub async fn update_email(
    ctx: &Context,
    account: &Did,
    email: &Email,
    code: Option<&FactorCode>,
    languages: Option<&str>,
) -> Result<(), UpdateEmailError> {
    let before = ctx.accounts.find(account).await?.ok_or(UpdateEmailError::NoAccount)?;
    let code = match code {
        Some(code) if before.email_confirmed => {
            Some(find_mail_code(ctx, account, MailPurpose::ChangeEmail, code).await?)
        }
        _ => None,
    };
    let email = email.as_str().to_owned();
    let change = ChangeEmail { account: account.clone(), email, code, now: ctx.now() };
    match ctx.store.change_email(change).await? {
        EmailChanged::Changed => {}
        EmailChanged::CodeRequired => return Err(UpdateEmailError::CodeRequired),
        EmailChanged::Taken => return Err(UpdateEmailError::Taken),
        EmailChanged::Unknown => return Err(FindMailCodeError::Unknown.into()),
    }
    tracing::info!(account.did = %account, "e-mail address changed");
    note_event(ctx, SecurityEvent::new(account.clone(), SecurityEventKind::EmailChanged, ctx.now())).await;
    tell_email_changed(ctx, &before, languages).await;
    Ok(())
}

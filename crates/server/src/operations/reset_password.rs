//! A new password in exchange for a code that was sent by mail (AS-62, SEC-67).

use gatewright_protocol::factor::{MailPurpose, OneTimeCode};
use gatewright_protocol::secret::{FactorCode, Password};
use gatewright_store::StoreError;
use gatewright_store::mail_code::ResetPassword as Reset;
use gatewright_store::security_event::{SecurityEvent, SecurityEventKind};

use super::note_event::note_event;
use super::tell_password_changed::tell_password_changed;
use crate::accounts::AccountsError;
use crate::context::Context;
use crate::passwords::PasswordError;

/// A new password.
#[derive(Debug)]
pub struct ResetPassword {
    /// The code that was sent.
    pub code: FactorCode,
    /// The password.
    pub password: Password,
    /// Whether app passwords end too (SESS-18).
    pub end_app_passwords: bool,
}

/// Why the password stays as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResetPasswordError {
    /// The time of the code is over.
    #[error("the code has expired: ask for a new one")]
    Expired,
    /// The passwords of this server's accounts are kept elsewhere.
    #[error("passwords are kept elsewhere")]
    NotHere,
    /// It is no code that was sent, or it was used.
    #[error("the code is not right, or was used already")]
    Unknown,
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Replaces the password of the account that the code was sent to, and ends every session and sign-in of it. Its owner is
/// told by mail.
///
/// # Errors
/// The code is not right or its time is over, or something of ours failed.
pub async fn reset_password(
    ctx: &Context,
    reset: ResetPassword,
    languages: Option<&str>,
) -> Result<(), ResetPasswordError> {
    let ResetPassword { code, password, end_app_passwords } = reset;
    let passwords = ctx.accounts.kept_passwords().ok_or(ResetPasswordError::NotHere)?;
    let code: OneTimeCode = code.expose().parse().map_err(|_| ResetPasswordError::Unknown)?;
    let code = code.mail_hash(ctx.keys.factor_key(), MailPurpose::ResetPassword);
    // Strangers shall not make us hash passwords.
    match ctx.store.find_mail_code(code, MailPurpose::ResetPassword).await? {
        None => return Err(ResetPasswordError::Unknown),
        Some(found) if found.is_over(ctx.now()) => return Err(ResetPasswordError::Expired),
        Some(_) => {}
    }
    let password = passwords.hash(password).await?;
    let reset = Reset { code, password, end_app_passwords, now: ctx.now() };
    let account = ctx.store.reset_password(reset).await?.ok_or(ResetPasswordError::Unknown)?;
    tracing::info!(account.did = %account, app_passwords.ended = end_app_passwords, "password reset");
    note_event(ctx, SecurityEvent::new(account.clone(), SecurityEventKind::PasswordChanged, ctx.now())).await;
    if let Some(account) = ctx.accounts.find(&account).await? {
        tell_password_changed(ctx, &account, languages).await;
    }
    Ok(())
}

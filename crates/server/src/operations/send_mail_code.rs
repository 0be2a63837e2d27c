//! Sends an account a code that is good for one thing.

use gatewright_protocol::factor::{MailPurpose, OneTimeCode};
use gatewright_store::StoreError;
use gatewright_store::mail_code::{LIFETIME, MailCode};

use crate::accounts::KnownAccount;
use crate::context::Context;
use crate::i18n::Locale;
use crate::notices::{Message, NoticeError};

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendMailCodeError {
    /// The account has no address.
    #[error("the account has no e-mail address")]
    NoAddress,
    /// The message could not be handed on.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sends a code to the address of an account, in the best of the `languages` of whoever asks, as
/// browsers send them. Nothing is sent if its owner holds as many
/// of the kind as there may be: any of those will do.
///
/// # Errors
/// There is nowhere to send it, or it could not be sent.
pub async fn send_mail_code(
    ctx: &Context,
    account: &KnownAccount,
    purpose: MailPurpose,
    languages: Option<&str>,
) -> Result<(), SendMailCodeError> {
    let locale = Locale::negotiate(None, languages);
    let to = account.email.clone().ok_or(SendMailCodeError::NoAddress)?;
    let now = ctx.now();
    let code = OneTimeCode::generate(&*ctx.random);
    let hash = code.mail_hash(ctx.keys.factor_key(), purpose);
    let row = MailCode { hash, account: account.did.clone(), purpose, ends_at: now.plus(LIFETIME) };
    if !ctx.store.keep_mail_code(row, now).await? {
        tracing::info!(account.did = %account.did, purpose = purpose.word(), "enough codes were sent already");
        return Ok(());
    }
    let (subject, text) = messages(purpose);
    // The others are typed where the person was told to wait for them.
    let page = format!("{}/account/reset-password/code", ctx.settings.issuer.as_str());
    let minutes = u32::try_from(LIFETIME.as_secs() / 60).unwrap_or(u32::MAX);
    let arguments = [
        ("account", account.handle.as_str().into()),
        ("code", code.expose().into()),
        ("minutes", minutes.into()),
        ("page", page.as_str().into()),
    ];
    let message = Message { to, subject: locale.text(subject, &[]), text: locale.text(text, &arguments) };
    ctx.notices.send(message).await?;
    tracing::info!(account.did = %account.did, purpose = purpose.word(), "code sent by mail");
    Ok(())
}

/// Subject and text.
const fn messages(purpose: MailPurpose) -> (&'static str, &'static str) {
    match purpose {
        MailPurpose::ChangeEmail => ("mail-change-email-subject", "mail-change-email-text"),
        MailPurpose::ConfirmEmail => ("mail-confirm-email-subject", "mail-confirm-email-text"),
        MailPurpose::DeleteAccount => ("mail-delete-account-subject", "mail-delete-account-text"),
        MailPurpose::ResetPassword => ("mail-reset-password-subject", "mail-reset-password-text"),
        MailPurpose::SignIn => ("mail-sign-in-subject", "mail-sign-in-text"),
    }
}

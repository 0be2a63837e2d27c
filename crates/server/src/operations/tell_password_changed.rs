//! Tells a person that the password of their account is another now.

use crate::accounts::KnownAccount;
use crate::context::Context;
use crate::i18n::Locale;
use crate::notices::Message;

/// Tells the person whose account it is. That it could not be told undoes nothing: the log says so.
pub(super) async fn tell_password_changed(ctx: &Context, account: &KnownAccount, languages: Option<&str>) {
    let locale = Locale::negotiate(None, languages);
    let Some(to) = account.email.clone() else { return };
    let page = format!("{}/account/reset-password", ctx.settings.issuer.as_str());
    let arguments = [("account", account.handle.as_str().into()), ("page", page.as_str().into())];
    let subject = locale.text("mail-password-changed-subject", &[]);
    let text = locale.text("mail-password-changed-text", &arguments);
    if let Err(error) = ctx.notices.send(Message { to, subject, text }).await {
        tracing::warn!(account.did = %account.did, %error, "not told of a new password");
    }
}

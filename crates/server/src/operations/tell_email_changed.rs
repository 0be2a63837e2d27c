//! Tells whoever reads the address that an account had before that it has another now.

use crate::accounts::KnownAccount;
use crate::context::Context;
use crate::i18n::Locale;
use crate::notices::Message;

/// Writes to the address that `before` says. That it could not be told undoes nothing: the log says so.
pub(super) async fn tell_email_changed(ctx: &Context, before: &KnownAccount, languages: Option<&str>) {
    let Some(to) = before.email.clone() else { return };
    let locale = Locale::negotiate(None, languages);
    let page = format!("{}/account", ctx.settings.issuer.as_str());
    let arguments = [("account", before.handle.as_str().into()), ("page", page.as_str().into())];
    let subject = locale.text("mail-email-changed-subject", &[]);
    let text = locale.text("mail-email-changed-text", &arguments);
    if let Err(error) = ctx.notices.send(Message { to, subject, text }).await {
        tracing::warn!(account.did = %before.did, %error, "not told of a new e-mail address");
    }
}

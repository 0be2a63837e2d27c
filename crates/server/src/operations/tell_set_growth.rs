//! Tells a person that a permission set gives their application more than before.

use gatewright_protocol::scope::sentences;
use gatewright_store::StoreError;
use gatewright_store::set_change::SetChange;

use super::permission_parts::meant;
use crate::context::Context;
use crate::i18n::Locale;
use crate::notices::{Message, NoticeError};

/// Why a person could not be told.
#[derive(Debug, thiserror::Error)]
pub(super) enum TellSetGrowthError {
    /// The message could not be handed on.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tells the person whose account it is what their application may do from now on. Whoever has no e-mail address here is
/// told by the account page alone.
///
/// # Errors
/// The message could not be handed on, or the store failed.
pub(super) async fn tell_set_growth(ctx: &Context, grown: &[&SetChange]) -> Result<(), TellSetGrowthError> {
    let Some(first) = grown.first() else { return Ok(()) };
    let account = ctx.store.find_account(&first.account).await?;
    let Some((account, email)) = account.and_then(|account| Some((account.handle, account.email?))) else {
        return Ok(());
    };
    // Nothing tells the language of somebody who has no page open.
    let locale = Locale::english();
    let client = first.client.host();
    let added: Vec<String> = grown
        .iter()
        .flat_map(|change| meant(&change.added))
        .flat_map(|permission| sentences(&permission))
        .map(|sentence| format!("- {}", crate::sentences::text(&sentence, locale)))
        .collect();
    let added = added.join("\n");
    let page = format!("{}/account", ctx.settings.issuer.as_str());
    let arguments = [
        ("account", account.as_str().into()),
        ("client", client.as_str().into()),
        ("added", added.as_str().into()),
        ("page", page.as_str().into()),
    ];
    let subject = locale.text("notice-set-grew-subject", &arguments[1..2]);
    let text = locale.text("notice-set-grew-text", &arguments);
    ctx.notices.send(Message { to: email, subject, text }).await?;
    Ok(())
}

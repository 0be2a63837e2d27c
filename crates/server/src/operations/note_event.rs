//! Notes for the owner of an account what happened to it (SEC-71). That it could not be noted undoes nothing: the
//! program's own log says so.

use gatewright_protocol::syntax::Did;
use gatewright_store::device::DeviceId;
use gatewright_store::security_event::{SecurityEvent, SecurityEventKind};
use gatewright_store::set_change::SetChange;

use crate::context::Context;

/// Notes something that happened now.
pub(super) async fn note_event(ctx: &Context, event: SecurityEvent) {
    let (account, kind) = (event.account.clone(), event.kind);
    if let Err(error) = ctx.store.note_security_event(event).await {
        tracing::error!(account.did = %account, event = kind.word(), %error, "a security event was not noted");
    }
}

/// Notes something that somebody did in a browser.
pub(super) async fn note_in_browser(
    ctx: &Context,
    account: &Did,
    kind: SecurityEventKind,
    device: &DeviceId,
) {
    let mut event = SecurityEvent::new(account.clone(), kind, ctx.now()).session(device);
    match ctx.store.find_device(device).await {
        Ok(Some(device)) => {
            event.client = device.user_agent;
            event.place = device.place;
        }
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "a browser was not found"),
    }
    note_event(ctx, event).await;
}

/// Notes what permission sets changed in a session.
pub(super) async fn note_set_changes(ctx: &Context, changes: &[SetChange]) {
    for change in changes {
        let event = SecurityEvent::new(change.account.clone(), SecurityEventKind::SetChanged, change.at);
        let event =
            event.session(change.token).client(change.client.as_str()).subject(change.include.as_str());
        note_event(ctx, event.scope(change.added.as_str())).await;
    }
}

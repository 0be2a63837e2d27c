//! Where an account is signed in, for its owner: browsers, and password sessions (AS-48, SEC-71).

use std::collections::HashMap;

use gatewright_protocol::crypto::hmac_sha256;
use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::StoreError;
use gatewright_store::app_password::AppPasswordId;
use gatewright_store::device::{Device, DeviceId};
use gatewright_store::legacy_session::LegacySession;

use crate::context::Context;

/// Where an account is signed in.
#[derive(Clone, Debug)]
pub struct OwnDevices {
    /// The browsers, this one first, then the one that came last.
    pub devices: Vec<OwnDevice>,
    /// The password sessions, newest first.
    pub sessions: Vec<OwnSession>,
}

/// A browser on which an account is signed in.
#[derive(Clone, Debug)]
pub struct OwnDevice {
    /// Names it in forms of this account: `name_device`.
    pub name: String,
    /// The browser.
    pub device: Device,
    /// When the account last signed in there.
    pub signed_in_at: UnixTime,
    /// Whether it is remembered there.
    pub is_remembered: bool,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// A password session.
#[derive(Clone, Debug)]
pub struct OwnSession {
    /// The session.
    pub session: LegacySession,
    /// The name of the app password that it was begun with, if it was.
    pub app_password: Option<String>,
}

/// Why they cannot be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListOwnDevicesError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the account is signed in, asked on the device `here`. What has expired and was not deleted yet is left out.
///
/// # Errors
/// The store failed.
pub async fn list_own_devices(
    ctx: &Context,
    account: &Did,
    here: &DeviceId,
) -> Result<OwnDevices, ListOwnDevicesError> {
    let (now, lifetimes) = (ctx.now(), &ctx.settings.lifetimes);
    let mut devices: Vec<OwnDevice> = Vec::new();
    for sign_in in ctx.store.list_sign_ins(account).await? {
        let is_remembered = sign_in.request.is_none();
        let life = if is_remembered { lifetimes.remembered_sign_in } else { lifetimes.request_sign_in };
        if now.since(sign_in.signed_in_at) > life {
            continue;
        }
        if let Some(known) = devices.iter_mut().find(|known| known.device.id == sign_in.device) {
            known.is_remembered |= is_remembered;
            continue;
        }
        let is_this = sign_in.device == *here;
        // Room is kept for this one, whichever it is.
        if devices.len() >= MOST_DEVICES && !is_this {
            continue;
        }
        let Some(device) = ctx.store.find_device(&sign_in.device).await? else { continue };
        let name = name_device(ctx, account, &device.id);
        devices.push(OwnDevice { name, device, signed_in_at: sign_in.signed_in_at, is_remembered, is_this });
    }
    devices.sort_by_key(|own| std::cmp::Reverse((own.is_this, own.device.seen_at)));
    Ok(OwnDevices { devices, sessions: sessions(ctx, account).await? })
}

/// More than these are not shown on one page; they can be signed out together.
const MOST_DEVICES: usize = 100;

async fn sessions(ctx: &Context, account: &Did) -> Result<Vec<OwnSession>, StoreError> {
    let now = ctx.now();
    let app_passwords = ctx.store.list_app_passwords(account).await?;
    let names: HashMap<AppPasswordId, &str> =
        app_passwords.iter().map(|row| (row.id, row.name.as_str())).collect();
    let open = ctx.store.list_legacy_sessions(account).await?.into_iter();
    let open = open.filter(|session| session.ends_at > now && !session.is_over(now));
    let own = open.take(MOST_SESSIONS).map(|session| {
        let id = session.access.app_password().map(|access| access.id);
        let app_password = id.and_then(|id| names.get(&id)).map(|name| (*name).to_owned());
        OwnSession { session, app_password }
    });
    Ok(own.collect())
}

/// More than these are not shown on one page.
const MOST_SESSIONS: usize = 100;

/// Names a device in the forms of one account, so that no page holds what its row is found by.
pub(super) fn name_device(ctx: &Context, account: &Did, device: &DeviceId) -> String {
    let length = (account.as_str().len() as u64).to_be_bytes();
    let parts = [b"device name".as_slice(), &length, account.as_str().as_bytes(), device.0.as_bytes()];
    base64url_encode(&hmac_sha256(ctx.keys.device_key(), &parts))
}

//! Recognises a browser by its two cookies, or makes its acquaintance (AS-36).

use std::fmt;

use gatewright_protocol::crypto::hmac_sha256;
use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::secret::DeviceSecret;
use gatewright_store::StoreError;
use gatewright_store::device::{Device, DeviceId};

use crate::context::Context;

/// What the long-lived cookie of a browser holds: `dev-` and 32 hexadecimal digits. Only its digest, a [`DeviceId`], is
/// kept (SEC-31).
pub struct DeviceCookie(String);

impl DeviceCookie {
    /// The cookie of a new device.
    pub fn generate(random: &dyn Random) -> Self {
        Self(format!("dev-{:032x}", u128::from_be_bytes(random_bytes(random))))
    }

    /// What a browser presents; none if it cannot be a cookie of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("dev-").filter(|digits| digits.len() == 32)?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| Self(text.to_owned()))
    }

    /// The name of the device that it belongs to.
    pub fn id(&self) -> DeviceId {
        DeviceId::of_cookie(&self.0)
    }

    /// The cookie in clear: for the browser that it belongs to.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DeviceCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceCookie(…)")
    }
}

/// What a browser presents.
#[derive(Debug)]
pub struct Presented {
    /// Its cookies, if it has both.
    pub cookies: Option<(DeviceCookie, DeviceSecret)>,
    /// Its `User-Agent`.
    pub user_agent: Option<String>,
    /// The network it comes from, as text; only a keyed digest of it is kept.
    pub network: String,
    /// Roughly where that is.
    pub place: String,
}

/// A browser that is known now.
#[derive(Debug)]
pub struct Recognised {
    /// Its name.
    pub id: DeviceId,
    /// The cookie that the name is made of.
    pub cookie: DeviceCookie,
    /// The secret to give it, if it is new or changed.
    pub new_secret: Option<DeviceSecret>,
}

/// Why a browser could not be recognised.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecogniseDeviceError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Recognises a browser, or makes it a new device when `may_create`.
///
/// Its secret is replaced after five minutes, and at once when its name or network changed. The secret before is taken
/// for five seconds more, because requests overlap; after that its use means that two browsers have the same cookies,
/// so the device ends with all its sign-ins.
///
/// # Errors
/// The store failed.
pub async fn recognise_device(
    ctx: &Context,
    presented: Presented,
    may_create: bool,
) -> Result<Option<Recognised>, RecogniseDeviceError> {
    let fingerprint = fingerprint(ctx, &presented);
    if let Some((cookie, secret)) = presented.cookies
        && let Some(device) = ctx.store.find_device(&cookie.id()).await?
    {
        let id = device.id.clone();
        match recognise(ctx, &device, &secret, fingerprint, &presented.place).await? {
            Known::Current => return Ok(Some(Recognised { id, cookie, new_secret: None })),
            Known::Rotated(new) => return Ok(Some(Recognised { id, cookie, new_secret: Some(new) })),
            Known::Stale => ctx.store.delete_device(&id).await?,
        }
    }
    if !may_create {
        return Ok(None);
    }
    let Presented { user_agent, place, .. } = presented;
    Ok(Some(create(ctx, user_agent, place, fingerprint).await?))
}

/// Makes a new device of a browser.
pub(super) async fn create_device(ctx: &Context, presented: Presented) -> Result<Recognised, StoreError> {
    let fingerprint = fingerprint(ctx, &presented);
    create(ctx, presented.user_agent, presented.place, fingerprint).await
}

async fn create(
    ctx: &Context,
    user_agent: Option<String>,
    place: String,
    fingerprint: [u8; 32],
) -> Result<Recognised, StoreError> {
    let now = ctx.now();
    let cookie = DeviceCookie::generate(&*ctx.random);
    let id = cookie.id();
    let secret = DeviceSecret::generate(&*ctx.random);
    let device = Device {
        id: id.clone(),
        secret: secret.hash(),
        previous_secret: None,
        rotated_at: now,
        fingerprint,
        place: Some(place),
        user_agent: user_agent.map(|name| name.chars().take(LONGEST_USER_AGENT).collect()),
        created_at: now,
        seen_at: now,
    };
    ctx.store.create_device(device).await?;
    Ok(Recognised { id, cookie, new_secret: Some(secret) })
}

const LONGEST_USER_AGENT: usize = 200;

enum Known {
    Current,
    Rotated(DeviceSecret),
    Stale,
}

async fn recognise(
    ctx: &Context,
    device: &Device,
    secret: &DeviceSecret,
    fingerprint: [u8; 32],
    place: &str,
) -> Result<Known, StoreError> {
    let (now, lifetimes) = (ctx.now(), &ctx.settings.lifetimes);
    let presented = secret.hash();
    if device.secret.matches(&presented) {
        let is_young = now.since(device.rotated_at) < lifetimes.device_secret;
        if is_young && device.fingerprint == fingerprint {
            return Ok(Known::Current);
        }
        let new = DeviceSecret::generate(&*ctx.random);
        let (id, place) = (&device.id, Some(place.to_owned()));
        let rotated = ctx.store.rotate_device(id, &presented, &new.hash(), fingerprint, place, now).await?;
        // Another request of this browser was faster: it carries the new secret home.
        return Ok(if rotated { Known::Rotated(new) } else { Known::Current });
    }
    let is_previous = device.previous_secret.is_some_and(|previous| previous.matches(&presented));
    let in_grace = now.since(device.rotated_at) <= lifetimes.device_grace;
    Ok(if is_previous && in_grace { Known::Current } else { Known::Stale })
}

fn fingerprint(ctx: &Context, presented: &Presented) -> [u8; 32] {
    let name = presented.user_agent.as_deref().unwrap_or_default();
    let name_length = (name.len() as u64).to_be_bytes();
    hmac_sha256(
        ctx.keys.device_key(),
        &[b"device fingerprint", &name_length, name.as_bytes(), presented.network.as_bytes()],
    )
}

//! Devices: browsers that signed in here (AS-36).

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::secret::DeviceSecretHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;
use crate::account::PasswordHash;
use crate::request::RequestId;

/// Names a device: a digest of the value of its long-lived cookie, so that no row holds a cookie (SEC-31).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId(pub String);

impl DeviceId {
    /// The name of the device that this cookie belongs to.
    pub fn of_cookie(value: &str) -> Self {
        let digest = sha256(value.as_bytes());
        Self(base64url_encode(&digest))
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceId(…)")
    }
}

/// A browser that came here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its name.
    pub id: DeviceId,
    /// Hash of the secret in its second cookie, which rotates.
    pub secret: DeviceSecretHash,
    /// The secret before the last rotation: good for 5 s more, its use after that ends the device (AS-36).
    /// None after a sign-in.
    pub previous_secret: Option<DeviceSecretHash>,
    /// When the secret was last rotated.
    pub rotated_at: UnixTime,
    /// A keyed digest of the browser's name and network, to notice a change; never an address.
    pub fingerprint: [u8; 32],
    /// The first 200 characters of `User-Agent`, for the page on which a person recognises a device.
    pub user_agent: Option<String>,
    /// Roughly where it last came from, for the same page: a network, never an address.
    pub place: Option<String>,
    /// When it first came.
    pub created_at: UnixTime,
    /// When it last came.
    pub seen_at: UnixTime,
}

/// An account that signed in on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAccount {
    /// The device.
    pub device: DeviceId,
    /// The account.
    pub account: Did,
    /// When its password was last proven on this device.
    pub signed_in_at: UnixTime,
    /// When it last proved itself on this device with all that it has: with the password, and a second factor if it has
    /// one. Never before `signed_in_at`, unless a factor was added elsewhere.
    pub proven_at: UnixTime,
    /// `None`: remembered for every request. `Some`: good for this request only (AS-37), or for the pages of the
    /// account where it is [`ACCOUNT_PAGES`].
    pub request: Option<RequestId>,
}

/// In the place of a request's name: a sign-in that is not remembered, made on the pages of the account itself.
pub const ACCOUNT_PAGES: &str = "account";

/// Such a sign-in is forgotten after this long.
pub const ACCOUNT_PAGES_MEMORY: Duration = Duration::from_hours(1);

/// Devices and who signed in on them.
#[async_trait]
pub trait DeviceStore: Send + Sync {
    /// Keeps a new device. [`StoreError::Full`] when there are as many as the store takes.
    async fn create_device(&self, device: Device) -> Result<(), StoreError>;
    /// The device of this name.
    async fn find_device(&self, id: &DeviceId) -> Result<Option<Device>, StoreError>;
    /// Replaces the secret `old` by `new` and notes `fingerprint`, `place` and `now`. False if `old` is not current any more.
    async fn rotate_device(
        &self,
        id: &DeviceId,
        old: &DeviceSecretHash,
        new: &DeviceSecretHash,
        fingerprint: [u8; 32],
        place: Option<String>,
        now: UnixTime,
    ) -> Result<bool, StoreError>;
    /// Forgets a device, its sign-ins with it.
    async fn delete_device(&self, id: &DeviceId) -> Result<(), StoreError>;
    /// Notes that an account signed in, in place of an earlier sign-in of the same account and the same `request`;
    /// with `rotate_to` the device's secret is replaced in the same step, and the one before is good no longer: whoever
    /// planted it must not be signed in with the account.
    ///
    /// `proven` is the hash that the password was checked against; the account signs in only if that is its hash still,
    /// so that a password which was replaced after the check lets nobody in (AS-62). `None` where the store does not
    /// keep the password.
    ///
    /// False, and nothing changed, if there is no such device or `proven` is not the account's.
    async fn sign_in_device(
        &self,
        sign_in: DeviceAccount,
        proven: Option<PasswordHash>,
        rotate_to: Option<DeviceSecretHash>,
    ) -> Result<bool, StoreError>;
    /// Forgets the account on the device.
    async fn sign_out_device(&self, id: &DeviceId, account: &Did) -> Result<(), StoreError>;
    /// Who signed in on the device, newest first: remembered ones, and those of this `request`.
    async fn list_device_accounts(
        &self,
        id: &DeviceId,
        request: Option<&RequestId>,
    ) -> Result<Vec<DeviceAccount>, StoreError>;
    /// Forgets the account on every device but this one. On how many it was signed in.
    async fn sign_out_elsewhere(&self, id: &DeviceId, account: &Did) -> Result<u64, StoreError>;
    /// Every sign-in of the account on every device, remembered or not, newest first.
    async fn list_sign_ins(&self, account: &Did) -> Result<Vec<DeviceAccount>, StoreError>;
    /// Every device on which the account is remembered, the one that came last first.
    async fn list_devices(&self, account: &Did) -> Result<Vec<Device>, StoreError>;
}

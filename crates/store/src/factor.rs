//! Second factors: what an account proves itself with beside its password, and sign-ins that wait for one.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use gatewright_protocol::factor::OneTimeCodeHash;
use gatewright_protocol::secret::DeviceSecretHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;
use crate::account::PasswordHash;
use crate::device::DeviceId;
use crate::request::RequestId;

/// The most factors of one account.
pub const MOST: usize = 20;

/// Names a factor: 16 random bytes, or a digest of the public name of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactorId(pub [u8; 16]);

impl fmt::Display for FactorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl FromStr for FactorId {
    type Err = NotAFactorId;

    fn from_str(text: &str) -> Result<Self, NotAFactorId> {
        let is_name = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok().filter(|_| is_name);
        number.map(|number| Self(number.to_be_bytes())).ok_or(NotAFactorId)
    }
}

/// The text names no factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a factor")]
pub struct NotAFactorId;

/// A second factor of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// Its name.
    pub id: FactorId,
    /// Whose.
    pub account: Did,
    /// Which kind.
    pub kind: FactorKind,
    /// What its owner calls it; empty where there is only one of its kind.
    pub name: String,
    /// What it is checked with, sealed by the caller: the store never sees it in clear.
    pub sealed: Vec<u8>,
    /// Grows with every use: the step of the last code, or what a passkey counts. Zero where nothing is counted.
    pub counter: u64,
    /// When it was added.
    pub created_at: UnixTime,
    /// When it was last used.
    pub used_at: Option<UnixTime>,
}

/// The kinds of factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactorKind {
    /// A code that is sent by mail. An account has one at most.
    Email,
    /// A key that a device or a browser keeps.
    Passkey,
    /// A code that an application makes of the time. An account has one at most.
    Totp,
}

/// A factor to be kept.
#[derive(Clone, Debug)]
pub struct NewFactor {
    /// The factor; `created_at` is now.
    pub factor: Factor,
    /// Recovery codes in place of those that the account has; none leaves those as they are.
    pub recovery_codes: Vec<OneTimeCodeHash>,
    /// Where it was added: everywhere else the account has to prove itself anew before it counts as proven.
    pub device: DeviceId,
}

/// What became of a new factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorCreated {
    /// It is kept.
    Created,
    /// The account has one of its kind, or somebody has this one.
    Taken,
    /// The account has [`MOST`] of them.
    TooMany,
}

/// A use of a factor.
#[derive(Clone, Debug)]
pub struct FactorUse {
    /// Of which one.
    pub id: FactorId,
    /// What it counts now.
    pub counter: u64,
    /// What it is checked with from now on, if that changed.
    pub sealed: Option<Vec<u8>>,
    /// When.
    pub at: UnixTime,
}

/// A sign-in whose password was right, and whose second factor is awaited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingSignIn {
    /// In which browser.
    pub device: DeviceId,
    /// For which request, or [`ACCOUNT_PAGES`](crate::device::ACCOUNT_PAGES).
    pub request: RequestId,
    /// Whose.
    pub account: Did,
    /// Whether the device is to remember the account.
    pub remember: bool,
    /// How often a factor was tried.
    pub tries: u32,
    /// Until when it waits.
    pub ends_at: UnixTime,
}

/// Second factors. Changing a password ends waiting sign-ins; factors stay.
#[async_trait]
pub trait FactorStore: Send + Sync {
    /// Keeps a factor.
    async fn create_factor(&self, new: NewFactor) -> Result<FactorCreated, StoreError>;
    /// The factor of this name.
    async fn find_factor(&self, id: FactorId) -> Result<Option<Factor>, StoreError>;
    /// The factors of an account, oldest first.
    async fn list_factors(&self, account: &Did) -> Result<Vec<Factor>, StoreError>;
    /// Notes a use. False, and nothing changed, if the factor is gone or its counter is not below that of the use; two
    /// zeros are a factor that counts nothing. Of any number of callers with the same count, one is told true.
    async fn use_factor(&self, used: FactorUse) -> Result<bool, StoreError>;
    /// Forgets a factor; with the last one, recovery codes go too. False if the account has none of this name.
    async fn delete_factor(&self, account: &Did, id: FactorId) -> Result<bool, StoreError>;
    /// Puts recovery codes in the place of those that the account has. False, and nothing changed, if it has no factor.
    async fn replace_recovery_codes(
        &self,
        account: &Did,
        codes: Vec<OneTimeCodeHash>,
    ) -> Result<bool, StoreError>;
    /// How many recovery codes the account has left.
    async fn count_recovery_codes(&self, account: &Did) -> Result<usize, StoreError>;
    /// Uses a recovery code up: at most one caller is told true.
    async fn consume_recovery_code(&self, account: &Did, code: OneTimeCodeHash) -> Result<bool, StoreError>;
    /// Keeps a sign-in that waits for a factor, in place of an earlier one of the same device and request. `proven` is as
    /// in [`sign_in_device`](crate::device::DeviceStore::sign_in_device). False, and nothing changed, if there is no such
    /// device or `proven` is not the account's.
    async fn await_factor(
        &self,
        waiting: WaitingSignIn,
        proven: Option<PasswordHash>,
    ) -> Result<bool, StoreError>;
    /// The sign-in that waits in this browser for this request.
    async fn find_waiting_sign_in(
        &self,
        device: &DeviceId,
        request: &RequestId,
        now: UnixTime,
    ) -> Result<Option<WaitingSignIn>, StoreError>;
    /// Counts a try, and yields the sign-in as it is then. `None` if there is none, its time is over, or it was tried
    /// `most` times: it is forgotten then.
    async fn try_waiting_sign_in(
        &self,
        device: &DeviceId,
        request: &RequestId,
        most: u32,
        now: UnixTime,
    ) -> Result<Option<WaitingSignIn>, StoreError>;
    /// Ends the waiting, and signs the account in as [`sign_in_device`](crate::device::DeviceStore::sign_in_device) does,
    /// with `rotate_to` as the device's secret. False, and nothing changed, if no sign-in of this account waits any more.
    async fn complete_waiting_sign_in(
        &self,
        waiting: &WaitingSignIn,
        rotate_to: DeviceSecretHash,
        now: UnixTime,
    ) -> Result<bool, StoreError>;
    /// Notes that an account which is signed in on a device proved itself there. False if it is not signed in there.
    async fn prove_device(&self, device: &DeviceId, account: &Did, at: UnixTime) -> Result<bool, StoreError>;
}

//! Codes that are sent by mail: each good once, for one thing, for a quarter of an hour (SESS-22).

use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::factor::{MailPurpose, OneTimeCodeHash};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;
use crate::account::PasswordHash;

/// How long a code that was sent is good.
pub const LIFETIME: Duration = Duration::from_mins(15);

/// The most codes of one account for one purpose that are good at once. Whoever asks for more in somebody's name fills no
/// mailbox, and ends no code that the person holds.
pub const MOST: usize = 5;

/// A code that was sent to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailCode {
    /// All that is kept of it.
    pub hash: OneTimeCodeHash,
    /// Whose.
    pub account: Did,
    /// What it is for.
    pub purpose: MailPurpose,
    /// Until when it is good.
    pub ends_at: UnixTime,
}

impl MailCode {
    /// Whether its time is over.
    pub fn is_over(&self, now: UnixTime) -> bool {
        self.ends_at <= now
    }
}

/// A new password in exchange for a code.
#[derive(Clone, Debug)]
pub struct ResetPassword {
    /// The code that was sent for it.
    pub code: OneTimeCodeHash,
    /// The hash of the new password.
    pub password: PasswordHash,
    /// Whether app passwords end too, and what came from them (SESS-18).
    pub end_app_passwords: bool,
    /// When.
    pub now: UnixTime,
}

/// A new address in the place of the present one.
#[derive(Clone, Debug)]
pub struct ChangeEmail {
    /// Whose.
    pub account: Did,
    /// The new address.
    pub email: String,
    /// The code that was sent to the present one. It is asked for if that is confirmed.
    pub code: Option<OneTimeCodeHash>,
    /// When.
    pub now: UnixTime,
}

/// What became of a new address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailChanged {
    /// It is the account's, and not confirmed. Codes that were sent to the one before are good for nothing.
    Changed,
    /// The present address is confirmed, and there is no code.
    CodeRequired,
    /// Another account has it.
    Taken,
    /// There is no such code for this account, or no such account.
    Unknown,
}

/// Codes that were sent by mail, and the steps that use one up. A code is used at most once, by one caller, and with it go
/// the others of the same account and purpose. A new password and a new address end all codes of the account.
#[async_trait]
pub trait MailCodeStore: Send + Sync {
    /// Keeps a code. False, and nothing kept, if [`MOST`] of the same account and purpose are good at `now`.
    async fn keep_mail_code(&self, code: MailCode, now: UnixTime) -> Result<bool, StoreError>;
    /// The code of this hash and purpose. It is found for a while after its time is over, too.
    async fn find_mail_code(
        &self,
        code: OneTimeCodeHash,
        purpose: MailPurpose,
    ) -> Result<Option<MailCode>, StoreError>;
    /// Uses a code of the account up that is good for no more than that. False if it has no such code at `now`.
    async fn consume_mail_code(
        &self,
        account: &Did,
        purpose: MailPurpose,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError>;
    /// Notes that the address of the account reaches its owner. False if `email` is not its address (compared in lower
    /// case), or there is no such code.
    async fn confirm_email(
        &self,
        account: &Did,
        email: &str,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError>;
    /// Gives the account another address.
    async fn change_email(&self, change: ChangeEmail) -> Result<EmailChanged, StoreError>;
    /// Replaces the password of the account that the code was sent to, and ends what
    /// [`replace_password`](crate::account::AccountStore::replace_password) ends: whose account it is. `None`, and nothing
    /// changed, if there is no such code.
    async fn reset_password(&self, reset: ResetPassword) -> Result<Option<Did>, StoreError>;
    /// Forgets the account as [`delete_account`](crate::account::AccountStore::delete_account) does, if the code was sent
    /// for that.
    async fn delete_account_by_code(
        &self,
        account: &Did,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError>;
}

//! Accounts: who can sign in here, and whose records are kept here.

use async_trait::async_trait;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// One person's or bot's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who it is, for ever.
    pub did: Did,
    /// Its name at present; lower case.
    pub handle: Handle,
    /// Lower case; unique.
    pub email: Option<String>,
    /// Whether a link sent there was opened.
    pub email_confirmed: bool,
    /// Whether it may act.
    pub status: AccountStatus,
    /// The host that keeps its records, by its DID, where that is not the one beside this store.
    pub host: Option<Did>,
    /// When it was made here.
    pub created_at: UnixTime,
}

/// Whether an account may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    /// It may.
    Active,
    /// Its owner put it to rest.
    Deactivated,
    /// The operator took it down.
    TakenDown,
}

/// What a new account starts with.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The account; `created_at` is now.
    pub account: Account,
    /// A PHC string (argon2id), or none where the account signs in elsewhere.
    pub password: Option<PasswordHash>,
    /// The account's repository signing key, sealed by the caller: the store never sees it in clear.
    pub sealed_signing_key: Option<Vec<u8>>,
}

/// A slow hash of a password, as a PHC string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash(pub String);

/// What became of a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountCreated {
    /// It exists now.
    Created,
    /// The DID has an account here.
    DidTaken,
    /// The address belongs to another account.
    EmailTaken,
    /// The handle belongs to another account.
    HandleTaken,
}

/// What became of a new handle for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleReplaced {
    /// There is no such account.
    NoAccount,
    /// The account has it now.
    Replaced,
    /// It belongs to another account.
    Taken,
}

/// Accounts and their passwords.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Makes an account, all of it or nothing.
    async fn create_account(&self, new: NewAccount) -> Result<AccountCreated, StoreError>;
    /// The account of this DID.
    async fn find_account(&self, did: &Did) -> Result<Option<Account>, StoreError>;
    /// The account that has this handle.
    async fn find_account_by_handle(&self, handle: &Handle) -> Result<Option<Account>, StoreError>;
    /// The account that has this address, compared in lower case.
    async fn find_account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError>;
    /// Up to `limit` accounts in the order of their DIDs, after `after`.
    async fn list_accounts(&self, after: Option<&Did>, limit: usize) -> Result<Vec<Account>, StoreError>;
    /// How many accounts are kept at this host.
    async fn count_accounts(&self, host: &Did) -> Result<u64, StoreError>;
    /// The hash of the account's password.
    async fn find_password(&self, did: &Did) -> Result<Option<PasswordHash>, StoreError>;
    /// Replaces the password and ends every code, token, device sign-in (one that waits for a second factor too) and
    /// legacy session of the account in the same step (AS-62, SESS-18), and every open request of a device on which it was signed in: an approval that was just on
    /// its way is none. App passwords stay.
    /// False if there is no such account.
    async fn replace_password(&self, did: &Did, password: PasswordHash) -> Result<bool, StoreError>;
    /// Replaces the hash `old` by one of the same password with newer parameters; ends nothing. False, and nothing
    /// changed, if `old` is not the account's any more: a password that was replaced meanwhile does not come back.
    async fn rehash_password(
        &self,
        did: &Did,
        old: &PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError>;
    /// Changes whether the account may act. Anything but `Active` ends its codes and tokens in the same step
    /// (AS-62); taking it down ends its legacy sessions too, while a deactivated account needs them to come back
    /// (SESS-19).
    /// False if there is no such account.
    async fn set_account_status(&self, did: &Did, status: AccountStatus) -> Result<bool, StoreError>;
    /// The same, only if the account is still `from`: what its owner decides must not undo what the operator decided
    /// meanwhile. False, and nothing changed, if it is not.
    async fn change_account_status(
        &self,
        did: &Did,
        from: AccountStatus,
        to: AccountStatus,
    ) -> Result<bool, StoreError>;
    /// Gives the account another handle, and frees the one it had, in one step.
    async fn replace_handle(&self, did: &Did, handle: &Handle) -> Result<HandleReplaced, StoreError>;
    /// Forgets the DID and everything that is kept for it: account, sign-ins, consents, codes, tokens, app passwords,
    /// second factors, legacy sessions, preferences, repository and blobs (SESS-19). Works too for an account that is kept elsewhere. False if there was nothing.
    async fn delete_account(&self, did: &Did) -> Result<bool, StoreError>;
    /// The sealed signing key of the account's repository.
    async fn find_signing_key(&self, did: &Did) -> Result<Option<Vec<u8>>, StoreError>;
}

//! Accounts as the server needs them: found by name, their password checked, looked up again later.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use gatewright_protocol::random::Random;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_store::StoreError;
use gatewright_store::account::{Account, AccountStatus, AccountStore, PasswordHash};
use serde_json::Value;

use crate::passwords::{Checked, PasswordError, Passwords};

/// Whose accounts they are. [`StoreAccounts`] keeps them beside everything else; an embedder that has accounts of its
/// own implements this for them.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The account with this password, by handle, DID or e-mail address. `None` if there is no such account or if the
    /// password is wrong; the caller can tell neither from the other, nor should time tell (AS-37).
    async fn check_password(
        &self,
        identifier: &str,
        password: Password,
    ) -> Result<Option<ProvenAccount>, AccountsError>;

    /// The account of this DID.
    async fn find(&self, did: &Did) -> Result<Option<KnownAccount>, AccountsError>;

    /// The account of this handle, DID or e-mail address.
    async fn find_named(&self, identifier: &str) -> Result<Option<KnownAccount>, AccountsError>;

    /// What hashes the passwords that the server's store keeps. `None` where they are kept elsewhere: this server then
    /// sets no new ones, and its pages do not offer to.
    fn kept_passwords(&self) -> Option<&Passwords> {
        None
    }

    /// The DID document of an account as its host knows it: today's clients take the host's address from there
    /// (SESS-13).
    async fn describe(&self, _account: &KnownAccount) -> Result<Option<Value>, AccountsError> {
        Ok(None)
    }

    /// Deletes what is kept of an account elsewhere, such as its records at a host behind this server, before it is deleted
    /// here. What is gone already is no error.
    async fn delete_elsewhere(&self, _did: &Did) -> Result<(), AccountsError> {
        Ok(())
    }
}

/// What the server knows of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAccount {
    /// Who it is.
    pub did: Did,
    /// Its name at present.
    pub handle: Handle,
    /// Whether it may act.
    pub status: AccountStatus,
    /// The resource server that keeps it, where that is not the first of the settings.
    pub audience: Option<Did>,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Whether a link sent there was opened.
    pub email_confirmed: bool,
}

impl From<Account> for KnownAccount {
    fn from(account: Account) -> Self {
        Self {
            did: account.did,
            handle: account.handle,
            status: account.status,
            audience: account.host,
            email: account.email,
            email_confirmed: account.email_confirmed,
        }
    }
}

/// An account whose password was right a moment ago.
#[derive(Clone, Debug)]
pub struct ProvenAccount {
    /// Which.
    pub account: KnownAccount,
    /// The hash that the password was checked against. The account is signed in only if that is its hash still when the
    /// sign-in is kept: a password that was replaced meanwhile lets nobody in (AS-62). `None` where the server's store
    /// does not keep the password: who keeps it elsewhere ends what a new one shall end.
    pub password: Option<PasswordHash>,
}

/// Accounts could not be asked: ours to mend, so nobody's session ends of it (AS-58).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// The embedder's accounts are away.
    #[error("the accounts could not be asked")]
    Elsewhere(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Accounts kept in an [`AccountStore`], with argon2id passwords.
pub struct StoreAccounts {
    store: Arc<dyn AccountStore>,
    passwords: Passwords,
}

impl StoreAccounts {
    /// The accounts of this store.
    pub fn new(store: Arc<dyn AccountStore>, random: Arc<dyn Random>) -> Self {
        Self { store, passwords: Passwords::new(random) }
    }

    /// To hash the passwords of new accounts with.
    pub const fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    async fn find_account(&self, identifier: &str) -> Result<Option<Account>, StoreError> {
        let identifier = identifier.trim();
        if identifier.starts_with("did:") {
            return match identifier.parse() {
                Ok(did) => self.store.find_account(&did).await,
                Err(_) => Ok(None),
            };
        }
        if identifier.chars().skip(1).any(|c| c == '@') {
            return self.store.find_account_by_email(&identifier.to_lowercase()).await;
        }
        match Handle::from_input(identifier) {
            Ok(handle) => self.store.find_account_by_handle(&handle).await,
            Err(_) => Ok(None),
        }
    }
}

#[async_trait]
impl Accounts for StoreAccounts {
    async fn check_password(
        &self,
        identifier: &str,
        password: Password,
    ) -> Result<Option<ProvenAccount>, AccountsError> {
        let account = self.find_account(identifier).await?;
        let expected = match &account {
            Some(account) => self.store.find_password(&account.did).await?,
            None => None,
        };
        let checked = self.passwords.check(password, expected.clone()).await?;
        let (Some(account), Some(expected)) = (account, expected) else { return Ok(None) };
        let password = match checked {
            Checked::Wrong => return Ok(None),
            Checked::Right => expected,
            Checked::RightButOld(new) => {
                // Whoever was faster, with another password or the same, is right: this one is proven no longer.
                let replaced = self.store.rehash_password(&account.did, &expected, new.clone()).await?;
                if replaced { new } else { expected }
            }
        };
        Ok(Some(ProvenAccount { account: account.into(), password: Some(password) }))
    }

    async fn find(&self, did: &Did) -> Result<Option<KnownAccount>, AccountsError> {
        Ok(self.store.find_account(did).await?.map(Into::into))
    }

    async fn find_named(&self, identifier: &str) -> Result<Option<KnownAccount>, AccountsError> {
        Ok(self.find_account(identifier).await?.map(Into::into))
    }

    fn kept_passwords(&self) -> Option<&Passwords> {
        Some(&self.passwords)
    }
}

impl fmt::Debug for StoreAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreAccounts").finish_non_exhaustive()
    }
}

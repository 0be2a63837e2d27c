//! App passwords: what clients without OAuth sign in with, each with what it may do, until when, and when it last did.

use async_trait::async_trait;
use gatewright_protocol::app_password::{AppPasswordHash, AppPasswordName};
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;

/// The most app passwords of one account (APP-3).
pub const MOST: usize = 100;

/// Names an app password for its whole life: 16 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppPasswordId(pub [u8; 16]);

/// An app password, without the secret and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPassword {
    /// Which one, for ever: a later one of the same name is another (SESS-17).
    pub id: AppPasswordId,
    /// Whose.
    pub account: Did,
    /// What its owner calls it; unique in the account.
    pub name: AppPasswordName,
    /// Whether it opens direct messages too.
    pub privileged: bool,
    /// What it may do, as it was asked for (`include:` unexpanded). `None`: everything that app passwords may.
    pub scope: Option<Scopes>,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it ends, if it does by itself.
    pub expires_at: Option<UnixTime>,
    /// When a session was last begun or refreshed with it.
    pub last_use: Option<AppPasswordUse>,
}

impl AppPassword {
    /// Whether its time has passed.
    pub fn is_over(&self, now: UnixTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// A use of an app password, as coarse as its owner needs to recognise it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPasswordUse {
    /// When.
    pub at: UnixTime,
    /// The name that the client gave itself.
    pub client: Option<String>,
    /// Where from: a whole network, never an address.
    pub network: Option<String>,
}

/// An app password to be kept.
#[derive(Clone, Debug)]
pub struct NewAppPassword {
    /// The app password; `created_at` is now.
    pub app_password: AppPassword,
    /// What its secret is looked up by.
    pub hash: AppPasswordHash,
}

/// What became of a new app password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppPasswordCreated {
    /// It exists now.
    Created,
    /// The account has one of this name.
    NameTaken,
    /// The account has [`MOST`] of them.
    TooMany,
}

/// App passwords. Those whose time has passed count for nothing, whether they were swept or not.
#[async_trait]
pub trait AppPasswordStore: Send + Sync {
    /// Keeps an app password.
    async fn create_app_password(&self, new: NewAppPassword) -> Result<AppPasswordCreated, StoreError>;
    /// The app password of the account that has this hash, be its time over or not.
    async fn find_app_password(
        &self,
        account: &Did,
        hash: &AppPasswordHash,
    ) -> Result<Option<AppPassword>, StoreError>;
    /// The app passwords of an account, newest first; those whose time is over may be among them.
    async fn list_app_passwords(&self, account: &Did) -> Result<Vec<AppPassword>, StoreError>;
    /// Ends an app password with every session that was begun with it, in one step (APP-5). False if there was none.
    async fn revoke_app_password(&self, account: &Did, name: &AppPasswordName) -> Result<bool, StoreError>;
}

//! Keeping the state of an authorization server and its host.
//!
//! One trait per noun, each method one atomic business step: no transaction leaks upward, and every back end
//! that passes `contract` serves as well as another. Rows hold no code, refresh token or device secret in clear.
//!
//! # Adding a method
//!
//! 1. Promise it in the trait of its noun (`token.rs`), in terms of what happens to the row.
//! 2. State the promise as a test in `contract/token.rs`.
//! 3. Keep it in `memory/token.rs`.
//! 4. Keep it in `sqlite/token.rs` and `postgres/token.rs`, with the SQL as `const` text in the list at the end of each file.

pub mod account;
pub mod app_password;
pub mod approved_set;
pub mod blob;
pub mod consent;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod device;
pub mod error;
pub mod factor;
pub mod invite_code;
pub mod legacy_session;
pub mod lexicon;
pub mod limits;
pub mod mail_code;
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod preference;
pub mod replay;
mod replay_memory;
pub mod repo;
pub mod request;
pub mod scope_reference;
pub mod security_event;
pub mod set_change;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod sweep;
pub mod token;

pub use error::{Corrupt, StoreError};
pub use limits::Limits;

use account::AccountStore;
use app_password::AppPasswordStore;
use blob::BlobStore;
use consent::ConsentStore;
use device::DeviceStore;
use factor::FactorStore;
use invite_code::InviteCodeStore;
use legacy_session::LegacySessionStore;
use lexicon::LexiconStore;
use mail_code::MailCodeStore;
use preference::PreferenceStore;
use replay::ReplayStore;
use repo::RepoStore;
use request::RequestStore;
use scope_reference::ScopeReferenceStore;
use security_event::SecurityEventStore;
use set_change::SetChangeStore;
use sweep::Sweep;
use token::TokenStore;

/// What an authorization server keeps.
pub trait AuthorizationStore:
    AccountStore
    + AppPasswordStore
    + ConsentStore
    + DeviceStore
    + FactorStore
    + LegacySessionStore
    + LexiconStore
    + MailCodeStore
    + ReplayStore
    + RequestStore
    + ScopeReferenceStore
    + SecurityEventStore
    + SetChangeStore
    + Sweep
    + TokenStore
{
}
impl<T> AuthorizationStore for T where
    T: AccountStore
        + AppPasswordStore
        + ConsentStore
        + DeviceStore
        + FactorStore
        + LegacySessionStore
        + LexiconStore
        + MailCodeStore
        + ReplayStore
        + RequestStore
        + ScopeReferenceStore
        + SecurityEventStore
        + SetChangeStore
        + Sweep
        + TokenStore
        + ?Sized
{
}

/// What a record host keeps.
pub trait HostStore:
    AccountStore + BlobStore + FactorStore + InviteCodeStore + PreferenceStore + RepoStore
{
}
impl<T: AccountStore + BlobStore + FactorStore + InviteCodeStore + PreferenceStore + RepoStore + ?Sized>
    HostStore for T
{
}

/// What a server and a host beside it keep in one place.
pub trait Store: AuthorizationStore + HostStore {}
impl<T: AuthorizationStore + HostStore + ?Sized> Store for T {}

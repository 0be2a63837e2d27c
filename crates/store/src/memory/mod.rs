//! Everything in the memory of the process: for tests and examples, gone when it ends.
//!
//! One lock around all tables makes each method atomic by itself; nothing is awaited while it is held.

mod account;
mod app_password;
mod blob;
mod consent;
mod device;
mod factor;
mod invite_code;
mod legacy_session;
mod lexicon;
mod mail_code;
mod preference;
mod replay;
mod repo;
mod request;
mod scope_reference;
mod security_event;
mod set_change;
mod sweep;
mod token;

use parking_lot::{Mutex, MutexGuard};

use crate::replay_memory::ReplayMemory;
use crate::{Limits, StoreError};

/// A store in the memory of the process.
#[derive(Debug)]
pub struct Memory {
    limits: Limits,
    proofs: ReplayMemory,
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    accounts: account::Accounts,
    app_passwords: app_password::AppPasswords,
    blobs: blob::Blobs,
    consents: consent::Consents,
    devices: device::Devices,
    factors: factor::Factors,
    invitations: invite_code::Invitations,
    legacy_sessions: legacy_session::LegacySessions,
    lexicons: lexicon::Lexicons,
    mail_codes: mail_code::MailCodes,
    preferences: preference::Preferences,
    replays: replay::Replays,
    repos: repo::Repos,
    requests: request::Requests,
    scope_references: scope_reference::ScopeReferences,
    security_events: security_event::SecurityEvents,
    tokens: token::Tokens,
}

const ENGINE: &str = "memory";

impl Memory {
    /// An empty one with the limits of [`Limits::MEMORY`].
    pub fn new() -> Self {
        Self::with_limits(Limits::MEMORY)
    }

    /// An empty one.
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, proofs: ReplayMemory::new(ENGINE, limits.proofs), tables: Mutex::default() }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock()
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

fn full(what: &'static str) -> StoreError {
    StoreError::Full { engine: ENGINE, what }
}

/// A name that must be new is not: the caller drew it by chance, so this is a defect, not an outcome.
fn name_taken(what: &'static str) -> StoreError {
    StoreError::Backend { engine: ENGINE, source: format!("the name of the {what} is taken").into() }
}

fn holds(length: usize, limit: u64) -> bool {
    u64::try_from(length).is_ok_and(|length| length < limit)
}

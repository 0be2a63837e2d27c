//! Permission sets: a published lexicon → the scopes that an `include:` of it grants, and the bounds it keeps to.
//!
//! [`PermissionSet::from_document`] reads the lexicon, [`PermissionSet::expand`] is the one function that turns an
//! `include:` into permissions: at the pushed request, on the consent page, when a code is exchanged and at every
//! refresh (PS-20). What an entry of a set may say is bounded, because its author is a stranger to the person who
//! approves it:
//!
//! 1. Only `repo` and `rpc` (PS-5), named one by one: no `*` (PS-6, PS-7).
//! 2. Only what lies in the namespace of the set itself, that is the set's own group and what is below it (PS-9).
//! 3. Never a service that the set chose: every service, or the one that the application named (PS-7).
//! 4. Nothing half understood: a parameter that is not known here drops its entry (PS-8).
//! 5. Each entry becomes one scope that reads as the same permission again (PS-29), or nothing.
//!
//! An entry that breaks a rule is dropped with its [`DropReason`]; the others stand.
//!
//! [`Difference`] compares what two lists of scopes grant, by meaning: what a set gained or lost between two refreshes,
//! and what is new since a person last approved. [`lint`](fn@lint) is for authors, before they publish.

mod difference;
mod document;
mod entry;
mod expand;
mod lint;
mod namespace;
mod reason;
mod text;

#[cfg(test)]
mod tests;

pub use difference::{Change, Difference};
pub use document::{
    InvalidPermissionSet, MAX_BYTES, MAX_ENTRIES, MAX_INCLUDES, MAX_VALUES, PermissionSet, TYPE,
};
pub use entry::permission;
pub use expand::{Dropped, Entry, Expansion};
pub use lint::{Finding, Lint, lint};
pub use namespace::is_within;
pub use reason::DropReason;
pub use text::{MAX_DETAIL, MAX_TITLE};

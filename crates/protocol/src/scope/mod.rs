//! The scope language of the AT Protocol: parse, normal form, match, describe.
//!
//! A *scope* is text; a [`Permission`] is what a scope means; a [`Need`] is one single thing a request asks for.
//! Scopes that mean nothing here grant nothing and are dropped without an error (SC-8).
//!
//! # Adding a resource
//!
//! 1. Write its file: a type that implements the trait `Resource` of `permission.rs` (read, print, grant, describe)
//!    and, where requests can need it, a type for that.
//! 2. Add its row to the table in `permission.rs`.
//! 3. Give its sentences an English text in `describe.rs`.

mod account;
mod blob;
mod describe;
mod error;
mod fixed;
mod identity;
mod include;
mod index;
mod matches;
mod parse;
mod permission;
mod reference;
mod repo;
mod rpc;
mod set;
mod transition;
mod values;
mod why_not;

#[cfg(test)]
mod tests;

pub use account::{Account, AccountAction, AccountAttr, AccountNeed};
pub use blob::{Blob, BlobNeed, is_accept, is_mime, matches_accept};
pub use describe::{ENGLISH, Sentence, Warning, sentences};
pub use error::InvalidScope;
pub(crate) use error::shorten;
pub use fixed::Atproto;
pub use identity::{Identity, IdentityAttr, IdentityNeed};
pub use include::Include;
pub use matches::{Considered, Permissions};
pub use parse::{Params, Syntax};
pub use permission::{Need, Permission, RESOURCES};
pub use reference::REFERENCE;
pub use repo::{Repo, RepoAction, RepoNeed};
pub use rpc::{Rpc, RpcNeed};
pub use set::{InvalidScopes, MAX_LENGTH, MAX_TOKENS, Scopes};
pub use transition::Transition;
pub use values::{Audience, AudienceOrAny, NsidOrAny};

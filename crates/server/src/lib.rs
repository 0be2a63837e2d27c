//! An embeddable authorization server for the AT Protocol: pushed requests, the pages on which a person signs in and
//! consents, codes, tokens, revocation.
//!
//! One way down: `http` turns a request into domain types, `operations` decide, the store keeps. Only
//! `http/errors.rs` turns what an operation refused into an answer.

pub mod accounts;
mod builder;
pub mod context;
mod counts;
mod http;
mod i18n;
pub mod keys;
pub mod lexicons;
pub mod notices;
pub mod operations;
mod pages;
mod passkeys;
pub mod passwords;
pub mod permission_sets;
pub mod preview;
mod router;
pub mod secret_file;
mod sentences;
pub mod settings;
pub mod sign_ups;
#[cfg(feature = "mail")]
pub mod smtp;
mod tasks;

pub use builder::{AuthorizationServer, BuildError, Builder};

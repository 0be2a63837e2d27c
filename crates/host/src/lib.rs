//! Keeping accounts' records and blobs, and answering `com.atproto.*`, so that a token has something real to act on.
//!
//! | module | what it holds |
//! |---|---|
//! | [`operations`] | what the host does, one operation a file |
//! | [`http`] | how it is asked: the table of routes, parameters, errors |
//! | [`repo`] | the signed tree of an account's records |
//! | [`blobs`] | the bytes of uploaded media |
//! | [`proxy`] | calls that go on to other services |
//! | [`entryway`] | hosts behind this one, which keep the records of its accounts |
//! | [`identity`], [`plc`] | whom the host asks about identities |
//! | [`settings`] | what an operator decides |

pub mod blobs;
pub mod context;
pub mod entryway;
mod host;
pub mod http;
pub mod identity;
mod limits;
pub mod operations;
pub mod plc;
pub mod proxy;
pub mod repo;
pub mod settings;
mod signing_key;
mod tasks;
mod tids;

pub use host::{Builder, Host, Keys, StartError, TellError};

#[cfg(test)]
mod tests;

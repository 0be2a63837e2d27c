//! The server over its router, with a store in memory: the lines of the security checklist that concern it.

mod support;

mod answers;
mod clients;
mod codes;
mod documents;
mod limits;
mod proofs;
mod refresh;
mod requests;
mod revoke;
mod sign_in;
mod thin_line;

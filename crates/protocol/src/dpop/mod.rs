//! Proof of possession (RFC 9449): building and checking proofs, and the nonces that keep them fresh.
//!
//! [`proof`] builds one for a client, [`verify`] checks one at a server, [`nonce`] hands out what each proof must carry.

pub mod nonce;
pub mod proof;
pub mod verify;

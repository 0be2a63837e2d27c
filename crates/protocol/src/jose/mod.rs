//! JSON Object Signing, as far as the protocol uses it: public EC keys, their thumbprints, compact JWS with a closed
//! set of algorithms. Nothing here encrypts, and `none` does not exist.

mod algorithm;
mod base64url;
pub mod jwk;
pub mod jws;
mod published;
mod set;
#[cfg(test)]
mod tests;
mod thumbprint;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use base64url::{decode as base64url_decode, encode as base64url_encode};
pub use jwk::{Jwk, JwkError};
pub use published::PublishedKey;
pub use set::{JwkSet, JwkSetError};
pub use thumbprint::{InvalidThumbprint, Thumbprint};

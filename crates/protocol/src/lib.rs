//! What the AT Protocol's authorization specifications say, as types and pure functions.
//!
//! The promise of this crate: no input or output, no clock, no randomness. Time comes in as a [`time::UnixTime`],
//! randomness as bytes, so every rule here can be read, tested and fuzzed alone.
//!
//! | module | what it holds |
//! |---|---|
//! | [`syntax`] | DIDs, handles, NSIDs, at-URIs, record keys, TIDs, datetimes |
//! | [`crypto`] | P-256 and K-256 keys, did:key, the low-S rule, hashes, sealing |
//! | [`jose`] | JWK, thumbprints, compact JWS with a closed set of algorithms |
//! | [`json`] | JSON of strangers: objects, read as objects only |
//! | [`data_model`] | values of records: DAG-CBOR in blocks, JSON on the wire |
//! | [`dpop`] | building and checking proofs, rotating nonces |
//! | [`oauth`] | requests, answers, errors and metadata documents of OAuth |
//! | [`scope`] | the scope language: parse, normal form, match, describe |
//! | [`permission_set`] | published sets of permissions: what an `include:` grants, and what changed in it |
//! | [`did_document`] | host, key and handle out of a DID document |
//! | [`plc`] | did:plc operations: signing, checking, the DID of a genesis |
//! | [`repo_proof`] | that a record is in a repository, signed by its account's key |
//! | [`service_auth`] | service tokens: an account calls a service in its own name |
//! | [`secret`] | tokens, codes and passwords that cannot be printed, and their hashes |
//! | [`app_password`] | passwords for clients without OAuth |
//! | [`factor`] | second factors: TOTP, codes that are good once |
//! | [`legacy`] | the bearer tokens of password sessions |

pub mod app_password;
pub mod crypto;
pub mod data_model;
pub mod did_document;
pub mod dpop;
pub mod email;
pub mod factor;
pub mod invite_code;
pub mod jose;
pub mod json;
pub mod legacy;
pub mod oauth;
pub mod permission_set;
pub mod plc;
pub mod random;
pub mod repo_proof;
pub mod scope;
pub mod secret;
pub mod service_auth;
pub mod syntax;
pub mod time;

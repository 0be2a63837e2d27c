//! The host as a whole, on a store in memory: asked over its routes, with nothing on the network.

mod access;
mod blobs;
mod guarded;
mod identity;
mod life;
mod limits;
mod preferences;
mod profiles;
mod proofs;
mod proxy;
mod records;
mod service_tokens;
mod sign_up;
mod support;

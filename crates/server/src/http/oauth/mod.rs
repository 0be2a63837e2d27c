//! `/oauth/…`: a file for each path.

pub(crate) mod account;
pub(crate) mod authorize;
pub(crate) mod cancel;
pub(crate) mod consent;
pub(crate) mod factor;
pub(crate) mod jwks;
pub(crate) mod not_a_page;
pub(crate) mod par;
pub(crate) mod passkey;
pub(crate) mod revoke;
mod screen;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod token;

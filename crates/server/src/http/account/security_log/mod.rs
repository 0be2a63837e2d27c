//! `/account/security-log…`: what happened to an account (SEC-71).

pub(crate) mod download;
pub(crate) mod home;

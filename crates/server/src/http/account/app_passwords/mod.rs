//! `/account/app-passwords…`: what programs without OAuth sign in with (APP-12).

pub(crate) mod create;
pub(crate) mod home;
pub(crate) mod revoke;

//! HTTP: from a request to an operation, and back.

pub(crate) mod account;
pub(crate) mod app;
pub(crate) mod assets;
pub(crate) mod csrf;
pub(crate) mod errors;
pub(crate) mod extract;
pub(crate) mod headers;
pub(crate) mod limits;
pub(crate) mod loopbacks;
pub(crate) mod machine;
pub(crate) mod mail;
pub(crate) mod oauth;
pub(crate) mod step_up;
pub(crate) mod well_known;
pub(crate) mod xrpc;

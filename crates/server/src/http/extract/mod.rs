//! From bytes to domain types: one extractor per thing, each with a named rejection.

pub(crate) mod account_form;
pub(crate) mod client_auth;
pub(crate) mod device;
pub(crate) mod dpop_proof;
pub(crate) mod factor_proof;
pub(crate) mod form;
pub(crate) mod guest;
pub(crate) mod locale;
pub(crate) mod page_form;
pub(crate) mod peer;
pub(crate) mod visitor;

//! `com.atproto.identity.*`.

pub(crate) mod resolve_handle;
pub(crate) mod update_handle;

//! `com.atproto.identity.*`.

pub(crate) mod resolve_handle;

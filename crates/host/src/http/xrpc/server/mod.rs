//! `com.atproto.server.*`.

pub(crate) mod describe_server;
pub(crate) mod get_service_auth;
pub(crate) mod get_session;

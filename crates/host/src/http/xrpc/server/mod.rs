//! `com.atproto.server.*`.

pub(crate) mod activate_account;
pub(crate) mod check_account_status;
pub(crate) mod create_invite_code;
pub(crate) mod create_invite_codes;
pub(crate) mod deactivate_account;
pub(crate) mod describe_server;
pub(crate) mod get_account_invite_codes;
pub(crate) mod get_service_auth;
pub(crate) mod get_session;

//! `/xrpc/com.atproto.server.…`, as far as it is about sessions: the path of a file is the name of its method.

pub(crate) mod body;
pub(crate) mod count;
pub(crate) mod create_app_password;
pub(crate) mod create_session;
pub(crate) mod delete_session;
pub(crate) mod errors;
pub(crate) mod list_app_passwords;
pub(crate) mod refresh_session;
pub(crate) mod revoke_app_password;
pub(crate) mod session;

//! `/xrpc/com.atproto.server.…`, as far as it is about sessions: the path of a file is the name of its method.

pub(crate) mod body;
pub(crate) mod confirm_email;
pub(crate) mod count;
pub(crate) mod create_account;
pub(crate) mod create_app_password;
pub(crate) mod create_session;
pub(crate) mod delete_account;
pub(crate) mod delete_session;
pub(crate) mod dereference_scope;
pub(crate) mod errors;
pub(crate) mod list_app_passwords;
pub(crate) mod refresh_session;
pub(crate) mod request_account_delete;
pub(crate) mod request_email_confirmation;
pub(crate) mod request_email_update;
pub(crate) mod request_password_reset;
pub(crate) mod reset_password;
pub(crate) mod revoke_app_password;
pub(crate) mod session;
pub(crate) mod update_email;

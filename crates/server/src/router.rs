//! Every route, one table.

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use gatewright_guard::{Guard, GuardLayer};
use gatewright_protocol::oauth::server_metadata;

use crate::http::account::{
    app_passwords, approve, devices, end_session, factors, home, passkey as own_passkey, prove,
    reset_password as forgotten, security_log, sign_in as own_sign_in, sign_out,
};
use crate::http::app::App;
use crate::http::assets;
use crate::http::machine::{dpop_endpoint, method_not_allowed, preflight};
use crate::http::oauth::not_a_page::not_a_page;
use crate::http::oauth::{
    account, authorize, cancel, consent, factor, jwks, par, passkey, revoke, sign_in, sign_up, token,
};
use crate::http::well_known::{authorization_server, change_password};
use crate::http::xrpc::count::count;
use crate::http::xrpc::errors::XrpcRefusal;
use crate::http::xrpc::{
    confirm_email, create_account, create_app_password, create_session, delete_account, delete_session,
    dereference_scope, list_app_passwords, refresh_session, request_account_delete,
    request_email_confirmation, request_email_update, request_password_reset, reset_password,
    revoke_app_password, update_email,
};
use crate::pages::paths;

/// Where requests are pushed.
pub(crate) const PAR: &str = "/oauth/par";
const TOKEN: &str = "/oauth/token";
/// Where sessions are ended.
pub(crate) const REVOKE: &str = "/oauth/revoke";
const JWKS: &str = "/oauth/jwks";
const CHANGE_PASSWORD: &str = "/.well-known/change-password";

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route(PAR, program(&app, par::post))
        .route(TOKEN, program(&app, token::post))
        .route(REVOKE, program(&app, revoke::post))
        .route(JWKS, get(jwks::get).options(preflight))
        .route(server_metadata::PATH, get(authorization_server::get).options(preflight))
        .route(paths::AUTHORIZE, get(authorize::get))
        .route(paths::SIGN_IN, get(sign_in::get).post(sign_in::post))
        .route(paths::SIGN_UP, get(sign_up::get).post(sign_up::post))
        .route(paths::ACCOUNT, get(account::get).post(account::post))
        .route(paths::CONSENT, post(consent::post).fallback(not_a_page))
        .route(paths::FACTOR, post(factor::post).fallback(not_a_page))
        .route(paths::PASSKEY, post(passkey::post).fallback(not_a_page))
        .route(paths::CANCEL, post(cancel::post).fallback(not_a_page))
        .route(paths::OWN_ACCOUNT, get(home::get))
        .route(paths::OWN_SIGN_IN, post(own_sign_in::post).fallback(not_a_page))
        .route(paths::OWN_PASSKEY, post(own_passkey::post).fallback(not_a_page))
        .route(paths::OWN_FACTOR, post(prove::post).fallback(not_a_page))
        .route(paths::FACTORS, get(factors::home::get))
        .route(paths::ADD_EMAIL_FACTOR, post(factors::email::post).fallback(not_a_page))
        .route(paths::CONFIRM_EMAIL_FACTOR, post(factors::email::confirm).fallback(not_a_page))
        .route(paths::ADD_PASSKEY, post(factors::passkey::post).fallback(not_a_page))
        .route(paths::CONFIRM_PASSKEY, post(factors::passkey::confirm).fallback(not_a_page))
        .route(paths::ADD_TOTP, post(factors::totp::post).fallback(not_a_page))
        .route(paths::CONFIRM_TOTP, post(factors::totp::confirm).fallback(not_a_page))
        .route(paths::RENEW_RECOVERY, post(factors::recovery_codes::post).fallback(not_a_page))
        .route(paths::REMOVE_FACTOR, post(factors::remove::post).fallback(not_a_page))
        .route(paths::APP_PASSWORDS, get(app_passwords::home::get))
        .route(paths::CREATE_APP_PASSWORD, post(app_passwords::create::post).fallback(not_a_page))
        .route(paths::REVOKE_APP_PASSWORD, post(app_passwords::revoke::post).fallback(not_a_page))
        .route(paths::DEVICES, get(devices::home::get))
        .route(paths::SIGN_OUT_DEVICE, post(devices::sign_out::post).fallback(not_a_page))
        .route(paths::SIGN_OUT_OTHERS, post(devices::sign_out_others::post).fallback(not_a_page))
        .route(paths::END_PASSWORD_SESSION, post(devices::end_session::post).fallback(not_a_page))
        .route(paths::SECURITY_LOG, get(security_log::home::get))
        .route(paths::SECURITY_LOG_DOWNLOAD, get(security_log::download::get))
        .route(paths::OWN_SIGN_OUT, post(sign_out::post).fallback(not_a_page))
        .route(paths::END_SESSION, post(end_session::post).fallback(not_a_page))
        .route(paths::APPROVE_HELD, post(approve::post).fallback(not_a_page))
        .route(paths::RESET_PASSWORD, get(forgotten::home::get).post(forgotten::home::post))
        .route(paths::USE_RESET_CODE, get(forgotten::code::get).post(forgotten::code::post))
        .route(paths::PASSWORD_RESET, get(forgotten::done::get))
        .route(CHANGE_PASSWORD, get(change_password::get))
        .route(&app.look.stylesheet_path, get(assets::stylesheet))
        .route(&app.look.script_path, get(assets::script))
        .with_state(app)
}

/// The methods about password sessions, behind the guard of the resource server that they are for.
pub(crate) fn xrpc(app: App, guard: &Guard) -> Router {
    Router::new()
        .route("/xrpc/com.atproto.server.confirmEmail", post(confirm_email::post))
        .route("/xrpc/com.atproto.server.createAccount", post(create_account::post))
        .route("/xrpc/com.atproto.server.createAppPassword", post(create_app_password::post))
        .route("/xrpc/com.atproto.server.createSession", post(create_session::post))
        .route("/xrpc/com.atproto.server.deleteAccount", post(delete_account::post))
        .route("/xrpc/com.atproto.server.deleteSession", post(delete_session::post))
        .route("/xrpc/com.atproto.server.listAppPasswords", get(list_app_passwords::get))
        .route("/xrpc/com.atproto.server.refreshSession", post(refresh_session::post))
        .route("/xrpc/com.atproto.server.requestAccountDelete", post(request_account_delete::post))
        .route("/xrpc/com.atproto.server.requestEmailConfirmation", post(request_email_confirmation::post))
        .route("/xrpc/com.atproto.server.requestEmailUpdate", post(request_email_update::post))
        .route("/xrpc/com.atproto.server.requestPasswordReset", post(request_password_reset::post))
        .route("/xrpc/com.atproto.server.resetPassword", post(reset_password::post))
        .route("/xrpc/com.atproto.server.revokeAppPassword", post(revoke_app_password::post))
        .route("/xrpc/com.atproto.server.updateEmail", post(update_email::post))
        .route("/xrpc/com.atproto.temp.dereferenceScope", get(dereference_scope::get))
        .method_not_allowed_fallback(async || XrpcRefusal::wrong_verb())
        .layer(GuardLayer::new(guard.clone()))
        .layer(from_fn_with_state(app.clone(), count))
        .with_state(app)
}

/// An endpoint that programs post to with a proof.
fn program<H: Handler<T, App>, T: 'static>(app: &App, handler: H) -> MethodRouter<App> {
    post(handler)
        .options(preflight)
        .fallback(method_not_allowed)
        .layer(from_fn_with_state(app.clone(), dpop_endpoint))
}

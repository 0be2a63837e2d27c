//! Every route, one table.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use gatewright_guard::{Guard, GuardLayer, cors};

use super::xrpc::{actor, health, identity, proxy, repo, server, sync, wrong_verb};
use super::{lead_on, limits, well_known};
use crate::context::Context;

/// The routes of a host: `/xrpc/…` behind the guard, and the documents about its names and tokens.
pub fn router(context: Arc<Context>, guard: &Guard) -> Router {
    let led_on = xrpc().layer(from_fn_with_state(Arc::clone(&context), lead_on::layer));
    let guarded = led_on.layer(GuardLayer::new(guard.clone()));
    counted(guarded, &context).merge(by_name()).merge(guard.well_known()).with_state(context)
}

/// The same without the guard: nobody calls, so nothing that needs a caller is answered.
#[cfg(test)]
pub(crate) fn unguarded(context: Arc<Context>) -> Router {
    counted(xrpc(), &context).merge(by_name()).with_state(context)
}

/// Requests are counted before anything is checked: checking is what a flood of them would cost.
fn counted(routes: Router<Arc<Context>>, context: &Arc<Context>) -> Router<Arc<Context>> {
    if context.limits.is_enabled() {
        routes.layer(from_fn_with_state(Arc::clone(context), limits::count))
    } else {
        routes
    }
}

/// Who may call what is the guard's table; CORS and preflights are the guard's, too.
fn xrpc() -> Router<Arc<Context>> {
    Router::new()
        .route("/xrpc/_health", get(health))
        .route("/xrpc/app.bsky.actor.getPreferences", get(actor::get_preferences::get))
        .route("/xrpc/app.bsky.actor.getProfile", get(actor::get_profile::get))
        .route("/xrpc/app.bsky.actor.getProfiles", get(actor::get_profiles::get))
        .route("/xrpc/app.bsky.actor.putPreferences", post(actor::put_preferences::post))
        .route("/xrpc/com.atproto.identity.resolveHandle", get(identity::resolve_handle::get))
        .route("/xrpc/com.atproto.identity.updateHandle", post(identity::update_handle::post))
        .route("/xrpc/com.atproto.repo.applyWrites", post(repo::apply_writes::post))
        .route("/xrpc/com.atproto.repo.createRecord", post(repo::create_record::post))
        .route("/xrpc/com.atproto.repo.deleteRecord", post(repo::delete_record::post))
        .route("/xrpc/com.atproto.repo.describeRepo", get(repo::describe_repo::get))
        .route("/xrpc/com.atproto.repo.getRecord", get(repo::get_record::get))
        .route("/xrpc/com.atproto.repo.listRecords", get(repo::list_records::get))
        .route("/xrpc/com.atproto.repo.putRecord", post(repo::put_record::post))
        .route("/xrpc/com.atproto.repo.uploadBlob", post(repo::upload_blob::post))
        .route("/xrpc/com.atproto.server.activateAccount", post(server::activate_account::post))
        .route("/xrpc/com.atproto.server.checkAccountStatus", get(server::check_account_status::get))
        .route("/xrpc/com.atproto.server.createInviteCode", post(server::create_invite_code::post))
        .route("/xrpc/com.atproto.server.createInviteCodes", post(server::create_invite_codes::post))
        .route("/xrpc/com.atproto.server.deactivateAccount", post(server::deactivate_account::post))
        .route("/xrpc/com.atproto.server.describeServer", get(server::describe_server::get))
        .route("/xrpc/com.atproto.server.getAccountInviteCodes", get(server::get_account_invite_codes::get))
        .route("/xrpc/com.atproto.server.getServiceAuth", get(server::get_service_auth::get))
        .route("/xrpc/com.atproto.server.getSession", get(server::get_session::get))
        .route("/xrpc/com.atproto.sync.getBlob", get(sync::get_blob::get))
        .route("/xrpc/com.atproto.sync.getLatestCommit", get(sync::get_latest_commit::get))
        .route("/xrpc/com.atproto.sync.getRecord", get(sync::get_record::get))
        .route("/xrpc/com.atproto.sync.getRepo", get(sync::get_repo::get))
        .route("/xrpc/com.atproto.sync.getRepoStatus", get(sync::get_repo_status::get))
        .route("/xrpc/com.atproto.sync.listBlobs", get(sync::list_blobs::get))
        .route("/xrpc/com.atproto.sync.listRepos", get(sync::list_repos::get))
        .route("/xrpc/{*method}", any(proxy::any))
        .method_not_allowed_fallback(wrong_verb)
}

/// What is asked by the name of the host, without credentials.
fn by_name() -> Router<Arc<Context>> {
    Router::new()
        .route("/.well-known/atproto-did", get(well_known::atproto_did))
        .route("/.well-known/did.json", get(well_known::did_json))
        .layer(from_fn(cors::open))
}

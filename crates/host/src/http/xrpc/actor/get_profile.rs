//! `GET /xrpc/app.bsky.actor.getProfile`.

use axum::Json;

use super::ProfileShown;
use crate::http::caller::Caller;
use crate::http::params::Params;
use crate::http::xrpc::{Answer, App};
use crate::operations::find_profile::find_profile;

pub(crate) async fn get(context: App, caller: Caller, params: Params) -> Answer<ProfileShown> {
    let profile = find_profile(&context, caller.did(), &params.required("actor")?).await?;
    Ok(Json(ProfileShown::new(&context, profile)))
}

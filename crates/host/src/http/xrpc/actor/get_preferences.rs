//! `GET /xrpc/app.bsky.actor.getPreferences`.

use axum::Json;
use serde::Serialize;
use serde_json::Value;

use crate::http::caller::Caller;
use crate::http::xrpc::{Answer, App};
use crate::operations::find_preferences::find_preferences;

#[derive(Serialize)]
pub(crate) struct Output {
    preferences: Vec<Value>,
}

pub(crate) async fn get(context: App, caller: Caller) -> Answer<Output> {
    let preferences = find_preferences(&context, caller.did(), caller.access()).await?;
    Ok(Json(Output { preferences }))
}

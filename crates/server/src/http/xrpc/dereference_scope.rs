//! `GET /xrpc/com.atproto.temp.dereferenceScope`.

use axum::Json;
use axum::extract::{Query, State};
use gatewright_protocol::scope::Scopes;
use serde::{Deserialize, Serialize};

use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::operations;

#[derive(Deserialize)]
pub(crate) struct Params {
    #[serde(default)]
    scope: String,
}

#[derive(Serialize)]
pub(crate) struct Output {
    scope: Scopes,
}

pub(crate) async fn get(
    State(app): State<App>,
    Query(params): Query<Params>,
) -> Result<Json<Output>, XrpcRefusal> {
    let scope = operations::dereference_scope(&app.ctx, &params.scope).await?;
    Ok(Json(Output { scope }))
}

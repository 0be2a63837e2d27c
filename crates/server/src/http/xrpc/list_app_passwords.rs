//! `GET /xrpc/com.atproto.server.listAppPasswords`.

use axum::Json;
use axum::extract::State;
use gatewright_guard::Granted;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Datetime;
use gatewright_store::app_password::AppPassword;
use serde::Serialize;

use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::operations;

#[derive(Serialize)]
pub(crate) struct Output {
    passwords: Vec<AppPasswordShown>,
}

/// An app password in an answer: never its secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppPasswordShown {
    name: String,
    created_at: Datetime,
    privileged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scopes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Datetime>,
}

impl From<AppPassword> for AppPasswordShown {
    fn from(row: AppPassword) -> Self {
        Self {
            name: row.name.as_str().to_owned(),
            created_at: row.created_at.into(),
            privileged: row.privileged,
            scope: row.scope,
            expires_at: row.expires_at.map(Datetime::from),
        }
    }
}

pub(crate) async fn get(State(app): State<App>, granted: Granted) -> Result<Json<Output>, XrpcRefusal> {
    let listed = operations::list_app_passwords(&app.ctx, granted.account()).await?;
    Ok(Json(Output { passwords: listed.into_iter().map(Into::into).collect() }))
}

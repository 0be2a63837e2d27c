//! `POST /xrpc/com.atproto.server.createAppPassword`, with two fields beyond those of its lexicon: `scope` and
//! `expiresAt`.

use axum::Json;
use axum::extract::State;
use gatewright_guard::Granted;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Datetime;
use serde::{Deserialize, Serialize};

use super::body::JsonBody;
use super::errors::XrpcRefusal;
use super::list_app_passwords::AppPasswordShown;
use crate::http::app::App;
use crate::operations::{self, CreateAppPassword};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    name: String,
    #[serde(default)]
    privileged: Option<bool>,
    scope: Option<String>,
    expires_at: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Output {
    password: String,
    #[serde(flatten)]
    shown: AppPasswordShown,
}

pub(crate) async fn post(
    State(app): State<App>,
    granted: Granted,
    JsonBody(input): JsonBody<Input>,
) -> Result<Json<Output>, XrpcRefusal> {
    let (row, secret) = operations::create_app_password(&app.ctx, granted.account(), read(input)?).await?;
    Ok(Json(Output { password: secret.expose().to_owned(), shown: row.into() }))
}

fn read(input: Input) -> Result<CreateAppPassword, XrpcRefusal> {
    let bad =
        |field: &str, why: &dyn std::fmt::Display| XrpcRefusal::invalid_request(format!("`{field}`: {why}"));
    let scope = input.scope.map(|text| text.parse::<Scopes>().map_err(|error| bad("scope", &error)));
    let expires_at =
        input.expires_at.map(|text| text.parse::<Datetime>().map_err(|error| bad("expiresAt", &error)));
    Ok(CreateAppPassword {
        name: input.name.parse().map_err(|error| bad("name", &error))?,
        privileged: input.privileged.unwrap_or(false),
        scope: scope.transpose()?,
        expires_at: expires_at.transpose()?.map(|time| time.unix()),
    })
}

//! `/account/app-passwords`: the app passwords of an account.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::super::own_page::OwnPage;
use super::super::parameter;
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations;
use crate::pages::app_passwords::{AppPasswordRefused, AppPasswordView, AppPasswordsPage, TypedAppPassword};

pub(crate) async fn get(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let own = match OwnPage::open(&app, peer, &headers, &query).await {
        Ok(own) => own,
        Err(response) => return response,
    };
    let has_revoked = parameter(&query, "done").as_deref() == Some(REVOKED);
    show(&app, &headers, own, TypedAppPassword::default(), None, has_revoked).await
}

/// As the address of the page says that one was just revoked.
pub(super) const REVOKED: &str = "revoked";

/// The page with this in its form, and why that was refused.
pub(super) async fn show(
    app: &App,
    headers: &HeaderMap,
    own: OwnPage,
    typed: TypedAppPassword,
    refused: Option<AppPasswordRefused>,
    has_revoked: bool,
) -> Response {
    let listed = match operations::own_app_passwords(&app.ctx, &own.account).await {
        Ok(listed) => listed,
        Err(error) => return own.refuse(app, headers, error),
    };
    let shell = app.shell(headers);
    let status = match &refused {
        None => StatusCode::OK,
        Some(AppPasswordRefused::Busy) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let page = AppPasswordsPage {
        shell,
        csrf: &own.csrf(app),
        account: own.name(),
        listed: (1..)
            .zip(&listed)
            .map(|(number, listed)| AppPasswordView::new(listed, number, shell.locale))
            .collect(),
        typed,
        refused,
        has_revoked,
    };
    own.respond(app, &page, status)
}

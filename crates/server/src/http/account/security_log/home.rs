//! `/account/security-log`: what happened to an account, newest first.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::super::own_page::OwnPage;
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations;
use crate::pages::security_log::SecurityLogPage;

pub(crate) async fn get(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let own = match OwnPage::open(&app, peer, &headers, &query.unwrap_or_default()).await {
        Ok(own) => own,
        Err(response) => return response,
    };
    match operations::list_security_events(&app.ctx, &own.account).await {
        Ok(events) => {
            let page = SecurityLogPage::new(app.shell(&headers), own.name(), &events);
            own.respond(&app, &page, StatusCode::OK)
        }
        Err(error) => own.refuse(&app, &headers, error),
    }
}

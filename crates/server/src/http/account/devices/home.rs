//! `/account/devices`: the browsers and the password sessions of an account.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::super::own_page::OwnPage;
use super::super::parameter;
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations;
use crate::pages::devices::{DeviceDone, DevicesPage};
use crate::pages::said::Said as _;

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
    let devices = match operations::list_own_devices(&app.ctx, &own.account, &own.device.id).await {
        Ok(devices) => devices,
        Err(error) => return own.refuse(&app, &headers, error),
    };
    let done = parameter(&query, "done").and_then(|word| DeviceDone::read(&word));
    let csrf = own.csrf(&app);
    let page = DevicesPage::new(app.shell(&headers), &csrf, own.name(), &devices, done);
    own.respond(&app, &page, StatusCode::OK)
}

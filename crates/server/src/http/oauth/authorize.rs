//! `/oauth/authorize`: a browser opens a pushed request (3.3).

use axum::extract::{RawQuery, State};
use axum::response::Response;
use gatewright_protocol::oauth::authorize::AuthorizeQuery;
use gatewright_protocol::oauth::client_id::Development;
use gatewright_store::request::RequestId;
use http::HeaderMap;

use super::screen::Screen;
use crate::http::app::App;
use crate::http::csrf;
use crate::http::errors::PageRefusal;
use crate::http::extract::device::Device;
use crate::http::extract::peer::Peer;
use crate::operations::{self, Want};

pub(crate) async fn get(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    open(&app, peer, &headers, query, Want::Next).await
}

/// Opens the request that the query names.
pub(super) async fn open(
    app: &App,
    peer: Peer,
    headers: &HeaderMap,
    query: Option<String>,
    want: Want<'_>,
) -> Response {
    let (device, id) = match arrive(app, peer, headers, query).await {
        Ok(arrived) => arrived,
        Err(refusal) => return refusal.respond(app, headers),
    };
    let opened = operations::open_request(&app.ctx, &id, &device.id, Some(peer.into()), want).await;
    Screen::new(app, headers, device).show_or_refuse(opened)
}

/// The browser and the request. A browser is made known only for a request that exists, so that nobody fills the store
/// with devices (SEC-72).
async fn arrive(
    app: &App,
    peer: Peer,
    headers: &HeaderMap,
    query: Option<String>,
) -> Result<(Device, RequestId), PageRefusal> {
    csrf::check_navigation(headers, app.issuer())?;
    app.limits.open(peer.network(), app.ctx.now())?;
    let development = if app.ctx.settings.development { Development::Allowed } else { Development::Refused };
    let query = AuthorizeQuery::parse(&query.unwrap_or_default(), development)?;
    let id = operations::find_request(&app.ctx, &query.client_id, query.request).await?;
    let device = Device::recognise(app, headers, peer, true).await?;
    let device = device.ok_or(PageRefusal::of(crate::pages::error::Trouble::FormStale))?;
    Ok((device, id))
}

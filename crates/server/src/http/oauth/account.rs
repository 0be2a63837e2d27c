//! `/oauth/authorize/account`: the accounts that are signed in on this device.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use gatewright_protocol::syntax::Did;
use http::HeaderMap;

use super::authorize::open;
use super::not_a_page;
use super::screen::Screen;
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::page_form::{PageForm, page_form};
use crate::http::extract::peer::Peer;
use crate::operations::{self, Want};
use crate::pages::error::Trouble;

pub(crate) async fn get(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if query.as_deref().unwrap_or_default().is_empty() {
        return not_a_page::refuse(&app, &headers);
    }
    open(&app, peer, &headers, query, Want::Accounts).await
}

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let PageForm { device, request, fields } = match page_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let screen = Screen::new(&app, &headers, device);
    let Some(account) = fields.get("account").and_then(|did| did.parse::<Did>().ok()) else {
        return screen.refuse(PageRefusal::of(Trouble::FormStale));
    };
    let id = screen.device.id.clone();
    let chosen = operations::choose_account(&app.ctx, &request, &id, Some(peer.into()), &account).await;
    screen.show_or_refuse(chosen)
}

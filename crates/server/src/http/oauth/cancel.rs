//! `/oauth/authorize/cancel`: a person changes their mind; the client gets `access_denied`.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use super::screen::Screen;
use crate::http::app::App;
use crate::http::extract::page_form::{PageForm, page_form};
use crate::http::extract::peer::Peer;
use crate::operations::{self, Decision, Opened};

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let PageForm { device, request, fields } = match page_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let screen = Screen::new(&app, &headers, device);
    let id = screen.device.id.clone();
    let decision = match fields.get("reason") {
        Some("other-account") => Decision::OtherAccount,
        _ => Decision::Deny,
    };
    let answer = operations::consent(&app.ctx, &request, &id, Some(peer.into()), decision).await;
    screen.show_or_refuse(answer.map(Opened::Answer))
}

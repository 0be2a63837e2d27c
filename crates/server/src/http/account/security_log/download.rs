//! `/account/security-log/events.json`: the whole log, for a program.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use gatewright_protocol::syntax::{Datetime, Did};
use gatewright_store::security_event::SecurityEvent;
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use serde::Serialize;

use super::super::own_page::OwnPage;
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations;

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
    let events = match operations::list_security_events(&app.ctx, &own.account).await {
        Ok(events) => events,
        Err(error) => return own.refuse(&app, &headers, error),
    };
    let log = Log { account: &own.account, events: events.iter().map(Event::of).collect() };
    let json = serde_json::to_vec_pretty(&log).unwrap_or_default();
    let said = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, "attachment; filename=\"security-log.json\""),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let mut response = (said, json).into_response();
    own.device.set_cookies(&app, response.headers_mut());
    response
}

#[derive(Serialize)]
struct Log<'a> {
    account: &'a Did,
    /// Newest first.
    events: Vec<Event<'a>>,
}

/// Null is what is not known, or does not belong to such an event.
#[derive(Serialize)]
struct Event<'a> {
    at: String,
    #[serde(rename = "event")]
    kind: &'static str,
    client: Option<&'a str>,
    subject: Option<&'a str>,
    scope: Option<&'a str>,
    network: Option<&'a str>,
}

impl<'a> Event<'a> {
    fn of(event: &'a SecurityEvent) -> Self {
        Self {
            at: Datetime::from(event.at).to_string(),
            kind: event.kind.word(),
            client: event.client.as_deref(),
            subject: event.subject.as_deref(),
            scope: event.scope.as_deref(),
            network: event.place.as_deref(),
        }
    }
}

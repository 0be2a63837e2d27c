//! `/account/factors`: the second factors of an account.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::super::own_page::OwnPage;
use super::super::parameter;
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations;
use crate::pages::factors::{FactorDone, FactorView, FactorsPage};
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
    let factors = match operations::list_factors(&app.ctx, &own.account).await {
        Ok(factors) => factors,
        Err(error) => return own.refuse(&app, &headers, error),
    };
    let page = FactorsPage {
        shell: app.shell(&headers),
        csrf: &own.csrf(&app),
        account: own.name(),
        factors: FactorView::all(&factors),
        recovery_codes: u32::try_from(factors.recovery_codes).unwrap_or(u32::MAX),
        has_passkeys: app.ctx.passkeys.is_some(),
        email: factors.email.as_deref(),
        done: parameter(&query, "done").and_then(|word| FactorDone::read(&word)),
    };
    own.respond(&app, &page, StatusCode::OK)
}

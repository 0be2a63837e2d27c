//! `/account/factors`: the second factors of an account.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::super::{chosen, parameter};
use super::{back_to, shell, token};
use crate::http::app::App;
use crate::http::csrf;
use crate::http::errors::PageRefusal;
use crate::http::extract::device::Device;
use crate::http::extract::peer::Peer;
use crate::operations;
use crate::pages::account_picker::AccountName;
use crate::pages::factors::{FactorDone, FactorView, FactorsPage};
use crate::pages::{Page as _, paths};

pub(crate) async fn get(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    show(&app, peer, &headers, &query.unwrap_or_default())
        .await
        .unwrap_or_else(|refusal| refusal.respond(&app, &headers))
}

async fn show(app: &App, peer: Peer, headers: &HeaderMap, query: &str) -> Result<Response, PageRefusal> {
    csrf::check_navigation(headers, app.issuer())?;
    app.limits.open(peer.network(), app.ctx.now())?;
    let Some(device) = Device::recognise(app, headers, peer, false).await? else {
        return Err(PageRefusal::stale());
    };
    let accounts = match operations::list_own_accounts(&app.ctx, &device.id).await {
        Ok(accounts) => accounts,
        Err(error) => return Err(PageRefusal::from(error).for_device(device)),
    };
    let Some(account) = chosen(&accounts, query) else {
        // The account page asks who is there.
        return Ok(back_to(app, &device, paths::OWN_ACCOUNT, None, None));
    };
    let factors = operations::list_factors(&app.ctx, &account.did).await?;
    let page = FactorsPage {
        shell: shell(app, headers),
        csrf: &token(app, &device),
        account: AccountName { did: account.did.to_string(), handle: account.handle.to_string() },
        factors: FactorView::all(&factors),
        recovery_codes: u32::try_from(factors.recovery_codes).unwrap_or(u32::MAX),
        has_passkeys: app.ctx.passkeys.is_some(),
        done: parameter(query, "done").and_then(|word| FactorDone::read(&word)),
    };
    let mut response = page.respond(StatusCode::OK, app.is_secure());
    device.set_cookies(app, response.headers_mut());
    Ok(response)
}

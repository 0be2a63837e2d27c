//! `/account/sign-in/factor`: the second step of a sign-in, where no application asks for it.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use gatewright_protocol::secret::FactorCode;
use gatewright_store::device::ACCOUNT_PAGES;
use gatewright_store::request::RequestId;
use http::{HeaderMap, StatusCode};

use super::home::{Typed, sign_in_form};
use super::{PURPOSE, back};
use crate::accounts::KnownAccount;
use crate::http::app::App;
use crate::http::csrf;
use crate::http::errors::PageRefusal;
use crate::http::extract::device::Device;
use crate::http::extract::factor_proof::factor_proof;
use crate::http::extract::guest::Guest;
use crate::http::extract::locale::accepted;
use crate::http::extract::page_form::read_form;
use crate::http::extract::peer::Peer;
use crate::http::step_up::{passkey_question, refused_too_many, wants_mail};
use crate::operations::{self, Asked, FactorProof, FactorWays, ProveHereError};
use crate::pages::factor::{Carried, FactorPage, FactorRefused, Reason};
use crate::pages::sign_in::SignInRefused;
use crate::pages::{Page as _, paths};

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    prove(&app, peer, &headers, body).await.unwrap_or_else(|refusal| refusal.respond(&app, &headers))
}

async fn prove(app: &App, peer: Peer, headers: &HeaderMap, body: Body) -> Result<Response, PageRefusal> {
    csrf::check_form(headers, app.issuer())?;
    let fields = read_form(headers, body).await?;
    let mut device = Device::recognise(app, headers, peer, false).await?.ok_or_else(PageRefusal::stale)?;
    let token = fields.get("csrf").unwrap_or_default();
    if !csrf::matches(app.ctx.keys.device_key(), &device.id, PURPOSE, token) {
        return Err(PageRefusal::stale().for_device(device));
    }
    let over = |device, refused, status| {
        let guest = Guest::Device(device);
        Ok(sign_in_form(app, headers, &guest, &Typed::default(), Some((refused, status))))
    };
    let pages = RequestId(ACCOUNT_PAGES.to_owned());
    if let Some(account) = operations::waiting_account(&app.ctx, &device.id, &pages).await?
        && let Err(too_many) = app.limits.sign_in(peer.network(), account.as_str(), app.ctx.now())
    {
        let FactorRefused::TooMany { minutes } = refused_too_many(too_many) else {
            return Err(too_many.into());
        };
        return over(device, SignInRefused::TooMany { minutes }, StatusCode::TOO_MANY_REQUESTS);
    }
    if wants_mail(&fields) {
        return match operations::send_sign_in_code_here(&app.ctx, &device.id, accepted(headers)).await {
            Ok((account, ways)) => Ok(factor_form(app, headers, &device, &account, ways, true, None)),
            Err(ProveHereError::Over) => over(device, SignInRefused::Over, StatusCode::UNAUTHORIZED),
            Err(ProveHereError::Send(error)) => Err(PageRefusal::from(error).for_device(device)),
            Err(_) => Err(PageRefusal::stale().for_device(device)),
        };
    }
    // More than any code has is no code: it counts as a try all the same.
    let Ok(proof) = factor_proof(&fields).or_else(|_| FactorCode::parse("").map(FactorProof::Code)) else {
        return Err(PageRefusal::stale().for_device(device));
    };
    match operations::prove_sign_in_here(&app.ctx, &device.id, &proof).await {
        Ok(signed_in) => {
            device.give(signed_in.new_secret);
            Ok(back(app, &device, Some(&signed_in.account), None))
        }
        Err(ProveHereError::Accounts(error)) => Err(PageRefusal::from(error).for_device(device)),
        Err(ProveHereError::Send(error)) => Err(PageRefusal::from(error).for_device(device)),
        Err(ProveHereError::Over) => over(device, SignInRefused::Over, StatusCode::UNAUTHORIZED),
        Err(ProveHereError::TooMany(too_many, account, ways)) => {
            let refused = (refused_too_many(too_many), StatusCode::TOO_MANY_REQUESTS);
            Ok(factor_form(app, headers, &device, &account, ways, false, Some(refused)))
        }
        Err(ProveHereError::Wrong(account, ways)) => {
            let refused = (FactorRefused::of(&proof), StatusCode::UNAUTHORIZED);
            Ok(factor_form(app, headers, &device, &account, ways, false, Some(refused)))
        }
    }
}

/// The question for the second factor.
pub(super) fn factor_form(
    app: &App,
    headers: &HeaderMap,
    device: &Device,
    account: &KnownAccount,
    ways: FactorWays,
    is_sent: bool,
    refused: Option<(FactorRefused, StatusCode)>,
) -> Response {
    let csrf = csrf::token(app.ctx.keys.device_key(), &device.id, PURPOSE);
    let page = FactorPage {
        shell: app.shell(headers),
        action: paths::OWN_FACTOR,
        carried: Carried(vec![("csrf".to_owned(), csrf)]),
        handle: account.handle.as_str(),
        reason: Reason::SignIn,
        asked: Asked::Factor(ways),
        passkey: passkey_question(app, device, Asked::Factor(ways)),
        client: None,
        is_sent,
        refused: refused.map(|(refused, _)| refused),
        cancel: None,
    };
    let mut response = page.respond(refused.map_or(StatusCode::OK, |(_, status)| status), app.is_secure());
    device.set_cookies(app, response.headers_mut());
    response
}

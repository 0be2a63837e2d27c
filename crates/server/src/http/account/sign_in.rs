//! `/account/sign-in`: identifier and password, where no application asks for them.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::back;
use super::home::{Typed, sign_in_form};
use super::prove::factor_form;
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::device::Device;
use crate::http::extract::guest::guest_form;
use crate::http::extract::page_form::Fields;
use crate::http::extract::peer::Peer;
use crate::http::oauth::sign_in::read;
use crate::operations::{self, AccountPagesError, ReachedHere};
use crate::pages::sign_in::SignInRefused;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    sign_in(&app, peer, &headers, body).await.unwrap_or_else(|refusal| refusal.respond(&app, &headers))
}

async fn sign_in(app: &App, peer: Peer, headers: &HeaderMap, body: Body) -> Result<Response, PageRefusal> {
    let (guest, fields) = guest_form(app, headers, peer, body).await?;
    let typed = typed(&fields);
    let again = |refused, status| sign_in_form(app, headers, &guest, &typed, Some((refused, status)));
    let form = match read(&fields, typed.remember) {
        Ok(form) => form,
        Err(SignInRefused::Empty) => return Ok(again(SignInRefused::Empty, StatusCode::BAD_REQUEST)),
        Err(refused) => return Ok(again(refused, StatusCode::UNAUTHORIZED)),
    };
    if let Err(too_many) = app.limits.sign_in(peer.network(), &form.identifier, app.ctx.now()) {
        let seconds = too_many.retry_after.as_secs().max(1);
        let minutes = u32::try_from(seconds.div_ceil(60)).unwrap_or(u32::MAX);
        let mut response = again(SignInRefused::TooMany { minutes }, StatusCode::TOO_MANY_REQUESTS);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    let presented = Device::presented(app, headers, peer);
    let signed_in = match operations::sign_in_here(&app.ctx, guest.device_id(), presented, form).await {
        Ok(ReachedHere::SignedIn(signed_in)) => signed_in,
        Ok(ReachedHere::Factor { account, ways, device: new }) => {
            let device =
                new.map(Device::new).or_else(|| guest.into_device()).ok_or_else(PageRefusal::stale)?;
            return Ok(factor_form(app, headers, &device, &account, ways, false, None));
        }
        Err(AccountPagesError::Wrong) => return Ok(again(SignInRefused::Wrong, StatusCode::UNAUTHORIZED)),
        Err(error) => return Err(error.into()),
    };
    let device = signed_in.device.map(Device::new).or_else(|| guest.into_device());
    let mut device = device.ok_or_else(PageRefusal::stale)?;
    device.give(signed_in.new_secret);
    Ok(back(app, &device, Some(&signed_in.account), None))
}

/// What was typed stays in the field.
fn typed(fields: &Fields) -> Typed {
    let identifier = fields.get("identifier").unwrap_or_default();
    let identifier = if identifier.len() > LONGEST_SHOWN { "" } else { identifier };
    let remember = fields.get("remember").is_some_and(|value| !value.is_empty());
    Typed { identifier: identifier.to_owned(), remember }
}

/// As long as a DID may be.
const LONGEST_SHOWN: usize = 2048;

//! `/account/sign-in/passkey`: a sign-in without password, where no application asks for it.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::back;
use super::home::{Typed, sign_in_form};
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::device::Device;
use crate::http::extract::factor_proof::passkey_proof;
use crate::http::extract::guest::guest_form;
use crate::http::extract::peer::Peer;
use crate::operations::{self, AccountPagesError};
use crate::pages::sign_in::SignInRefused;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    sign_in(&app, peer, &headers, body).await.unwrap_or_else(|refusal| refusal.respond(&app, &headers))
}

async fn sign_in(app: &App, peer: Peer, headers: &HeaderMap, body: Body) -> Result<Response, PageRefusal> {
    let (guest, fields) = guest_form(app, headers, peer, body).await?;
    let proof = passkey_proof(&fields).ok_or_else(PageRefusal::stale)?;
    app.limits.sign_in(peer.network(), PASSKEY, app.ctx.now())?;
    let remember = fields.get("remember").is_some_and(|value| !value.is_empty());
    let (bound, known) = (guest.id(), guest.device_id());
    let presented = Device::presented(app, headers, peer);
    let signed_in =
        operations::sign_in_here_by_passkey(&app.ctx, &bound, known, presented, &proof, remember).await;
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(AccountPagesError::Wrong) => {
            let refused = Some((SignInRefused::Passkey, StatusCode::UNAUTHORIZED));
            let typed = Typed { remember, ..Typed::default() };
            return Ok(sign_in_form(app, headers, &guest, &typed, refused));
        }
        Err(error) => return Err(error.into()),
    };
    let mut device =
        signed_in.device.map(Device::new).or_else(|| guest.into_device()).ok_or_else(PageRefusal::stale)?;
    device.give(signed_in.new_secret);
    Ok(back(app, &device, Some(&signed_in.account), None))
}

/// What sign-ins are counted by that name nobody.
pub(crate) const PASSKEY: &str = "passkey";

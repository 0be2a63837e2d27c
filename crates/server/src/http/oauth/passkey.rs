//! `/oauth/authorize/passkey`: a sign-in without password.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::screen::{Remark, Screen};
use crate::http::account::passkey::PASSKEY;
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::factor_proof::passkey_proof;
use crate::http::extract::page_form::{PageForm, page_form};
use crate::http::extract::peer::Peer;
use crate::operations::{self, SignInError, Want};
use crate::pages::error::Trouble;
use crate::pages::sign_in::SignInRefused;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let PageForm { device, request, fields } = match page_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let mut screen = Screen::new(&app, &headers, device);
    let (id, from) = (screen.device.id.clone(), Some(peer.into()));
    let Some(proof) = passkey_proof(&fields) else { return screen.refuse(PageRefusal::stale()) };
    let remember = fields.get("remember").is_some_and(|value| !value.is_empty());
    if let Err(too_many) = app.limits.sign_in(peer.network(), PASSKEY, app.ctx.now()) {
        return match operations::open_request(&app.ctx, &request, &id, from, Want::SignIn).await {
            Ok(opened) => screen.too_many(opened, too_many),
            Err(error) => screen.refuse(error),
        };
    }
    let remark = |refused, status| Remark { sign_in: Some((refused, status)), remember, ..Remark::default() };
    match operations::sign_in_by_passkey(&app.ctx, &request, &id, from, &proof, remember).await {
        Ok(signed_in) => {
            screen.device.give(signed_in.new_secret);
            screen.show(signed_in.opened)
        }
        Err(SignInError::DeviceGone) => screen.refuse(PageRefusal::of(Trouble::FormStale)),
        Err(SignInError::Open(error)) => screen.refuse(error),
        Err(SignInError::OtherAccount(step)) => {
            screen.page(&step, remark(SignInRefused::OtherAccount, StatusCode::BAD_REQUEST))
        }
        Err(SignInError::Wrong(step)) => {
            screen.page(&step, remark(SignInRefused::Passkey, StatusCode::UNAUTHORIZED))
        }
    }
}

//! `/oauth/authorize/factor`: the second step of a sign-in.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use gatewright_protocol::secret::FactorCode;
use gatewright_store::device::DeviceId;
use gatewright_store::request::RequestId;
use http::{HeaderMap, StatusCode};

use super::screen::{Remark, Screen};
use crate::http::app::App;
use crate::http::extract::factor_proof::factor_proof;
use crate::http::extract::locale::accepted;
use crate::http::extract::page_form::{PageForm, page_form};
use crate::http::extract::peer::Peer;
use crate::http::step_up::{refused_too_many, wants_mail};
use crate::operations::{self, FactorProof, Opened, ProveSignInError, Want};
use crate::pages::factor::FactorRefused;
use crate::pages::sign_in::SignInRefused;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let PageForm { device, request, fields } = match page_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let mut screen = Screen::new(&app, &headers, device);
    let (id, from) = (screen.device.id.clone(), Some(peer.into()));
    match operations::waiting_account(&app.ctx, &id, &request).await {
        Ok(Some(account)) => {
            let counted = app.limits.sign_in(peer.network(), account.as_str(), app.ctx.now());
            if let Err(too_many) = counted {
                return match operations::open_request(&app.ctx, &request, &id, from, Want::SignIn).await {
                    Ok(opened) => screen.too_many(opened, too_many),
                    Err(error) => screen.refuse(error),
                };
            }
        }
        // The operation says what there is to say.
        Ok(None) => {}
        Err(error) => return screen.refuse(error),
    }
    if wants_mail(&fields) {
        let sent = operations::send_sign_in_code(&app.ctx, &request, &id, from, accepted(&headers)).await;
        return match sent {
            Ok(Opened::Page(step)) => screen.page(&step, Remark { is_sent: true, ..Remark::default() }),
            Ok(answer) => screen.show(answer),
            Err(error) => refuse(screen, &request, &id, from, error).await,
        };
    }
    // Nothing, or more than any code has, is no code: it counts as a try all the same.
    let proof = factor_proof(&fields).or_else(|_| FactorCode::parse("").map(FactorProof::Code));
    let Ok(proof) = proof else { return screen.refuse(crate::http::errors::PageRefusal::stale()) };
    match operations::prove_sign_in(&app.ctx, &request, &id, from, &proof).await {
        Ok(signed_in) => {
            screen.device.give(signed_in.new_secret);
            screen.show(signed_in.opened)
        }
        Err(ProveSignInError::Wrong(step)) => {
            let factor = Some((FactorRefused::of(&proof), StatusCode::UNAUTHORIZED));
            screen.page(&step, Remark { factor, ..Remark::default() })
        }
        Err(error) => refuse(screen, &request, &id, from, error).await,
    }
}

/// What there is to see instead.
async fn refuse(
    screen: Screen<'_>,
    request: &RequestId,
    device: &DeviceId,
    peer: Option<gatewright_resolve::Peer>,
    error: ProveSignInError,
) -> Response {
    match error {
        ProveSignInError::Open(error) => screen.refuse(error),
        ProveSignInError::Send(error) => screen.refuse(error),
        ProveSignInError::Over(step) => {
            let sign_in = Some((SignInRefused::Over, StatusCode::UNAUTHORIZED));
            // Whoever is signed in otherwise can still be chosen.
            match operations::open_request(screen.ctx(), request, device, peer, Want::SignIn).await {
                Ok(Opened::Page(step)) => screen.page(&step, Remark { sign_in, ..Remark::default() }),
                _ => screen.page(&step, Remark { sign_in, ..Remark::default() }),
            }
        }
        ProveSignInError::TooMany(too_many, step) => {
            let factor = Some((refused_too_many(too_many), StatusCode::TOO_MANY_REQUESTS));
            screen.page(&step, Remark { factor, ..Remark::default() })
        }
        ProveSignInError::Wrong(step) => {
            let factor = Some((FactorRefused::Wrong, StatusCode::UNAUTHORIZED));
            screen.page(&step, Remark { factor, ..Remark::default() })
        }
    }
}

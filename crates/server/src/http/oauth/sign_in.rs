//! `/oauth/authorize/sign-in`: identifier and password (AS-37).

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use gatewright_protocol::secret::Password;
use http::{HeaderMap, StatusCode};

use super::authorize::open;
use super::not_a_page;
use super::screen::{Remark, Screen};
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::page_form::{Fields, PageForm, page_form};
use crate::http::extract::peer::Peer;
use crate::operations::{self, Opened, Show, SignIn, SignInError, Step, Want};
use crate::pages::error::Trouble;
use crate::pages::sign_in::SignInRefused;

pub(crate) async fn get(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if query.as_deref().unwrap_or_default().is_empty() {
        return not_a_page::refuse(&app, &headers);
    }
    open(&app, peer, &headers, query, Want::SignIn).await
}

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let PageForm { device, request, fields } = match page_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let mut screen = Screen::new(&app, &headers, device);
    let id = screen.device.id.clone();
    let remember = fields.get("remember").is_some_and(|value| !value.is_empty());
    let again = async |screen: Screen<'_>, refused, status| match operations::open_request(
        &app.ctx,
        &request,
        &id,
        Some(peer.into()),
        Want::SignIn,
    )
    .await
    {
        Ok(Opened::Page(step)) => {
            screen.page(&with_identifier(*step, &fields), remark(refused, status, remember))
        }
        other => screen.show_or_refuse(other),
    };
    let form = match read(&fields, remember) {
        Ok(form) => form,
        Err(SignInRefused::Empty) => {
            return again(screen, SignInRefused::Empty, StatusCode::BAD_REQUEST).await;
        }
        Err(refused) => return again(screen, refused, StatusCode::UNAUTHORIZED).await,
    };
    if let Err(too_many) = app.limits.sign_in(peer.network(), &form.identifier, app.ctx.now()) {
        let peer = Some(peer.into());
        return match operations::open_request(&app.ctx, &request, &id, peer, Want::SignIn).await {
            Ok(opened) => screen.too_many(opened, too_many),
            Err(error) => screen.refuse(error),
        };
    }
    match operations::sign_in(&app.ctx, &request, &id, Some(peer.into()), form).await {
        Ok(signed_in) => {
            screen.device.give(signed_in.new_secret);
            screen.show(signed_in.opened)
        }
        Err(SignInError::DeviceGone) => screen.refuse(PageRefusal::of(Trouble::FormStale)),
        Err(SignInError::Open(error)) => screen.refuse(error),
        Err(SignInError::OtherAccount(step)) => {
            screen.page(&step, remark(SignInRefused::OtherAccount, StatusCode::BAD_REQUEST, remember))
        }
        Err(SignInError::Wrong(step)) => {
            screen.page(&step, remark(SignInRefused::Wrong, StatusCode::UNAUTHORIZED, remember))
        }
    }
}

/// What was filled in.
pub(in crate::http) fn read(fields: &Fields, remember: bool) -> Result<SignIn, SignInRefused> {
    let identifier = fields.get("identifier").unwrap_or_default().trim();
    let password = fields.get("password").unwrap_or_default();
    if identifier.is_empty() || password.is_empty() {
        return Err(SignInRefused::Empty);
    }
    // What is longer than anybody's is nobody's.
    let password = Password::parse(password).map_err(|_| SignInRefused::Wrong)?;
    if identifier.len() > LONGEST_IDENTIFIER {
        return Err(SignInRefused::Wrong);
    }
    Ok(SignIn { identifier: identifier.to_owned(), password, remember })
}

/// As long as a DID may be is more than anybody types.
const LONGEST_IDENTIFIER: usize = 2048;

fn remark(refused: SignInRefused, status: StatusCode, remember: bool) -> Remark {
    Remark { sign_in: Some((refused, status)), remember, ..Remark::default() }
}

/// What was typed stays in the field.
fn with_identifier(step: Step, fields: &Fields) -> Step {
    let typed = fields.get("identifier").filter(|typed| typed.len() <= LONGEST_IDENTIFIER);
    match (step.show, typed) {
        (Show::SignIn { has_accounts, .. }, Some(typed)) if !typed.is_empty() => {
            Step { show: Show::SignIn { identifier: Some(typed.to_owned()), has_accounts }, ..step }
        }
        (show, _) => Step { show, ..step },
    }
}

//! `/oauth/authorize/sign-up`: a new account (`prompt=create`).

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use gatewright_guard::rate::TooMany;
use gatewright_protocol::email::Email;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::Handle;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::authorize::open;
use super::not_a_page;
use super::screen::Screen;
use crate::http::app::App;
use crate::http::errors::{PageRefusal, log_internal};
use crate::http::extract::page_form::{Fields, PageForm, page_form};
use crate::http::extract::peer::Peer;
use crate::operations::{self, Opened, Show, SignUpHereError, Want};
use crate::pages::error::Trouble;
use crate::pages::sign_up::{EmailRefused, HandleRefused, OtherwiseRefused, SignUpRefused, Typed};
use crate::sign_ups::{NewSignUp, SignUpError, SignUpMode};

pub(crate) async fn get(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if query.as_deref().unwrap_or_default().is_empty() {
        return not_a_page::refuse(&app, &headers);
    }
    open(&app, peer, &headers, query, Want::SignUp).await
}

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let PageForm { device, request, fields } = match page_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let mut screen = Screen::new(&app, &headers, device);
    let id = screen.device.id.clone();
    let typed = typed(&fields);
    let read = match app.limits.sign_up(peer.network(), app.ctx.now()) {
        Ok(_) => {
            read(&app, peer, &fields, &typed).map_err(|refused| (refused, StatusCode::BAD_REQUEST, None))
        }
        Err(too_many) => {
            let (refused, seconds) = too_many_of(too_many);
            Err((refused, StatusCode::TOO_MANY_REQUESTS, Some(seconds)))
        }
    };
    let new = match read {
        Ok(new) => new,
        Err((refused, status, wait)) => {
            let again =
                operations::open_request(&app.ctx, &request, &id, Some(peer.into()), Want::SignUp).await;
            let mut response = match again {
                Ok(Opened::Page(step)) if step.show == Show::SignUp => {
                    screen.sign_up(&step, &typed, refused, status)
                }
                other => screen.show_or_refuse(other),
            };
            if let Some(seconds) = wait {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            return response;
        }
    };
    match operations::sign_up(&app.ctx, &request, &id, Some(peer.into()), new, typed.remember).await {
        Ok(signed_in) => {
            screen.device.give(signed_in.new_secret);
            screen.show(signed_in.opened)
        }
        Err(SignUpHereError::DeviceGone) => screen.refuse(PageRefusal::of(Trouble::FormStale)),
        Err(SignUpHereError::Open(error)) => screen.refuse(error),
        Err(SignUpHereError::Refused(error, step)) => {
            let (refused, status) = blame(&error);
            screen.sign_up(&step, &typed, refused, status)
        }
    }
}

fn typed(fields: &Fields) -> Typed {
    let text = |name| fields.get(name).unwrap_or_default().trim().chars().take(LONGEST).collect();
    Typed {
        handle: text("handle"),
        email: text("email"),
        invite: text("invite"),
        remember: fields.get("remember").is_some_and(|value| !value.is_empty()),
    }
}

/// More than any field takes.
const LONGEST: usize = 300;

/// What was filled in, or everything that is wrong with it.
fn read(app: &App, peer: Peer, fields: &Fields, typed: &Typed) -> Result<NewSignUp, SignUpRefused> {
    let handle = handle(app, &typed.handle);
    let email = typed.email.parse::<Email>();
    let password = Password::parse_new(fields.get("password").unwrap_or_default());
    let asks_code = app.ctx.sign_ups.mode() == SignUpMode::Invite;
    let invite = asks_code.then(|| typed.invite.parse()).transpose();
    let refused = SignUpRefused {
        handle: handle.is_none().then_some(HandleRefused::Invalid),
        email: email.is_err().then_some(EmailRefused::Invalid),
        password: password.is_err(),
        invite: invite.is_err(),
        otherwise: None,
    };
    match (handle, email, password, invite) {
        (Some(handle), Ok(email), Ok(password), Ok(invite)) => Ok(NewSignUp {
            handle,
            email,
            password,
            invite,
            recovery_key: None,
            moved: None,
            peer: Some(peer.into()),
        }),
        _ => Err(refused),
    }
}

/// A whole handle, or a word under the first domain.
fn handle(app: &App, text: &str) -> Option<Handle> {
    let text = text.trim_start_matches('@');
    if text.contains('.') {
        return text.parse().ok();
    }
    let domain = app.ctx.sign_ups.handle_domains().into_iter().next()?;
    format!("{text}{domain}").parse().ok()
}

/// Which field is to blame.
fn blame(error: &SignUpError) -> (SignUpRefused, StatusCode) {
    let mut refused = SignUpRefused::default();
    match error {
        SignUpError::Domain(_) | SignUpError::UnresolvedHandle(_) => {
            refused.handle = Some(HandleRefused::Invalid);
        }
        SignUpError::HandleTaken(_) => refused.handle = Some(HandleRefused::Taken),
        SignUpError::EmailTaken => refused.email = Some(EmailRefused::Taken),
        SignUpError::InviteCode => refused.invite = true,
        error => {
            log_internal(error);
            refused.otherwise = Some(OtherwiseRefused::Failed);
            return (refused, StatusCode::SERVICE_UNAVAILABLE);
        }
    }
    (refused, StatusCode::BAD_REQUEST)
}

fn too_many_of(too_many: TooMany) -> (SignUpRefused, u64) {
    let seconds = too_many.retry_after.as_secs().max(1);
    let minutes = u32::try_from(seconds.div_ceil(60)).unwrap_or(u32::MAX);
    let otherwise = Some(OtherwiseRefused::TooMany { minutes });
    (SignUpRefused { otherwise, ..SignUpRefused::default() }, seconds)
}

//! `/account/app-passwords/create`: makes an app password, for somebody who proved themselves lately, and shows it once.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::time::UnixTime;
use http::{HeaderMap, StatusCode};

use super::super::factors::fresh_form;
use super::super::own_page::OwnPage;
use super::home::show;
use crate::http::app::App;
use crate::http::extract::page_form::Fields;
use crate::http::extract::peer::Peer;
use crate::operations::{self, CreateAppPassword, CreateAppPasswordError, ExpandScopesError};
use crate::pages::app_password_made::AppPasswordMadePage;
use crate::pages::app_passwords::{AppPasswordRefused, Kind, TypedAppPassword};
use crate::pages::paths;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let form = match fresh_form(&app, &headers, peer, body, paths::CREATE_APP_PASSWORD).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let typed = typed(&form.fields);
    let own = OwnPage::from(form);
    let new = match read(&typed, app.ctx.now()) {
        Ok(new) => new,
        Err(refused) => return show(&app, &headers, own, typed, Some(refused), false).await,
    };
    match operations::create_app_password(&app.ctx, &own.account, new).await {
        Ok((row, secret)) => {
            let (shell, account) = (app.shell(&headers), own.name());
            let page = AppPasswordMadePage { shell, account, name: row.name.as_str(), secret: &secret };
            own.respond(&app, &page, StatusCode::OK)
        }
        Err(CreateAppPasswordError::Store(error)) => own.refuse(&app, &headers, error),
        Err(error) => show(&app, &headers, own, typed, Some(refused(error)), false).await,
    }
}

/// What was typed stays in the form.
fn typed(fields: &Fields) -> TypedAppPassword {
    let text = |name| fields.get(name).unwrap_or_default().to_owned();
    TypedAppPassword {
        name: text("name"),
        kind: fields.get("kind").and_then(Kind::read),
        scope: text("scope"),
        days: text("days"),
    }
}

fn read(typed: &TypedAppPassword, now: UnixTime) -> Result<CreateAppPassword, AppPasswordRefused> {
    let name = typed.name.parse().map_err(|_| AppPasswordRefused::Name)?;
    let kind = typed.kind.ok_or(AppPasswordRefused::Kind)?;
    // Whoever writes a scope in lines means the same.
    let scope: Vec<&str> = typed.scope.split_whitespace().collect();
    let scope = match (kind, scope.is_empty()) {
        (Kind::Scoped, true) => return Err(AppPasswordRefused::ScopeEmpty),
        (Kind::Scoped, false) => Some(
            Scopes::from_tokens(&scope)
                .map_err(|error| AppPasswordRefused::Scope { scope: None, why: error.to_string() })?,
        ),
        // What was to be narrow must not come out wide.
        (Kind::Messages | Kind::Normal, false) => return Err(AppPasswordRefused::ScopeUnused),
        (Kind::Messages | Kind::Normal, true) => None,
    };
    let expires_at = match typed.days.trim() {
        "" => None,
        days => {
            let days = days.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
            let days: u64 = days.ok_or(AppPasswordRefused::Days)?;
            Some(now.plus(Duration::from_hours(24 * days)))
        }
    };
    Ok(CreateAppPassword { name, privileged: kind == Kind::Messages, scope, expires_at })
}

/// Ten years; the page names the number.
const MOST_DAYS: u64 = 3650;

/// What a person is told whose form was refused.
fn refused(error: CreateAppPasswordError) -> AppPasswordRefused {
    match error {
        CreateAppPasswordError::Ended => AppPasswordRefused::Days,
        CreateAppPasswordError::NameTaken => AppPasswordRefused::NameTaken,
        CreateAppPasswordError::Scope { scope, why } => {
            AppPasswordRefused::Scope { scope: (!scope.is_empty()).then_some(scope), why }
        }
        CreateAppPasswordError::TooMany => AppPasswordRefused::TooMany,
        CreateAppPasswordError::Accounts(_)
        | CreateAppPasswordError::Expand(ExpandScopesError::Ours(_))
        | CreateAppPasswordError::Store(_) => AppPasswordRefused::Busy,
        CreateAppPasswordError::Expand(error) => {
            AppPasswordRefused::Scope { scope: None, why: error.to_string() }
        }
    }
}

//! `/account`: the applications of an account, or the sign-in form where nobody is signed in.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use gatewright_protocol::syntax::Did;
use http::{HeaderMap, StatusCode};

use super::{PURPOSE, chosen, parameter};
use crate::accounts::KnownAccount;
use crate::http::app::App;
use crate::http::csrf;
use crate::http::errors::PageRefusal;
use crate::http::extract::guest::Guest;
use crate::http::extract::locale::locale;
use crate::http::extract::peer::Peer;
use crate::operations;
use crate::pages::account::{AccountPage, Done, OtherAccount, SessionView};
use crate::pages::account_picker::AccountName;
use crate::pages::account_sign_in::AccountSignInPage;
use crate::pages::said::Said as _;
use crate::pages::sign_in::SignInRefused;
use crate::pages::{Page as _, Shell, paths};

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
    let sign_in = |guest: &Guest| Ok(sign_in_form(app, headers, guest, &Typed::default(), None));
    let device = match Guest::welcome(app, headers, peer).await? {
        Guest::Device(device) => device,
        guest @ Guest::Visitor(_) => return sign_in(&guest),
    };
    let accounts = operations::list_own_accounts(&app.ctx, &device.id).await?;
    let Some(account) = chosen(&accounts, query) else { return sign_in(&Guest::Device(device)) };
    let done = parameter(query, "done").and_then(|word| Done::read(&word));
    let sessions = operations::list_sessions(&app.ctx, &account.did).await?;
    let locale = locale(headers, None);
    let csrf = csrf::token(app.ctx.keys.device_key(), &device.id, PURPOSE);
    let page = AccountPage {
        shell: Shell { locale, look: &app.look },
        csrf: &csrf,
        account: AccountName { did: account.did.to_string(), handle: account.handle.to_string() },
        others: accounts.iter().filter(|other| other.did != account.did).map(other).collect(),
        sessions: (1..).zip(&sessions).map(|(number, it)| SessionView::new(it, number, locale)).collect(),
        done,
    };
    let mut response = page.respond(StatusCode::OK, app.is_secure());
    device.set_cookies(app, response.headers_mut());
    Ok(response)
}

fn other(account: &KnownAccount) -> OtherAccount {
    OtherAccount { handle: account.handle.to_string(), link: link(&account.did) }
}

fn link(account: &Did) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("account", account.as_str());
    format!("{}?{}", paths::OWN_ACCOUNT, query.finish())
}

/// What was typed into the form before.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) identifier: String,
    pub(super) remember: bool,
}

/// The sign-in form, for a device or for a browser that is none yet.
pub(super) fn sign_in_form(
    app: &App,
    headers: &HeaderMap,
    guest: &Guest,
    typed: &Typed,
    refused: Option<(SignInRefused, StatusCode)>,
) -> Response {
    let page = AccountSignInPage {
        shell: app.shell(headers),
        csrf: &guest.token(app),
        identifier: &typed.identifier,
        remember: typed.remember,
        passkey: operations::ask_passkey(&app.ctx, &guest.id()),
        can_reset: app.ctx.accounts.kept_passwords().is_some(),
        refused: refused.map(|(refused, _)| refused),
    };
    let status = refused.map_or(StatusCode::OK, |(_, status)| status);
    let mut response = page.respond(status, app.is_secure());
    guest.set_cookies(app, response.headers_mut());
    response
}

//! `/account…`: a file for each path.

pub(crate) mod app_passwords;
pub(crate) mod approve;
pub(crate) mod devices;
pub(crate) mod end_session;
pub(crate) mod factors;
pub(crate) mod home;
mod own_page;
pub(crate) mod passkey;
pub(crate) mod prove;
pub(crate) mod reset_password;
pub(crate) mod security_log;
pub(crate) mod sign_in;
pub(crate) mod sign_out;

use axum::response::Response;
use gatewright_protocol::syntax::Did;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};

use super::app::App;
use super::extract::device::Device;
use crate::accounts::KnownAccount;
use crate::pages::account::Done;
use crate::pages::paths;
use crate::pages::said::Said as _;

/// What the tokens of these forms are made for: they belong to no request.
const PURPOSE: &str = paths::OWN_ACCOUNT;

/// A parameter of a query.
fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// Of the accounts that are signed in on a device, the one that a page is about: the one that its query names, or else
/// the first.
fn chosen<'a>(accounts: &'a [KnownAccount], query: &str) -> Option<&'a KnownAccount> {
    let wanted = parameter(query, "account");
    let named = accounts.iter().find(|account| Some(account.did.as_str()) == wanted.as_deref());
    named.or_else(|| accounts.first())
}

/// Back to the page of an account, which says what was done: by 303, so that loading it again does nothing again.
fn back(app: &App, device: &Device, account: Option<&Did>, done: Option<Done>) -> Response {
    back_to(app, device, PURPOSE, account, done.map(Done::word))
}

/// The same for another page of the account.
fn back_to(
    app: &App,
    device: &Device,
    path: &'static str,
    account: Option<&Did>,
    done: Option<&'static str>,
) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(account) = account {
        query.append_pair("account", account.as_str());
    }
    if let Some(done) = done {
        query.append_pair("done", done);
    }
    let query = query.finish();
    let location = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    // Everything in it is escaped.
    let location = HeaderValue::try_from(location);
    headers.insert(LOCATION, location.unwrap_or_else(|_| HeaderValue::from_static(path)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    device.set_cookies(app, headers);
    response
}

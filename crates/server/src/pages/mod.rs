//! The pages, each a struct that holds all it shows, and a template of the same name.
//!
//! They are plain HTML forms that work without JavaScript, with a keyboard alone and on a 360-pixel phone. What programs
//! rely on (field names, button values) is marked in the templates. Each page names samples of itself; one test renders
//! every page with every sample in every language.

pub(crate) mod account;
pub(crate) mod account_picker;
pub(crate) mod account_sign_in;
pub(crate) mod add_passkey;
pub(crate) mod add_totp;
pub(crate) mod app_password_made;
pub(crate) mod app_passwords;
pub(crate) mod brand;
pub(crate) mod browser_name;
pub(crate) mod cannot;
pub(crate) mod client_name;
pub(crate) mod consent;
pub(crate) mod devices;
pub(crate) mod error;
pub(crate) mod factor;
pub(crate) mod factors;
pub(crate) mod form_post;
pub(crate) mod password_reset;
pub(crate) mod permission;
pub(crate) mod permission_list;
pub(crate) mod recovery_codes;
pub(crate) mod reset_password;
pub(crate) mod said;
pub(crate) mod security_log;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod use_reset_code;

#[cfg(test)]
mod tests;

use askama::Template;
use axum::response::Response;
use gatewright_protocol::syntax::Datetime;
use gatewright_protocol::time::UnixTime;
use http::StatusCode;

use self::brand::Look;
use crate::http::headers::{self, Content};
use crate::i18n::{Arg, Html, Locale};

/// Where the forms of the pages go, and where their links lead. All of them lie under the paths that `Referer` is held
/// against (AS-35).
pub(crate) mod paths {
    /// `POST`: sends the first code by mail.
    pub(crate) const ADD_EMAIL_FACTOR: &str = "/account/factors/email";
    /// `POST`: asks the browser to make a passkey.
    pub(crate) const ADD_PASSKEY: &str = "/account/factors/passkey";
    /// `POST`: offers a secret to an authenticator application.
    pub(crate) const ADD_TOTP: &str = "/account/factors/totp";
    /// `GET`: the app passwords of an account.
    pub(crate) const APP_PASSWORDS: &str = "/account/app-passwords";
    /// `POST` with `session` and `shown`: approves what permission sets give more than the session has.
    pub(crate) const APPROVE_HELD: &str = "/account/approve";
    /// `POST` with `mail_code`: adds codes by mail.
    pub(crate) const CONFIRM_EMAIL_FACTOR: &str = "/account/factors/email/confirm";
    /// `POST` with `name`, `passkey` and `passkey_sealed`: adds the passkey that the browser made.
    pub(crate) const CONFIRM_PASSKEY: &str = "/account/factors/passkey/confirm";
    /// `POST` with `sealed` and `code`: adds the application that was offered a secret.
    pub(crate) const CONFIRM_TOTP: &str = "/account/factors/totp/confirm";
    /// `POST` with `name`, `kind`, `scope` and `days`: makes an app password.
    pub(crate) const CREATE_APP_PASSWORD: &str = "/account/app-passwords/create";
    /// `GET`: where an account is signed in.
    pub(crate) const DEVICES: &str = "/account/devices";
    /// `POST` with `session`: ends a password session.
    pub(crate) const END_PASSWORD_SESSION: &str = "/account/devices/end-session";
    /// `POST` with `session`: ends it.
    pub(crate) const END_SESSION: &str = "/account/end-session";
    /// `GET`: the second factors of an account.
    pub(crate) const FACTORS: &str = "/account/factors";
    /// `GET`: the applications of an account that is signed in on this device, or a sign-in form.
    pub(crate) const OWN_ACCOUNT: &str = "/account";
    /// `POST` with `code`: the second step of a sign-in on the pages of the account itself.
    pub(crate) const OWN_FACTOR: &str = "/account/sign-in/factor";
    /// `POST` with `passkey` and `passkey_sealed`: a sign-in without password on the pages of the account itself.
    pub(crate) const OWN_PASSKEY: &str = "/account/sign-in/passkey";
    /// `POST`: identifier and password, for the pages of the account itself.
    pub(crate) const OWN_SIGN_IN: &str = "/account/sign-in";
    /// `POST`: signs the account out on this device.
    pub(crate) const OWN_SIGN_OUT: &str = "/account/sign-out";
    /// `POST` with `factor`: forgets it.
    pub(crate) const REMOVE_FACTOR: &str = "/account/factors/remove";
    /// `POST`: makes new recovery codes.
    pub(crate) const RENEW_RECOVERY: &str = "/account/factors/recovery-codes";
    /// `GET`: asks whoever forgot a password who they are. `POST` with `identifier`: sends them a code.
    pub(crate) const RESET_PASSWORD: &str = "/account/reset-password";
    /// `GET`: that the password is another now.
    pub(crate) const PASSWORD_RESET: &str = "/account/reset-password/done";
    /// `GET`: asks for the code and a new password. `POST` with `code`, `password` and `end_app_passwords`: sets it.
    pub(crate) const USE_RESET_CODE: &str = "/account/reset-password/code";
    /// `POST` with `app_password`: ends an app password and what came from it.
    pub(crate) const REVOKE_APP_PASSWORD: &str = "/account/app-passwords/revoke";
    /// `GET`: what happened to an account.
    pub(crate) const SECURITY_LOG: &str = "/account/security-log";
    /// `GET`: the same as JSON.
    pub(crate) const SECURITY_LOG_DOWNLOAD: &str = "/account/security-log/events.json";
    /// `POST` with `device`: signs the account out there.
    pub(crate) const SIGN_OUT_DEVICE: &str = "/account/devices/sign-out";
    /// `POST`: signs the account out on all devices but this one.
    pub(crate) const SIGN_OUT_OTHERS: &str = "/account/devices/sign-out-others";
    /// Opens a request: `GET` with `client_id` and `request_uri`.
    pub(crate) const AUTHORIZE: &str = "/oauth/authorize";
    /// `GET` (with the same query): the account picker, whatever else could be shown. `POST` with `account`: goes on as
    /// an account that is signed in on this device.
    pub(crate) const ACCOUNT: &str = "/oauth/authorize/account";
    /// `POST`: ends the request; the client gets `access_denied`.
    pub(crate) const CANCEL: &str = "/oauth/authorize/cancel";
    /// `POST` with `decision`, and each `scope` left ticked.
    pub(crate) const CONSENT: &str = "/oauth/authorize/consent";
    /// `POST` with `code`: the second step of a sign-in.
    pub(crate) const FACTOR: &str = "/oauth/authorize/factor";
    /// `POST` with `passkey` and `passkey_sealed`: a sign-in without password.
    pub(crate) const PASSKEY: &str = "/oauth/authorize/passkey";
    /// `GET` (with the same query): the sign-in form, whoever is signed in. `POST`: identifier and password.
    pub(crate) const SIGN_IN: &str = "/oauth/authorize/sign-in";
    /// `GET` (with the same query): the form for a new account. `POST`: handle, address, password and invite code.
    pub(crate) const SIGN_UP: &str = "/oauth/authorize/sign-up";
}

/// A page that can be sent.
pub(crate) trait Page: Template {
    /// What the page needs of the content security policy beyond its stylesheet.
    fn content(&self) -> Content<'_> {
        Content::Plain
    }

    /// The page as an answer, with the headers of AS-34.
    fn respond(&self, status: StatusCode, https: bool) -> Response {
        // Rendering to a string fails only when a `Display` of a value does, and none of ours can.
        let html = self.render().expect("every value of a page can be displayed");
        headers::page(&self.content(), https, status, html)
    }
}

/// What every page needs: its language, and how the operator wants it to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shell<'a> {
    /// The language of the page.
    pub(crate) locale: &'static Locale,
    /// Name and stylesheet.
    pub(crate) look: &'a Look,
}

impl Shell<'_> {
    /// The pages of an account that lead to each other: each with the message that names it, and whether it is this one.
    fn own_pages(here: &str) -> [(&'static str, &'static str, bool); 5] {
        [
            (paths::OWN_ACCOUNT, "account-nav-apps"),
            (paths::APP_PASSWORDS, "account-nav-app-passwords"),
            (paths::DEVICES, "account-nav-devices"),
            (paths::FACTORS, "account-nav-factors"),
            (paths::SECURITY_LOG, "account-nav-security-log"),
        ]
        .map(|(path, message)| (path, message, path == here))
    }

    /// A message as text.
    fn t(&self, id: &str) -> String {
        self.locale.text(id, &[])
    }

    /// A message as text, with one value.
    fn t1<'b>(&self, id: &str, name: &'static str, value: impl Into<Arg<'b>>) -> String {
        self.locale.text(id, &[(name, value.into())])
    }

    /// A message as HTML, with one value.
    fn h1<'b>(&self, id: &str, name: &'static str, value: impl Into<Arg<'b>>) -> Html {
        self.locale.html(id, &[(name, value.into())])
    }
}

/// A day as it is written in every language.
pub(crate) fn day(time: UnixTime) -> String {
    let text = Datetime::from(time).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

/// A moment, to the minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// As HTML writes it.
    pub(crate) machine: String,
    /// As it is written in every language.
    pub(crate) shown: String,
}

impl Moment {
    /// This moment.
    pub(crate) fn of(time: UnixTime) -> Self {
        let text = Datetime::from(time).to_string();
        let minutes: String = text.chars().take("2026-08-01T12:34".len()).collect();
        Self { machine: format!("{minutes}Z"), shown: format!("{} UTC", minutes.replace('T', " ")) }
    }
}

/// The hidden fields of every form that changes something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hidden<'a> {
    /// Proves that the form comes from a page this device was given (AS-35): [`crate::http::csrf::token`].
    pub(crate) csrf: &'a str,
    /// The request that the form goes on with: the value of `request_uri`.
    pub(crate) request: &'a str,
}

/// A page that can be shown in tests.
#[cfg(test)]
pub(crate) trait Sampled<'a>: Page + Sized {
    /// One page for each state worth looking at, each with a name for its snapshot.
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)>;
}

#[cfg(test)]
impl Hidden<'static> {
    fn sample() -> Self {
        Self {
            csrf: "Zq1n3sGmM5VQ0cZJ8bT2y4o6w8A0C2E4G6I8K0M2O4Q",
            request: "urn:ietf:params:oauth:request_uri:req-00112233445566778899aabbccddeeff",
        }
    }
}

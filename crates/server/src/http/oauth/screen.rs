//! From what an operation opened to a page or a redirect.

use std::fmt::Write as _;

use axum::response::Response;
use gatewright_guard::rate::TooMany;
use gatewright_protocol::oauth::authorize::Delivery;
use gatewright_protocol::oauth::par::LoginHint;
use gatewright_store::account::AccountStatus;
use http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::accounts::KnownAccount;
use crate::context::Context;
use crate::http::app::App;
use crate::http::csrf;
use crate::http::errors::PageRefusal;
use crate::http::extract::device::Device;
use crate::http::extract::locale::locale;
use crate::http::step_up::{Ask, passkey_question};
use crate::operations::{self, Answer, Asked, Opened, Show, Step, Unproven};
use crate::pages::account_picker::{AccountName, AccountPickerPage};
use crate::pages::client_name::{ClientName, Vouched};
use crate::pages::consent::{ConsentPage, ConsentRefused, Destination};
use crate::pages::error::Trouble;
use crate::pages::factor::{Carried, FactorPage, FactorRefused, Reason};
use crate::pages::form_post::FormPostPage;
use crate::pages::permission_list::PermissionList;
use crate::pages::sign_in::{SignInPage, SignInRefused};
use crate::pages::sign_up::{SignUpPage, SignUpRefused, Typed};
use crate::pages::{Hidden, Page as _, Shell, paths};
use crate::sign_ups::SignUpMode;

/// One browser at one moment: answers go to it with the cookies that it is to have.
#[derive(Debug)]
pub(super) struct Screen<'a> {
    app: &'a App,
    headers: &'a HeaderMap,
    pub(super) device: Device,
}

/// What a page says beyond its step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Remark {
    pub(super) consent: Option<ConsentRefused>,
    pub(super) factor: Option<(FactorRefused, StatusCode)>,
    pub(super) sign_in: Option<(SignInRefused, StatusCode)>,
    pub(super) remember: bool,
    /// A code was just sent by mail.
    pub(super) is_sent: bool,
}

impl<'a> Screen<'a> {
    pub(super) const fn new(app: &'a App, headers: &'a HeaderMap, device: Device) -> Self {
        Self { app, headers, device }
    }

    /// What operations may use.
    pub(super) fn ctx(&self) -> &'a Context {
        &self.app.ctx
    }

    /// The page or redirect.
    pub(super) fn show(self, opened: Opened) -> Response {
        match opened {
            Opened::Answer(answer) => self.send(&answer),
            Opened::Page(step) => self.page(&step, Remark::default()),
        }
    }

    /// The page or redirect, or the page that says why there is none.
    pub(super) fn show_or_refuse<E: Into<PageRefusal>>(self, opened: Result<Opened, E>) -> Response {
        match opened {
            Ok(opened) => self.show(opened),
            Err(error) => self.refuse(error),
        }
    }

    /// The page that says why there is nothing else.
    pub(super) fn refuse(self, error: impl Into<PageRefusal>) -> Response {
        let Self { app, headers, device } = self;
        error.into().for_device(device).respond(app, headers)
    }

    /// The sign-in form once more, because there were too many attempts.
    pub(super) fn too_many(self, opened: Opened, too_many: TooMany) -> Response {
        let Opened::Page(step) = opened else { return self.show(opened) };
        let seconds = too_many.retry_after.as_secs().max(1);
        let minutes = u32::try_from(seconds.div_ceil(60)).unwrap_or(u32::MAX);
        let refused = (SignInRefused::TooMany { minutes }, StatusCode::TOO_MANY_REQUESTS);
        let mut response = self.page(&step, Remark { sign_in: Some(refused), ..Remark::default() });
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        response
    }

    /// The question for a proof before a decision is followed.
    pub(super) fn ask(self, unproven: &Unproven, ask: Ask) -> Response {
        let Unproven { account, request } = unproven;
        let csrf = csrf::token(self.app.ctx.keys.device_key(), &self.device.id, &request.id.0);
        let uri = operations::request_uri(&request.id);
        let page = FactorPage {
            shell: self.shell(request.parameters.ui_locales.as_deref()),
            action: paths::CONSENT,
            carried: ask.carried,
            handle: account.handle.as_str(),
            reason: Reason::StepUp,
            asked: ask.asked,
            passkey: passkey_question(self.app, &self.device, ask.asked),
            client: None,
            is_sent: ask.is_sent,
            refused: ask.refused,
            cancel: Some(Hidden { csrf: &csrf, request: &uri }),
        };
        let mut response = page.respond(ask.status, self.app.is_secure());
        self.device.set_cookies(self.app, response.headers_mut());
        response
    }

    /// The client's answer: by 303, so that no browser posts a form to the client (SEC-9), or by a form of its own.
    pub(super) fn send(self, answer: &Answer) -> Response {
        let mut response = match answer.delivery() {
            Delivery::Form { fields, .. } => {
                let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
                let page = FormPostPage::new(self.shell(None), answer.redirect_uri(), &fields);
                page.respond(StatusCode::OK, self.app.is_secure())
            }
            Delivery::Redirect(location) => {
                let Ok(mut location) = HeaderValue::try_from(location.as_str()) else {
                    return self.refuse(PageRefusal::of(Trouble::BadLink));
                };
                location.set_sensitive(true);
                let mut response = Response::default();
                *response.status_mut() = StatusCode::SEE_OTHER;
                let headers = response.headers_mut();
                headers.insert(LOCATION, location);
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
                response
            }
        };
        self.device.set_cookies(self.app, response.headers_mut());
        response
    }

    /// A page of the request.
    pub(super) fn page(self, step: &Step, remark: Remark) -> Response {
        let csrf = csrf::token(self.app.ctx.keys.device_key(), &self.device.id, &step.request.id.0);
        let uri = operations::request_uri(&step.request.id);
        let shell = self.shell(step.request.parameters.ui_locales.as_deref());
        let hidden = Hidden { csrf: &csrf, request: &uri };
        let link = |path: &str| link(path, step, &uri);
        let sign_up = link(paths::SIGN_UP);
        let offers_sign_up = self.app.ctx.sign_ups.mode() != SignUpMode::Closed;
        let (picker, other) = (link(paths::ACCOUNT), link(paths::SIGN_IN));
        let expected = step.request.parameters.login_hint.as_ref().map(LoginHint::as_str);
        let secure = self.app.is_secure();
        let mut response = match &step.show {
            Show::Accounts(accounts) => AccountPickerPage {
                shell,
                hidden,
                client: self.client(step),
                accounts: accounts.iter().map(account_name).collect(),
                expected,
                sign_in: expected.is_none().then_some(other.as_str()),
            }
            .respond(StatusCode::OK, secure),
            Show::Consent { account, offer } => ConsentPage {
                shell,
                hidden,
                client: self.client(step),
                account: account_name(account),
                offer,
                list: PermissionList::of(offer, shell.locale),
                destination: Destination::new(&step.request.parameters.redirect_uri),
                expected,
                picker: expected.is_none().then_some(picker.as_str()),
                refused: remark.consent,
            }
            .respond(if remark.consent.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK }, secure),
            Show::Factor { account, ways } => FactorPage {
                shell,
                action: paths::FACTOR,
                carried: carried(&hidden),
                handle: account.handle.as_str(),
                reason: Reason::SignIn,
                asked: Asked::Factor(*ways),
                passkey: passkey_question(self.app, &self.device, Asked::Factor(*ways)),
                client: Some(self.client(step)),
                is_sent: remark.is_sent,
                refused: remark.factor.map(|(refused, _)| refused),
                cancel: Some(hidden),
            }
            .respond(remark.factor.map_or(StatusCode::OK, |(_, status)| status), secure),
            Show::SignIn { identifier, has_accounts } => SignInPage {
                shell,
                hidden,
                client: self.client(step),
                identifier: identifier.as_deref().unwrap_or_default(),
                remember: remark.remember,
                refused: remark.sign_in.map(|(refused, _)| refused),
                expected,
                passkey: operations::ask_passkey(&self.app.ctx, &self.device.id),
                can_reset: self.app.ctx.accounts.kept_passwords().is_some(),
                picker: (expected.is_none() && *has_accounts).then_some(picker.as_str()),
                sign_up: (expected.is_none() && offers_sign_up).then_some(sign_up.as_str()),
            }
            .respond(remark.sign_in.map_or(StatusCode::OK, |(_, status)| status), secure),
            Show::SignUp => {
                return self.sign_up(step, &Typed::default(), SignUpRefused::default(), StatusCode::OK);
            }
        };
        self.device.set_cookies(self.app, response.headers_mut());
        response
    }

    /// The form for a new account, with what was typed before and what was wrong with it.
    pub(super) fn sign_up(
        self,
        step: &Step,
        typed: &Typed,
        refused: SignUpRefused,
        status: StatusCode,
    ) -> Response {
        let csrf = csrf::token(self.app.ctx.keys.device_key(), &self.device.id, &step.request.id.0);
        let uri = operations::request_uri(&step.request.id);
        let sign_ups = &self.app.ctx.sign_ups;
        let domain = sign_ups.handle_domains().into_iter().next().unwrap_or_default();
        let page = SignUpPage {
            shell: self.shell(step.request.parameters.ui_locales.as_deref()),
            hidden: Hidden { csrf: &csrf, request: &uri },
            client: self.client(step),
            example: format!("alice{domain}"),
            asks_code: sign_ups.mode() == SignUpMode::Invite,
            typed,
            refused,
            sign_in: &link(paths::SIGN_IN, step, &uri),
        };
        let mut response = page.respond(status, self.app.is_secure());
        self.device.set_cookies(self.app, response.headers_mut());
        response
    }

    fn client(&self, step: &Step) -> ClientName {
        let metadata = &step.client;
        let vouched = self.app.ctx.settings.trusts(&metadata.client_id).then_some(());
        let vouched = vouched
            .and(metadata.client_name.as_deref())
            .map(|name| Vouched { name, logo: metadata.logo_uri.as_ref() });
        ClientName::new(&metadata.client_id, vouched)
    }

    fn shell(&self, ui_locales: Option<&str>) -> Shell<'a> {
        Shell { locale: locale(self.headers, ui_locales), look: &self.app.look }
    }
}

/// The hidden fields of a form that carries nothing else along.
fn carried(hidden: &Hidden<'_>) -> Carried {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Carried(vec![field("csrf", hidden.csrf), field("request", hidden.request)])
}

fn account_name(account: &KnownAccount) -> AccountName {
    debug_assert!(account.status != AccountStatus::TakenDown, "such accounts are never offered");
    AccountName { did: account.did.to_string(), handle: account.handle.to_string() }
}

/// A link to another page of the same request.
fn link(path: &str, step: &Step, uri: &str) -> String {
    let mut link = format!("{path}?");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("client_id", step.request.client.as_str()).append_pair("request_uri", uri);
    let _ = write!(link, "{}", query.finish());
    link
}

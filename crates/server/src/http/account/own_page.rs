//! Opening one of the pages of an account that is signed in on this device.

use axum::response::Response;
use gatewright_protocol::syntax::Did;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{PURPOSE, back_to, chosen};
use crate::accounts::KnownAccount;
use crate::http::app::App;
use crate::http::csrf;
use crate::http::errors::PageRefusal;
use crate::http::extract::account_form::AccountForm;
use crate::http::extract::device::Device;
use crate::http::extract::peer::Peer;
use crate::operations;
use crate::pages::account_picker::AccountName;
use crate::pages::{Page, paths};

/// Whose page is shown, and where. A form that was sent here is one too: its page may be shown again.
#[derive(Debug)]
pub(super) struct OwnPage {
    pub(super) device: Device,
    pub(super) account: Did,
    pub(super) handle: String,
}

impl OwnPage {
    /// The page that a browser opens. Where nobody is signed in, the answer leads to the page that asks who is there.
    pub(super) async fn open(
        app: &App,
        peer: Peer,
        headers: &HeaderMap,
        query: &str,
    ) -> Result<Self, Response> {
        let refuse = |refusal: PageRefusal| refusal.respond(app, headers);
        csrf::check_navigation(headers, app.issuer()).map_err(|error| refuse(error.into()))?;
        app.limits.open(peer.network(), app.ctx.now()).map_err(|error| refuse(error.into()))?;
        let Some(device) = Device::recognise(app, headers, peer, false).await.map_err(refuse)? else {
            return Err(to_sign_in());
        };
        let accounts = match operations::list_own_accounts(&app.ctx, &device.id).await {
            Ok(accounts) => accounts,
            Err(error) => return Err(refuse(PageRefusal::from(error).for_device(device))),
        };
        match chosen(&accounts, query) {
            Some(KnownAccount { did, handle, .. }) => {
                Ok(Self { account: did.clone(), handle: handle.to_string(), device })
            }
            None => Err(back_to(app, &device, paths::OWN_ACCOUNT, None, None)),
        }
    }

    /// What its forms are bound to.
    pub(super) fn csrf(&self, app: &App) -> String {
        csrf::token(app.ctx.keys.device_key(), &self.device.id, PURPOSE)
    }

    /// The account as the page names it.
    pub(super) fn name(&self) -> AccountName {
        AccountName { did: self.account.to_string(), handle: self.handle.clone() }
    }

    /// The page, sent.
    pub(super) fn respond(&self, app: &App, page: &impl Page, status: StatusCode) -> Response {
        let mut response = page.respond(status, app.is_secure());
        self.device.set_cookies(app, response.headers_mut());
        response
    }

    /// The page that says why there is nothing else.
    pub(super) fn refuse(self, app: &App, headers: &HeaderMap, error: impl Into<PageRefusal>) -> Response {
        error.into().for_device(self.device).respond(app, headers)
    }
}

impl From<AccountForm> for OwnPage {
    fn from(form: AccountForm) -> Self {
        let AccountForm { device, account, handle, .. } = form;
        Self { device, account, handle }
    }
}

/// To the page that asks who is there, of a browser that is not known.
fn to_sign_in() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_static(paths::OWN_ACCOUNT));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

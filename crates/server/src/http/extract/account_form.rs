//! The fields of a form on the account page, sent by the browser that was given the page, on behalf of an account that is
//! signed in there (AS-35).

use axum::body::Body;
use gatewright_protocol::syntax::Did;
use gatewright_store::token::TokenId;
use http::HeaderMap;

use super::device::Device;
use super::page_form::{Fields, read_form};
use super::peer::Peer;
use crate::http::app::App;
use crate::http::csrf;
use crate::http::errors::PageRefusal;
use crate::operations;
use crate::pages::paths;

/// A form of the account page. That it comes from a page of ours, in this very browser, and that its account is signed in
/// there, is proven. That the session belongs to the account is not.
#[derive(Debug)]
pub(crate) struct AccountForm {
    pub(crate) device: Device,
    pub(crate) account: Did,
    pub(crate) handle: String,
    pub(crate) session: Option<TokenId>,
    pub(crate) fields: Fields,
}

/// Reads a form and checks where it comes from. Nothing has changed when it is refused.
pub(crate) async fn account_form(
    app: &App,
    headers: &HeaderMap,
    peer: Peer,
    body: Body,
) -> Result<AccountForm, PageRefusal> {
    csrf::check_form(headers, app.issuer())?;
    let fields = read_form(headers, body).await?;
    let device = Device::recognise(app, headers, peer, false).await?.ok_or_else(PageRefusal::stale)?;
    let token = fields.get("csrf").unwrap_or_default();
    if !csrf::matches(app.ctx.keys.device_key(), &device.id, paths::OWN_ACCOUNT, token) {
        return Err(PageRefusal::stale().for_device(device));
    }
    let signed_in = match operations::list_own_accounts(&app.ctx, &device.id).await {
        Ok(signed_in) => signed_in,
        Err(error) => return Err(PageRefusal::from(error).for_device(device)),
    };
    let account = fields.get("account").unwrap_or_default();
    match signed_in.into_iter().find(|known| known.did.as_str() == account) {
        Some(known) => {
            let session = fields.get("session").and_then(|session| session.parse().ok());
            let handle = known.handle.to_string();
            Ok(AccountForm { device, account: known.did, handle, session, fields })
        }
        None => Err(PageRefusal::stale().for_device(device)),
    }
}

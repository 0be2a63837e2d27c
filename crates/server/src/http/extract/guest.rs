//! Whoever looks at a page that needs no sign-in: a device that is known, or a browser that is none yet.

use axum::body::Body;
use gatewright_store::device::DeviceId;
use http::HeaderMap;

use super::device::Device;
use super::page_form::{Fields, read_form};
use super::peer::Peer;
use super::visitor::Visitor;
use crate::http::app::App;
use crate::http::csrf;
use crate::http::errors::PageRefusal;
use crate::pages::paths;

/// See the module.
#[derive(Debug)]
pub(crate) enum Guest {
    Device(Device),
    Visitor(Visitor),
}

impl Guest {
    /// Whoever sends these headers. Nothing is kept of a browser that was never here.
    pub(crate) async fn welcome(app: &App, headers: &HeaderMap, peer: Peer) -> Result<Self, PageRefusal> {
        Ok(match Device::recognise(app, headers, peer, false).await? {
            Some(device) => Self::Device(device),
            None => Self::Visitor(Visitor::welcome(app, headers)),
        })
    }

    /// What its forms are bound to.
    pub(crate) fn id(&self) -> DeviceId {
        match self {
            Self::Device(device) => device.id.clone(),
            Self::Visitor(visitor) => visitor.id(),
        }
    }

    /// The device, if it is one.
    pub(crate) fn into_device(self) -> Option<Device> {
        match self {
            Self::Device(device) => Some(device),
            Self::Visitor(_) => None,
        }
    }

    /// The name of the device, if it is one.
    pub(crate) fn device_id(&self) -> Option<DeviceId> {
        match self {
            Self::Device(device) => Some(device.id.clone()),
            Self::Visitor(_) => None,
        }
    }

    /// The token of the forms that it is given.
    pub(crate) fn token(&self, app: &App) -> String {
        csrf::token(app.ctx.keys.device_key(), &self.id(), paths::OWN_ACCOUNT)
    }

    /// Sets its cookies, if there is anything new to set.
    pub(crate) fn set_cookies(&self, app: &App, headers: &mut HeaderMap) {
        match self {
            Self::Device(device) => device.set_cookies(app, headers),
            Self::Visitor(visitor) => visitor.set_cookie(app, headers),
        }
    }
}

/// Reads a form of such a page and checks that this browser was given it (AS-35). Nothing has changed when it is refused.
pub(crate) async fn guest_form(
    app: &App,
    headers: &HeaderMap,
    peer: Peer,
    body: Body,
) -> Result<(Guest, Fields), PageRefusal> {
    csrf::check_form(headers, app.issuer())?;
    let fields = read_form(headers, body).await?;
    let guest = match Device::recognise(app, headers, peer, false).await? {
        Some(device) => Guest::Device(device),
        None => Guest::Visitor(Visitor::find(app, headers).ok_or_else(PageRefusal::stale)?),
    };
    let token = fields.get("csrf").unwrap_or_default();
    if csrf::matches(app.ctx.keys.device_key(), &guest.id(), paths::OWN_ACCOUNT, token) {
        Ok((guest, fields))
    } else {
        Err(PageRefusal::stale())
    }
}

//! A browser that is no device yet: it has a cookie, and nothing is kept of it (SEC-72).
//!
//! The forms that it is given are bound to its cookie as those of a device are, so a form that somebody else was given
//! does not work in it.

use gatewright_store::device::DeviceId;
use http::HeaderMap;
use http::header::SET_COOKIE;

use super::device::{cookie_of, names, set_cookie};
use crate::http::app::App;
use crate::operations::DeviceCookie;

/// See the module.
#[derive(Debug)]
pub(crate) struct Visitor {
    cookie: DeviceCookie,
    is_new: bool,
}

impl Visitor {
    /// The visitor that sends these headers, if it came before.
    pub(crate) fn find(app: &App, headers: &HeaderMap) -> Option<Self> {
        let cookie = DeviceCookie::parse(cookie_of(headers, names(app.is_secure()).0)?)?;
        Some(Self { cookie, is_new: false })
    }

    /// The visitor that sends these headers, or a new one.
    pub(crate) fn welcome(app: &App, headers: &HeaderMap) -> Self {
        Self::find(app, headers)
            .unwrap_or_else(|| Self { cookie: DeviceCookie::generate(&*app.ctx.random), is_new: true })
    }

    /// What its forms are bound to.
    pub(crate) fn id(&self) -> DeviceId {
        self.cookie.id()
    }

    /// Sets its cookie, if it is new.
    pub(crate) fn set_cookie(&self, app: &App, headers: &mut HeaderMap) {
        if self.is_new {
            let name = names(app.is_secure()).0;
            headers.extend(
                set_cookie(name, self.cookie.expose(), AN_HOUR, app.is_secure()).map(|it| (SET_COOKIE, it)),
            );
        }
    }
}

const AN_HOUR: u64 = 3600;

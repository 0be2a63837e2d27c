//! The two cookies of a browser (AS-36).

use gatewright_protocol::secret::DeviceSecret;
use gatewright_store::device::DeviceId;
use http::header::{COOKIE, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderValue};

use super::peer::Peer;
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::operations::{self, DeviceCookie, Presented};

/// A browser that is known, and the cookies that it is to be given with whatever it is answered.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    cookie: DeviceCookie,
    new_secret: Option<DeviceSecret>,
}

impl Device {
    /// A browser that was just made known.
    pub(crate) fn new(device: operations::Recognised) -> Self {
        let operations::Recognised { id, cookie, new_secret } = device;
        Self { id, cookie, new_secret }
    }

    /// What a browser presents of itself.
    pub(crate) fn presented(app: &App, headers: &HeaderMap, peer: Peer) -> Presented {
        Presented {
            cookies: cookies(headers, app.is_secure()),
            user_agent: headers.get(USER_AGENT).and_then(|name| name.to_str().ok()).map(str::to_owned),
            network: peer.network().to_text(),
            place: peer.place(),
        }
    }

    /// The browser that sends these headers; a new one is made known if `may_create`.
    pub(crate) async fn recognise(
        app: &App,
        headers: &HeaderMap,
        peer: Peer,
        may_create: bool,
    ) -> Result<Option<Self>, PageRefusal> {
        let presented = Self::presented(app, headers, peer);
        Ok(operations::recognise_device(&app.ctx, presented, may_create).await?.map(Self::new))
    }

    /// The secret changed once more.
    pub(crate) fn give(&mut self, secret: Option<DeviceSecret>) {
        if secret.is_some() {
            self.new_secret = secret;
        }
    }

    /// Sets the cookies, if there is anything new to set.
    pub(crate) fn set_cookies(&self, app: &App, headers: &mut HeaderMap) {
        let Some(secret) = &self.new_secret else { return };
        let age = app.ctx.settings.lifetimes.device.as_secs();
        let names = names(app.is_secure());
        for (name, value) in [(names.0, self.cookie.expose()), (names.1, secret.expose())] {
            if let Some(value) = set_cookie(name, value, age, app.is_secure()) {
                headers.append(SET_COOKIE, value);
            }
        }
    }
}

/// The value of a `Set-Cookie`.
pub(super) fn set_cookie(name: &str, value: &str, age: u64, is_secure: bool) -> Option<HeaderValue> {
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The names of the cookies: for the device, and for its secret. A browser takes `__Host-` names only with TLS.
pub(super) const fn names(is_secure: bool) -> (&'static str, &'static str) {
    if is_secure { ("__Host-dev-id", "__Host-ses-id") } else { ("dev-id", "ses-id") }
}

fn cookies(headers: &HeaderMap, is_secure: bool) -> Option<(DeviceCookie, DeviceSecret)> {
    let (device, secret) = names(is_secure);
    let device = DeviceCookie::parse(cookie_of(headers, device)?)?;
    Some((device, DeviceSecret::parse(cookie_of(headers, secret)?).ok()?))
}

pub(super) fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| {
            pair.trim().split_once('=').filter(|(known, _)| *known == name).map(|(_, value)| value)
        })
}

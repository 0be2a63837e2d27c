//! The two cookies: one for who is signed in, one for a sign-in under way.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use super::Web;

/// Who is signed in.
pub(super) const BROWSER: &str = "gatewright";
/// A sign-in under way (CL-4).
pub(super) const FLOW: &str = "gatewright-flow";
/// The longest value that is looked at.
const LONGEST: usize = 128;

impl Web {
    /// The name as it is sent: over HTTPS, one that only this host can set.
    fn cookie_name(&self, name: &str) -> String {
        if self.is_secure() { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// The value of a cookie. Of two with one name, neither counts.
    pub(super) fn cookie(&self, headers: &HeaderMap, name: &str) -> Option<String> {
        let wanted = self.cookie_name(name);
        let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| value);
        let value = values.next().filter(|value| !value.is_empty() && value.len() <= LONGEST)?;
        if values.next().is_some() { None } else { Some(value.to_owned()) }
    }

    /// The header that sets a cookie; without a value it removes it.
    pub(super) fn set_cookie(&self, name: &str, value: Option<&str>, seconds: u64) -> HeaderValue {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let name = self.cookie_name(name);
        let (value, seconds) = value.map_or(("", 0), |value| (value, seconds));
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
        let mut header = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }
}

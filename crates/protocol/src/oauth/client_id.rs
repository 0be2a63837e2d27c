//! Names of clients (CM-1 … CM-7, CM-20 … CM-22, CM-37).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};

use super::redirect_uri::RedirectUri;
use crate::scope::Scopes;
pub use crate::syntax::Development;

/// The longest client id that is read.
pub const MAX_LENGTH: usize = 4096;

/// The name of a client: the `https` URL of its metadata document, or the `http://localhost` form of an
/// application under development. Compared as text, byte by byte (CM-5). A clone shares its text.
#[derive(Clone)]
pub struct ClientId {
    text: Arc<str>,
    kind: Kind,
}

/// Which form a client id has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The URL of a document on this machine. Only a development network takes these (CM-37).
    Development,
    /// The `https` URL of a document.
    Discoverable,
    /// `http://localhost`, whose document follows from the id alone (CM-19 … CM-24).
    Loopback,
}

impl ClientId {
    /// Reads a client id; with [`Development::Allowed`] documents on this machine are clients too (CM-37).
    ///
    /// # Errors
    /// The text has none of the forms, or is not written in its canonical way.
    pub fn parse(text: &str, development: Development) -> Result<Self, InvalidClientId> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidClientId::TooLong);
        }
        let kind = if text.starts_with("https://") {
            check_discoverable(text)?;
            Kind::Discoverable
        } else {
            match Loopback::parse(text) {
                Ok(_) => Kind::Loopback,
                Err(_) if development.is_allowed() && is_development(text) => Kind::Development,
                Err(error) => return Err(error),
            }
        };
        Ok(Self { text: text.into(), kind })
    }

    /// Reads a client id that was accepted once and stored: any form, those of development included.
    ///
    /// # Errors
    /// As [`parse`](Self::parse): the row was not written by this program.
    pub fn from_stored(text: &str) -> Result<Self, InvalidClientId> {
        Self::parse(text, Development::Allowed)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which form it has.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether its document follows from the id alone. Such clients cannot be told apart (CM-24).
    pub const fn is_loopback(&self) -> bool {
        matches!(self.kind, Kind::Loopback)
    }

    /// Where the document is; `None` for a loopback client.
    ///
    /// # Errors
    /// The id names a port. Such an id is well formed, but no client of it is loaded (CM-3).
    pub fn document_url(&self) -> Result<Option<Url>, InvalidClientId> {
        if self.is_loopback() {
            return Ok(None);
        }
        let url = self.url();
        if self.kind == Kind::Discoverable && has_port(&self.text) {
            return Err(InvalidClientId::Port);
        }
        Ok(Some(url))
    }

    /// The id as a URL.
    pub fn url(&self) -> Url {
        Url::parse(&self.text).expect("a client id is a URL: checked when it was read")
    }

    /// The host as it is shown to people, in punycode if it is international (SEC-17).
    pub fn host(&self) -> String {
        self.url().host_str().unwrap_or_default().to_owned()
    }

    /// Whether it is enough to show the host of this id: `https://HOST/oauth-client-metadata.json` (CM-6).
    pub fn is_conventional(&self) -> bool {
        let Some(rest) = self.text.strip_prefix("https://") else { return false };
        rest.split_once('/')
            .is_some_and(|(host, path)| path == "oauth-client-metadata.json" && !host.contains(':'))
    }
}

fn check_discoverable(text: &str) -> Result<(), InvalidClientId> {
    let url = Url::parse(text).map_err(|_| InvalidClientId::Url)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidClientId::Credentials);
    }
    if text.contains('#') {
        return Err(InvalidClientId::Fragment);
    }
    match url.host() {
        Some(Host::Domain(domain)) if is_public_name(domain) => {}
        _ => return Err(InvalidClientId::Host),
    }
    check_path(text, &url)
}

/// The path is one, is written as it is sent, and does not end in a slash (CM-2, CM-4).
fn check_path(text: &str, url: &Url) -> Result<(), InvalidClientId> {
    if url.path() == "/" {
        return Err(InvalidClientId::NoPath);
    }
    if url.path().ends_with('/') {
        return Err(InvalidClientId::TrailingSlash);
    }
    let after_scheme = text.split_once("//").map_or("", |(_, rest)| rest);
    let written = after_scheme.find('/').and_then(|start| after_scheme.get(start..)).unwrap_or_default();
    let written = written.split('?').next().unwrap_or_default();
    // Parsers do not agree on `|`, which is sent as it stands by some and escaped by others. A tab or a line end is
    // dropped by all of them, so the text has to be looked at itself.
    if written.replace('|', "%7C") != url.path().replace('|', "%7C")
        || text.bytes().any(|b| b <= b' ' || b == 0x7f)
    {
        return Err(InvalidClientId::NotCanonical);
    }
    Ok(())
}

/// A name with a dot in it that may belong to somebody: not one of this machine or this network.
fn is_public_name(domain: &str) -> bool {
    let domain = domain.trim_end_matches('.');
    domain.rsplit_once('.').is_some_and(|(_, top)| !matches!(top, "local" | "localhost"))
}

/// `http://localhost:PORT/PATH` or `http://127.0.0.1:PORT/PATH` (CM-37).
fn is_development(text: &str) -> bool {
    let after_host = text.strip_prefix("http://localhost").or_else(|| text.strip_prefix("http://127.0.0.1"));
    let Some(rest) = after_host else { return false };
    if !(rest.starts_with(':') || rest.starts_with('/')) || text.contains('#') {
        return false;
    }
    Url::parse(text).is_ok_and(|url| {
        url.username().is_empty() && url.password().is_none() && check_path(text, &url).is_ok()
    })
}

fn has_port(text: &str) -> bool {
    let authority =
        text.split_once("//").and_then(|(_, rest)| rest.split(['/', '?']).next()).unwrap_or_default();
    authority.contains(':')
}

/// What the id of a loopback client says about it (CM-20 … CM-22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loopback {
    /// What it may ask for.
    pub scope: Scopes,
    /// Where it is reached, on any port.
    pub redirect_uris: Vec<RedirectUri>,
}

impl Loopback {
    /// Reads a loopback client id.
    ///
    /// # Errors
    /// It has a port, a path or a fragment, another parameter than `redirect_uri` and `scope`, a scope without
    /// `atproto`, or a redirect URI elsewhere than at `127.0.0.1` or `[::1]`.
    pub fn parse(text: &str) -> Result<Self, InvalidClientId> {
        let rest = text.strip_prefix("http://localhost").ok_or(InvalidClientId::Scheme)?;
        if rest.contains('#') {
            return Err(InvalidClientId::Fragment);
        }
        let query = match rest.strip_prefix('/').unwrap_or(rest) {
            "" => "",
            other => other.strip_prefix('?').ok_or(InvalidClientId::Loopback)?,
        };
        let pairs = super::params::decode_form(query.as_bytes()).map_err(|_| InvalidClientId::Loopback)?;
        let mut scope = None;
        let mut redirect_uris = Vec::new();
        for (name, value) in pairs {
            match name.as_str() {
                "scope" if scope.is_none() => {
                    let scopes: Scopes = value.parse().map_err(|_| InvalidClientId::LoopbackScope)?;
                    if !scopes.contains("atproto") {
                        return Err(InvalidClientId::LoopbackScope);
                    }
                    scope = Some(scopes);
                }
                "redirect_uri" => {
                    let uri: RedirectUri = value.parse().map_err(|_| InvalidClientId::LoopbackRedirect)?;
                    if !uri.is_loopback() {
                        return Err(InvalidClientId::LoopbackRedirect);
                    }
                    redirect_uris.push(uri);
                }
                _ => return Err(InvalidClientId::Loopback),
            }
        }
        if redirect_uris.is_empty() {
            for default in ["http://127.0.0.1/", "http://[::1]/"] {
                redirect_uris.push(default.parse().expect("a constant redirect URI"));
            }
        }
        let scope = scope.unwrap_or_else(|| "atproto".parse().expect("a constant scope"));
        Ok(Self { scope, redirect_uris })
    }
}

/// A text is not the id of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClientId {
    /// A name and password stand before the host.
    #[error("a client id has no name or password in it")]
    Credentials,
    /// It has a fragment.
    #[error("a client id has no fragment")]
    Fragment,
    /// The host is an address, or a name without a dot, or one of this machine.
    #[error("the host of a client id is a public domain name")]
    Host,
    /// The form `http://localhost` has a port, a path, or other parameters than `redirect_uri` and `scope`.
    #[error(
        "a development client id is http://localhost with the parameters redirect_uri and scope, nothing else"
    )]
    Loopback,
    /// A redirect URI in a loopback client id leads elsewhere.
    #[error("the redirect URIs of a development client id are at http://127.0.0.1 or http://[::1]")]
    LoopbackRedirect,
    /// The scope in a loopback client id is malformed or lacks `atproto`.
    #[error("the scope of a development client id contains atproto")]
    LoopbackScope,
    /// There is no path.
    #[error("a client id has a path")]
    NoPath,
    /// Its path changes when it is parsed.
    #[error("the path of a client id is written as it is sent: no dot segments, no unescaped characters")]
    NotCanonical,
    /// It names a port.
    #[error("no client is loaded from a URL with a port")]
    Port,
    /// Neither `https` nor `http://localhost`.
    #[error("a client id is an https URL, or begins with http://localhost")]
    Scheme,
    /// More than [`MAX_LENGTH`] bytes.
    #[error("a client id has at most {MAX_LENGTH} bytes")]
    TooLong,
    /// Its path ends in a slash.
    #[error("the path of a client id does not end in a slash")]
    TrailingSlash,
    /// It is no URL.
    #[error("a client id is a URL")]
    Url,
}

impl FromStr for ClientId {
    type Err = InvalidClientId;

    /// Reads a client id as production does: nothing of [`Development`].
    fn from_str(text: &str) -> Result<Self, InvalidClientId> {
        Self::parse(text, Development::Refused)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientId({})", self.text)
    }
}

impl PartialEq for ClientId {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for ClientId {}

impl std::hash::Hash for ClientId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for ClientId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ClientId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    /// Reads what was stored, as [`ClientId::from_stored`].
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_stored(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;

//! Redirect URIs: which there are, and which match (CM-13 … CM-18).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};

/// The longest redirect URI that is read.
pub const MAX_LENGTH: usize = 2048;

/// A redirect URI that some client could have: `https`, a loopback address, or a private-use scheme. Which of them
/// a certain client may have is for its metadata to say. A clone shares its text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RedirectUri {
    text: Arc<str>,
    kind: Kind,
}

/// Which form a redirect URI has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A web page or a claimed link of an app.
    Https,
    /// `http` at `127.0.0.1` or `[::1]`.
    Loopback,
    /// A scheme of an app, such as `com.example.app:/callback`.
    PrivateUse,
}

/// What the ports of loopback redirect URIs are worth (CM-17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortRule {
    /// Never compared: for `http://localhost` clients.
    Any,
    /// Not compared if the registered URI names none (or `:80`): for hosted native clients.
    AnyIfUnwritten,
}

impl RedirectUri {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which form it has.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it is at a loopback address.
    pub const fn is_loopback(&self) -> bool {
        matches!(self.kind, Kind::Loopback)
    }

    /// The URI as a URL: what an answer is sent to. (The text may hold what URL parsers mend, such as a space at its
    /// end; it only serves to compare.)
    pub fn url(&self) -> Url {
        Url::parse(&self.text).expect("a redirect URI is a URL: checked when it was read")
    }

    /// Whether a request may name `requested` where this one is registered: the same text or, at a loopback
    /// address, the same but for the port (CM-17).
    pub fn matches(&self, requested: &Self, ports: PortRule) -> bool {
        if self.text == requested.text {
            return true;
        }
        if !(self.is_loopback() && requested.is_loopback()) {
            return false;
        }
        let (registered, requested) = (self.url(), requested.url());
        if ports == PortRule::AnyIfUnwritten && registered.port().is_some() {
            return false;
        }
        registered.host() == requested.host()
            && registered.path() == requested.path()
            && registered.query() == requested.query()
    }
}

impl FromStr for RedirectUri {
    type Err = InvalidRedirectUri;

    fn from_str(text: &str) -> Result<Self, InvalidRedirectUri> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidRedirectUri::TooLong);
        }
        let url = Url::parse(text).map_err(|_| InvalidRedirectUri::Url)?;
        if text.contains('#') {
            return Err(InvalidRedirectUri::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidRedirectUri::Credentials);
        }
        let kind = match url.scheme() {
            "https" => check_https(text, &url)?,
            "http" => check_loopback(text, &url)?,
            scheme => check_private_use(text, scheme)?,
        };
        Ok(Self { text: text.into(), kind })
    }
}

fn check_https(text: &str, url: &Url) -> Result<Kind, InvalidRedirectUri> {
    if !has_authority(text, "https://") {
        return Err(InvalidRedirectUri::Url);
    }
    match url.host() {
        None => Err(InvalidRedirectUri::Url),
        Some(Host::Domain(name)) if is_this_machine(name) => Err(InvalidRedirectUri::Localhost),
        Some(Host::Ipv4(address)) if address.is_loopback() => Err(InvalidRedirectUri::LoopbackScheme),
        Some(Host::Ipv6(address)) if address.is_loopback() => Err(InvalidRedirectUri::LoopbackScheme),
        Some(_) => Ok(Kind::Https),
    }
}

/// Whether a host follows the scheme at once. URL parsers are content with more slashes, or fewer.
fn has_authority(text: &str, scheme: &str) -> bool {
    text.strip_prefix(scheme).is_some_and(|rest| !rest.starts_with(['/', '\\']))
}

fn check_loopback(text: &str, url: &Url) -> Result<Kind, InvalidRedirectUri> {
    match url.host() {
        _ if !has_authority(text, "http://") => Err(InvalidRedirectUri::Url),
        Some(Host::Ipv4(address)) if address == std::net::Ipv4Addr::LOCALHOST => Ok(Kind::Loopback),
        Some(Host::Ipv6(address)) if address.is_loopback() => Ok(Kind::Loopback),
        Some(Host::Domain(name)) if is_this_machine(name) => Err(InvalidRedirectUri::Localhost),
        _ => Err(InvalidRedirectUri::Http),
    }
}

/// A scheme with a dot, then exactly one slash and no authority (CM-15).
fn check_private_use(text: &str, scheme: &str) -> Result<Kind, InvalidRedirectUri> {
    let labels = scheme.split('.');
    let well_formed = scheme.contains('.') && labels.clone().all(|label| !label.is_empty());
    let reserved = labels.into_iter().next().is_some_and(|first| matches!(first, "local" | "localhost"));
    if !well_formed || reserved {
        return Err(InvalidRedirectUri::Scheme);
    }
    let rest = text.split_once(':').map_or("", |(_, rest)| rest);
    if !rest.starts_with('/') || rest.starts_with("//") {
        return Err(InvalidRedirectUri::Slashes);
    }
    Ok(Kind::PrivateUse)
}

fn is_this_machine(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// A text is not a redirect URI that any client may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRedirectUri {
    /// A name and password stand before the host.
    #[error("a redirect URI has no name or password in it")]
    Credentials,
    /// It has a fragment (RFC 6749 section 3.1.2).
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// `http`, elsewhere than at a loopback address.
    #[error("a redirect URI uses https; http only at 127.0.0.1 or [::1]")]
    Http,
    /// The host is `localhost`.
    #[error("the host of a redirect URI is never localhost; use 127.0.0.1 or [::1]")]
    Localhost,
    /// `https` at a loopback address.
    #[error("a redirect URI at a loopback address uses http")]
    LoopbackScheme,
    /// A scheme without a dot.
    #[error("a private-use scheme is a domain name in reverse, such as com.example.app")]
    Scheme,
    /// Not exactly one slash after a private-use scheme.
    #[error(
        "a private-use redirect URI has exactly one slash after its colon, as in com.example.app:/callback"
    )]
    Slashes,
    /// More than [`MAX_LENGTH`] bytes.
    #[error("a redirect URI has at most {MAX_LENGTH} bytes")]
    TooLong,
    /// It is no URL.
    #[error("a redirect URI is an absolute URL")]
    Url,
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedirectUri({})", self.text)
    }
}

impl Serialize for RedirectUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for RedirectUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn uri(text: &str) -> RedirectUri {
        text.parse().expect("a redirect URI")
    }

    #[test]
    fn there_are_three_forms() {
        for (text, kind) in [
            ("https://app.example.com/cb?x=y", Ok(Kind::Https)),
            ("http://127.0.0.1:8080/cb", Ok(Kind::Loopback)),
            ("http://[::1]/", Ok(Kind::Loopback)),
            ("com.example.app:/cb", Ok(Kind::PrivateUse)),
            ("com.example.app:/", Ok(Kind::PrivateUse)),
            ("com.example.app://cb", Err(InvalidRedirectUri::Slashes)),
            ("com.example.app:cb", Err(InvalidRedirectUri::Slashes)),
            ("com.example.app:", Err(InvalidRedirectUri::Slashes)),
            ("myapp:/cb", Err(InvalidRedirectUri::Scheme)),
            ("com..app:/cb", Err(InvalidRedirectUri::Scheme)),
            ("javascript:alert(1)", Err(InvalidRedirectUri::Scheme)),
            ("data:text/html,x", Err(InvalidRedirectUri::Scheme)),
            ("http://app.example.com/cb", Err(InvalidRedirectUri::Http)),
            ("http://127.0.0.2/", Err(InvalidRedirectUri::Http)),
            ("https://127.0.0.1/cb", Err(InvalidRedirectUri::LoopbackScheme)),
            ("https:/app.example.com/cb", Err(InvalidRedirectUri::Url)),
            ("https:///app.example.com/cb", Err(InvalidRedirectUri::Url)),
            ("/cb", Err(InvalidRedirectUri::Url)),
            ("", Err(InvalidRedirectUri::Url)),
        ] {
            assert_eq!(text.parse::<RedirectUri>().map(|uri| uri.kind()), kind, "{text}");
        }
    }

    #[test]
    fn sec_05_tricks_are_no_redirect_uris() {
        for (text, error) in [
            ("https://u@app.example.com/cb", InvalidRedirectUri::Credentials),
            ("https://app.example.com@evil.example/cb", InvalidRedirectUri::Credentials),
            ("https://app.example.com/cb#x", InvalidRedirectUri::Fragment),
            ("https://app.example.com/cb#", InvalidRedirectUri::Fragment),
            ("http://localhost/cb", InvalidRedirectUri::Localhost),
            ("http://localhost.:80/cb", InvalidRedirectUri::Localhost),
            ("https://localhost/cb", InvalidRedirectUri::Localhost),
            ("http://app.localhost/cb", InvalidRedirectUri::Localhost),
        ] {
            assert_eq!(text.parse::<RedirectUri>(), Err(error), "{text}");
        }
    }

    #[test]
    fn sec_05_redirect_uris_match_as_text() {
        let registered = uri("https://app.example.com/cb");
        assert!(registered.matches(&uri("https://app.example.com/cb"), PortRule::Any));
        for other in [
            "https://app.example.com/cb/",
            "https://app.example.com/CB",
            "https://app.example.com/cb?x",
            "https://app.example.com:443/cb",
            "https://app.example.com:8443/cb",
            "https://APP.example.com/cb",
            "https://app.example.com//cb",
            "https://app.example.com/x/../cb",
            "https://evil.example/cb",
        ] {
            assert!(!registered.matches(&uri(other), PortRule::Any), "{other}");
        }
    }

    #[test]
    fn ports_of_loopback_addresses_do_not_count() {
        for (registered, requested, any, unwritten) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:1234/cb", true, true),
            ("http://127.0.0.1:80/cb", "http://127.0.0.1:1234/cb", true, true),
            ("http://127.0.0.1:8080/cb", "http://127.0.0.1:1234/cb", true, false),
            ("http://127.0.0.1:8080/cb", "http://127.0.0.1:8080/cb", true, true),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1234/", false, false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1234/cb?x", false, false),
            ("http://127.0.0.1/cb", "http://[::1]:1234/cb", false, false),
            ("http://127.0.0.1/cb", "https://app.example.com/cb", false, false),
        ] {
            let (registered, requested) = (uri(registered), uri(requested));
            assert_eq!(registered.matches(&requested, PortRule::Any), any, "{registered} {requested}");
            assert_eq!(
                registered.matches(&requested, PortRule::AnyIfUnwritten),
                unwritten,
                "{registered} {requested}"
            );
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,80}", rest in "[ -~]{0,40}") {
            for text in [text, format!("https://{rest}"), format!("http://127.0.0.1{rest}"), format!("com.example.app:{rest}")] {
                if let Ok(uri) = text.parse::<RedirectUri>() {
                    prop_assert!(uri.matches(&uri, PortRule::Any));
                    prop_assert!(uri.url().fragment().is_none());
                }
            }
        }
    }
}

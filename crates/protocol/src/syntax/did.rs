//! Decentralised identifiers.

use url::Url;

use super::Handle;
use super::text::text_type;

text_type! {
    /// A DID: who an account or a service is, for ever.
    ///
    /// Any method parses; [`is_atproto`](Did::is_atproto) tells the two that the protocol takes (ID-9).
    ///
    /// ```
    /// use gatewright_protocol::syntax::Did;
    /// let did: Did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse()?;
    /// assert_eq!(did.method(), "plc");
    /// assert!(did.is_atproto());
    /// # Ok::<(), gatewright_protocol::syntax::SyntaxError>(())
    /// ```
    Did, "DID"
}

/// Whether what only a developer's own machine may do is allowed: `http`, `localhost`, ports, the `test` domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Development {
    /// On a developer's machine.
    Allowed,
    /// Everywhere else.
    Refused,
}

impl Development {
    /// True on a developer's machine.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed)
    }
}

const MAX_DID: usize = 2048;

impl Did {
    /// The word between the first two colons.
    pub fn method(&self) -> &str {
        self.parts().0
    }

    /// What follows the method.
    pub fn identifier(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.0.strip_prefix("did:").and_then(|rest| rest.split_once(':')).unwrap_or_default()
    }

    /// Has it the form of the DIDs that the protocol takes: `did:plc` with 24 characters of `[a-z2-7]`, or
    /// `did:web` with a bare host name (ID-10)?
    ///
    /// Form only: what must never be fetched (`localhost`, reserved domains, ports) is refused by
    /// [`web_origin`](Self::web_origin), which is the way to a document.
    pub fn is_atproto(&self) -> bool {
        match self.parts() {
            ("plc", id) => id.len() == 24 && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')),
            ("web", id) => {
                let host = match id.split_once("%3A") {
                    Some(("localhost", port)) if is_port(port) => "localhost",
                    Some(_) => return false,
                    None => id,
                };
                !host.is_empty() && !host.contains([':', '%'])
            }
            _ => false,
        }
    }

    /// The origin at which the document of a `did:web` is published, by the strict reading of ID-10: a host name
    /// that is a valid handle and not under a reserved domain; `localhost`, with or without a port, in development.
    /// `None` for everything else.
    pub fn web_origin(&self, development: Development) -> Option<Url> {
        if self.method() != "web" || !self.is_atproto() {
            return None;
        }
        let host = self.identifier();
        if host == "localhost" || host.starts_with("localhost%3A") {
            return development.is_allowed().then(|| did_web_to_url(self.as_str()))?;
        }
        let name: Handle = host.parse().ok()?;
        if name.is_reserved(development) { None } else { did_web_to_url(self.as_str()) }
    }

    /// The DID of a service at `host` (a name, or `localhost:port` in development), as `did:web`.
    pub fn of_web_host(host: &str) -> Result<Self, super::SyntaxError> {
        format!("did:web:{}", host.replace(':', "%3A")).parse()
    }

    fn check(text: &str) -> Result<(), &'static str> {
        if text.len() > MAX_DID {
            return Err("longer than 2048 characters");
        }
        let rest = text.strip_prefix("did:").ok_or("does not start with `did:`")?;
        let (method, id) = rest.split_once(':').ok_or("has no identifier after the method")?;
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err("the method is not a word of a-z");
        }
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:%-".contains(&byte)) {
            return Err("has a character that DIDs do not have");
        }
        if id.is_empty() || id.ends_with([':', '%']) {
            return Err("ends with a separator");
        }
        Ok(())
    }
}

/// Where the transformation of the did:web method leads, for any text: `:` parts become path segments, `%3A` the
/// colon before a port, `localhost` is reached without TLS.
///
/// This is the method's plain arithmetic. What is about to be fetched comes from [`Did::web_origin`] instead.
pub fn did_web_to_url(text: &str) -> Option<Url> {
    let id = text.strip_prefix("did:web:")?;
    let mut url = Url::parse(&format!("https://{}", id.replace(':', "/").replace("%3A", ":"))).ok()?;
    if url.host_str() == Some("localhost") {
        url.set_scheme("http").ok()?;
    }
    Some(url)
}

fn is_port(text: &str) -> bool {
    !text.starts_with('0') && text.len() <= 5 && text.parse::<u16>().is_ok_and(|port| port > 0)
}

//! A small web application that signs in at a host and shows what it may do there, and what it may not.
//!
//! It is an ordinary loopback client (CM-19): everything that it may do, it was granted on the consent page. It asks
//! for two narrow permissions and offers a button for each of them, and one for each thing that they do not cover,
//! with the host's answer in plain words.
//!
//! | module | what it holds |
//! |---|---|
//! | `flow` | signing in: push, come back, check the account, refresh, revoke |
//! | `call` | a request with its proof, and the one retry for a nonce |
//! | `actions` | the buttons: what is tried, and what came of it |
//! | `browsers` | who is signed in, in memory, bounded |
//! | `web`, `pages` | the page, its forms, its headers |

use std::fmt;
use std::sync::Arc;

use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::time::Clock;
use gatewright_resolve::Resolver;
use url::Url;

mod actions;
mod browsers;
mod call;
mod flow;
mod pages;
#[cfg(test)]
mod tests;
mod web;

use browsers::Browsers;

/// Everything that the app asks for.
pub const SCOPE: &str = "atproto repo:com.example.note?action=create blob:image/*";

/// What the app is given.
#[derive(Clone, Debug)]
pub struct Config {
    /// The one host that it signs in at and calls.
    pub host_url: Url,
    /// Where browsers reach it: `http://127.0.0.1:PORT`.
    pub own_origin: Url,
    /// What accounts and servers are looked up with; its fetcher makes every request.
    pub resolver: Resolver,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for keys, states and cookies.
    pub random: Arc<dyn Random>,
}

/// A configuration that cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The host is not named by an origin.
    #[error("the host's URL is not an origin")]
    Host,
    /// A loopback client is reached at `http://127.0.0.1:PORT` and nowhere else (CM-22).
    #[error("the app's own origin is not http://127.0.0.1:PORT")]
    OwnOrigin,
}

/// The application.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    host: String,
    own: String,
    client_id: String,
    resolver: Resolver,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    browsers: Browsers,
    /// Makes the token in each form, so that no form has to be remembered.
    form_key: [u8; 32],
}

impl App {
    /// The application, signed out everywhere.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let host = origin(&config.host_url).ok_or(ConfigError::Host)?;
        let own = origin(&config.own_origin).ok_or(ConfigError::OwnOrigin)?;
        if config.own_origin.scheme() != "http" || config.own_origin.host_str() != Some("127.0.0.1") {
            return Err(ConfigError::OwnOrigin);
        }
        let form_key = random_bytes(&*config.random);
        let client_id = flow::client_id(&own);
        Ok(Self(Arc::new(Shared {
            host,
            own,
            client_id,
            resolver: config.resolver,
            clock: config.clock,
            random: config.random,
            browsers: Browsers::default(),
            form_key,
        })))
    }

    /// Its routes, to be served at its own origin.
    pub fn router(&self) -> axum::Router {
        web::router(self.clone())
    }
}

/// Keys and tokens are behind this; nothing of it is printed.
impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("host", &self.0.host).field("own", &self.0.own).finish_non_exhaustive()
    }
}

fn origin(url: &Url) -> Option<String> {
    let bare =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    (bare && url.has_host()).then(|| url.origin().ascii_serialization())
}

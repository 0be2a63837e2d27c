//! A small music library that signs people in with the client and keeps what they add in their own repositories.
//!
//! It is an ordinary loopback client (CM-19): everything that it may do, it was granted on the consent page. It asks for
//! two narrow permissions at first. What needs a third is refused by the host, and the page then offers to ask for it.
//!
//! | module | what it holds |
//! |---|---|
//! | `library` | the tracks of an account: list, add, remove, and what came of it |
//! | `web` | routes, the upload, headers |
//! | `pages` | the page |

mod library;
mod pages;
mod web;

use std::fmt;
use std::sync::Arc;

use gatewright_client::web::Web;
use gatewright_client::{Client, ClientDescription, InvalidDescription, Sessions};
use gatewright_protocol::time::Clock;
use url::Url;

/// Everything that the app asks for when somebody signs in.
pub const SCOPE: &str = "atproto repo:com.example.track?action=create blob:audio/*";
/// What it may ask for later, when somebody wants to remove a track.
pub const LATER: &str = "repo:com.example.track?action=delete";

/// What the app is given.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the people are asked for their passwords: its pages are where the forms of this app lead.
    pub authorization_server: Url,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where browsers reach it: `http://127.0.0.1:PORT`.
    pub own_origin: Url,
    /// Where sessions are kept.
    pub sessions: Sessions,
}

/// A configuration that cannot work.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The authorization server is not named by an origin.
    #[error("the authorization server's URL is not an origin")]
    AuthorizationServer,
    /// The client's own description is refused.
    #[error(transparent)]
    Description(#[from] InvalidDescription),
    /// A loopback client is reached at `http://127.0.0.1:PORT` and nowhere else (CM-22).
    #[error("the app's own origin is not http://127.0.0.1:PORT")]
    OwnOrigin,
}

/// The application.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    clock: Arc<dyn Clock>,
    issuer: String,
    own: String,
    web: Web,
}

impl App {
    /// The application, over the sessions that it is given.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let issuer = origin(&config.authorization_server).ok_or(ConfigError::AuthorizationServer)?;
        let own = origin(&config.own_origin).ok_or(ConfigError::OwnOrigin)?;
        if config.own_origin.scheme() != "http" || config.own_origin.host_str() != Some("127.0.0.1") {
            return Err(ConfigError::OwnOrigin);
        }
        let description =
            ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").scope(SCOPE).scope(LATER);
        let web = Web::new(Client::new(description, config.sessions)?).origin(&own);
        Ok(Self(Arc::new(Shared { clock: config.clock, issuer, own, web })))
    }

    /// Its routes, to be served at its own origin.
    pub fn router(&self) -> axum::Router {
        web::router(self)
    }
}

/// Sessions are behind this; nothing of them is printed.
impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("own", &self.0.own).finish_non_exhaustive()
    }
}

fn origin(url: &Url) -> Option<String> {
    let bare =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    (bare && url.has_host()).then(|| url.origin().ascii_serialization())
}

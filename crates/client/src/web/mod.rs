//! Signing in at a web application: its routes, its cookie, and who is signed in (feature `axum`).
//!
//! The browser gets an opaque cookie and nothing else; tokens and keys stay in the store, where the cookie is a keyed hash.
//! Several accounts may be signed in in one browser; one of them is the current one.
//!
//! | route | does |
//! |---|---|
//! | `POST /login` | begins: the form has `identifier`, and may have `return_to`, `scope`, `prompt` |
//! | `POST /login` with `more` | asks for more for the current account, which keeps what it holds; `return_to` resumes |
//! | `GET` of the first redirect URI's path | finishes, and goes back to `return_to` |
//! | `POST /switch` | makes another account the current one: the form has `account`, a DID |
//! | `POST /logout` | signs out the current account, the `account` of the form, or with `all` everybody |
//! | `GET` of the client id's path | the client's metadata |
//! | `GET` of the `jwks_uri`'s path | the client's keys |
//!
//! The page with the form is the application's own: a form that posts `identifier` to `/login` is enough. What goes wrong
//! comes back to the path of [`Web::failure_path`] with `auth_error` and a word: `declined`, `expired`, `identifier`,
//! `account`, `server`, `rate_limited`, `scope`, `failed`.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use gatewright_client::{Client, web::{SignedIn, Web}};
//! async fn home(signed_in: SignedIn) -> String {
//!     format!("You are {}.", signed_in.session.account())
//! }
//! fn app(client: Client) -> Router {
//!     let web = Web::new(client);
//!     Router::new().route("/", get(home)).with_state(web.clone()).merge(web.router())
//! }
//! ```

mod browser;
mod cookie;
mod routes;
mod same_origin;
mod signed_in;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use url::Url;

use crate::client::Client;

pub use signed_in::{MaybeSignedIn, NotSignedIn, SignedIn};

/// The signing-in half of a web application. Cheap to clone; it is the state of the routes that use [`SignedIn`].
#[derive(Clone, Debug)]
pub struct Web(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    /// Where browsers reach the application.
    origin: String,
    callback: String,
    failure: String,
}

impl Web {
    /// Of a client whose first redirect URI is a page of this application.
    pub fn new(client: Client) -> Self {
        let redirect = client.described().redirect_uri(None).map(|uri| uri.url());
        let origin = redirect.as_ref().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        let callback = redirect.map_or_else(|| "/callback".to_owned(), |url| url.path().to_owned());
        Self(Arc::new(Inner { client, origin, callback, failure: "/".to_owned() }))
    }

    /// The path that a browser is sent to when a sign-in fails. Default: `/`.
    #[must_use]
    pub fn failure_path(self, path: impl Into<String>) -> Self {
        self.change(|inner| inner.failure = path.into())
    }

    /// Where browsers reach the application, where that is not the origin of its redirect URI: a loopback client's has
    /// a port that its description does not name.
    #[must_use]
    pub fn origin(self, origin: impl Into<String>) -> Self {
        self.change(|inner| inner.origin = origin.into())
    }

    fn change(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner {
            client: self.0.client.clone(),
            origin: self.0.origin.clone(),
            callback: self.0.callback.clone(),
            failure: self.0.failure.clone(),
        };
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// The routes of this module, to be merged into the application's own.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let mut router = Router::new()
            .route("/login", post(routes::login))
            .route(&self.0.callback, get(routes::callback))
            .route("/logout", post(routes::logout))
            .route("/switch", post(routes::switch));
        let document = Url::parse(self.0.client.client_id())
            .ok()
            .filter(|_| self.0.client.metadata_document().is_some());
        if let Some(document) = document {
            router = router.route(document.path(), get(routes::metadata));
        }
        if let Some(path) = self.key_path() {
            router = router.route(&path, get(routes::keys));
        }
        router.with_state(self.clone())
    }

    fn key_path(&self) -> Option<String> {
        let document = self.0.client.metadata_document()?;
        let url = Url::parse(document.get("jwks_uri")?.as_str()?).ok()?;
        Some(url.path().to_owned())
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Are cookies sent over HTTPS only? Everywhere but on a developer's machine.
    fn is_secure(&self) -> bool {
        self.0.origin.starts_with("https://")
    }

    /// The redirect URI of this application, with the port that it runs at.
    fn redirect_uri(&self) -> String {
        format!("{}{}", self.0.origin, self.0.callback)
    }
}

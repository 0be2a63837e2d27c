//! Signing in at any host of the AT Protocol, and staying signed in: for web applications, bots, desktop programs and
//! command lines, with OAuth or an app password behind one [`Session`].
//!
//! ```no_run
//! use gatewright_client::{BrowserSecret, Client, ClientDescription, Sessions, SignIn, loopback::Loopback};
//! use gatewright_client::sessions::{KeyRing, file::FolderStore};
//! # async fn example(open: impl Fn(&str)) -> Result<(), Box<dyn std::error::Error>> {
//! let random = gatewright_resolve::system::SystemRandom;
//! let ring = KeyRing::load_or_create("state/session.keys".as_ref(), &random)?;
//! let sessions = Sessions::builder(FolderStore::open("state/sessions")?, ring).build();
//! let description = ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").scope("repo:com.example.note");
//! let client = Client::new(description, sessions)?;
//! let (browser, back) = (BrowserSecret::generate(&random), Loopback::bind().await?);
//! let sign_in = SignIn::at("alice.example.net").redirect_uri(back.redirect_uri());
//! open(client.start(sign_in, &browser).await?.url.as_str());
//! let session = back.finish(&client, &browser, std::time::Duration::from_secs(300)).await?.session;
//! let account: serde_json::Value = session.query("com.atproto.server.getSession", &[]).await?;
//! println!("signed in as {}", account["did"]);
//! # Ok(()) }
//! ```
//!
//! A bot needs less, and nobody at a browser:
//!
//! ```no_run
//! use gatewright_client::{Session, Sessions};
//! use gatewright_client::sessions::{KeyRing, file::FolderStore};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let ring = KeyRing::load_or_create("state/session.keys".as_ref(), &gatewright_resolve::system::SystemRandom)?;
//! let sessions = Sessions::builder(FolderStore::open("state/sessions")?, ring).build();
//! let session = Session::for_bot(&sessions, "bot.example.net", std::env::var("APP_PASSWORD")?).await?;
//! let note = serde_json::json!({"$type": "com.example.note", "text": "Good morning."});
//! let input = serde_json::json!({"repo": session.account(), "collection": "com.example.note", "record": note});
//! let made: serde_json::Value = session.procedure("com.atproto.repo.createRecord", &input).await?;
//! # Ok(()) }
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`sessions`] | the store trait and its stores, the key ring |
//! | `keep` | [`Sessions`]: a store with everything that sessions need |
//! | `client`, `description`, `client_key` | [`Client`]: what an application says about itself |
//! | `flow` | from what was typed to the server's page, and back |
//! | [`loopback`] | where the browser of a program on a desktop comes back to |
//! | `session`, `xrpc`, `call` | [`Session`]: calls with tokens that are good |
//! | `refresh` | one renewal at a time, across tasks, processes and machines |
//! | `app_password`, `bot` | sessions of the old kind |
//! | `sign_out`, `transfer` | ending a session, taking one elsewhere |
//! | [`per_request`] | from the credentials of one request to a session that acts for its caller |
//! | `web` (feature `axum`) | routes, cookie and extractor of a web application |
//!
//! What can be relied upon:
//!
//! - A session ends when its server says so, or when somebody signs out. No failure on the way, of a network, a server or
//!   a store, costs one.
//! - Tokens are kept before they are used.
//! - The account is the one that was asked for, and its own host and server vouch for it, at the sign-in and at each
//!   renewal.
//! - A store sees sealed bytes and hashed names only.
//!
//! Processes which share a session renew it once an expiration, also when some of them are killed between the answer of
//! the server and the row: the tests kill them in every store that processes can share.

mod app_password;
mod bot;
mod call;
mod client;
mod client_key;
mod description;
mod dpop;
mod endpoint;
mod error;
mod event;
mod flow;
mod keep;
mod limit;
pub mod loopback;
pub mod per_request;
mod record;
mod refresh;
mod scope;
mod secret;
mod session;
pub mod sessions;
mod sign_out;
mod tokens;
mod transfer;
#[cfg(feature = "axum")]
pub mod web;
mod xrpc;

pub use app_password::AppSignIn;
pub use call::{Body, Call, Chunks};
pub use client::Client;
pub use client_key::{ClientKey, ClientKeys, InvalidClientKey};
pub use description::{ClientDescription, InvalidDescription};
pub use error::CallError;
pub use event::{Event, Subject};
pub use flow::{BrowserSecret, Finished, SignIn, SignInError, Started};
pub use gatewright_protocol::oauth::par::Prompt;
pub use gatewright_resolve::fetch::Answer;
pub use keep::{Builder, Sessions, Summary};
pub use record::{Ended, InvalidSessionId, Kind, SessionId};
pub use secret::AppPassword;
pub use session::Session;

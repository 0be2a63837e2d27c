#![doc = include_str!("../README.md")]

pub mod members;

/// What the guide shows is compiled with this example.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guides/embed.md")]
mod guide {}

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use gatewright_server::AuthorizationServer;
use gatewright_server::keys::KeyFile;
use gatewright_server::settings::{Audience, Verification};
use gatewright_store::memory::Memory;

use members::Members;

/// The village's application with the authorization server in it. `issuer` is the origin where browsers find it.
///
/// # Errors
/// The issuer is no origin, or is not on loopback and without TLS.
pub async fn app(issuer: &str) -> anyhow::Result<Router> {
    let members = Members::of_the_village().await?;
    // In earnest: `gatewright_store::sqlite::Sqlite::open(path, …)`, so that sessions outlive the process.
    let store = Arc::new(Memory::new());
    // In earnest: `KeyFile::load_or_create(path, …)`, for what these keys signed must stay good.
    let keys = KeyFile::generate(&SystemRandom, SystemClock.now());
    let server = AuthorizationServer::builder(issuer, store, Arc::new(members))
        .keys(&keys)
        .audience(Audience {
            origin: "http://localhost:2591".to_owned(),
            service: "did:web:localhost%3A2591".parse()?,
            verification: Verification::Jwks,
        })
        .development(issuer.starts_with("http:"))
        .settings(|settings| settings.brand.name = "The village".into())
        .build()?;
    tokio::spawn(server.tasks());
    let own = Router::new().route("/", get(|| async { "The village fair is on Saturday." }));
    Ok(own.merge(server.router()))
}

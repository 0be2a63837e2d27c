//! Protects a resource server of the AT Protocol: token, proof and scope are checked before a handler runs.
//!
//! [`Guard`] knows who the resource server is and whose tokens it takes; [`GuardLayer`] puts it before a router;
//! the [`Table`] says, one row a method, who may call it; a handler gets a [`Granted`] and asks it for what only the
//! body tells. Default deny: a method without a row is not answered (RS-17).
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use axum::{Router, routing::get};
//! # use gatewright_guard::{Granted, Guard, GuardLayer, JwksTokens, Kind, Row, Rule, Table};
//! # use gatewright_protocol::dpop::nonce::Nonces;
//! # use gatewright_resolve::{Resolver, system::SystemClock};
//! # use gatewright_store::memory::Memory;
//! # fn example(nonces: Arc<Nonces>) -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Arc::new(SystemClock);
//! let resolver = Resolver::builder(clock.clone()).build();
//! let tokens = JwksTokens::new(resolver.jwks("https://auth.example.com/oauth/jwks".parse()?));
//! let guard = Guard::builder(&"https://api.example.com".parse()?, "did:web:api.example.com".parse()?, tokens)
//!     .issuer("https://auth.example.com")
//!     .table(Table::new([Row::new("com.example.hello", &[Kind::OAuth], Rule::Any).answered_here()]))
//!     .build(nonces, Arc::new(Memory::new()), clock);
//! let app: Router = Router::new()
//!     .route("/xrpc/com.example.hello", get(|granted: Granted| async move { granted.account().to_string() }))
//!     .layer(GuardLayer::new(guard.clone()))
//!     .merge(guard.well_known());
//! # Ok(()) }
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`table`] | method → who may call it, as data |
//! | [`verify`] | header, proof, token, service token, operator's password |
//! | [`permit`], [`Destination`] | what a checked request may do, and where it goes on to |
//! | [`error`], [`challenge`] | how a refusal reads |
//! | [`extract`] | what handlers take |
//! | [`peer`], [`rate`] | who is at the other end, and how often it comes |
//! | [`cors`] | what every answer of a resource server says to browsers |

pub mod authorization;
pub mod challenge;
pub mod cors;
mod destination;
pub mod error;
pub mod extract;
mod future;
mod guard;
mod layer;
pub mod peer;
pub mod permit;
pub mod rate;
mod rules;
mod service;
mod services;
pub mod table;
#[cfg(test)]
mod tests;
pub mod verify;

pub use destination::Destination;
pub use error::GuardError;
pub use extract::Caller;
pub use future::GuardFuture;
pub use guard::{Guard, GuardBuilder};
pub use layer::GuardLayer;
pub use permit::Granted;
pub use service::GuardService;
pub use services::{Service, Services};
pub use table::{Kind, Row, Rule, Table};
pub use verify::{
    IssuerKeys, JwksTokens, KeySource, LegacySessions, PublishedKeys, ServiceCaller, ServiceTokens,
    StoreTokens, Tokens,
};

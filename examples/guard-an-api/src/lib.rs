#![doc = include_str!("../README.md")]

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use gatewright_guard::{Caller, Granted, Guard, GuardError, GuardLayer, JwksTokens, Kind, Row, Rule, Table};
use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::scope::{Need, RpcNeed};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::Clock;
use gatewright_resolve::{Network, Resolver, system::SystemRandom};
use gatewright_store::memory::Memory;
use serde_json::{Value, json};

/// Who may call what: a method that is not here is answered 501.
const METHODS: [Row; 2] = [
    Row::new("com.example.notes.greet", &[Kind::Nobody, Kind::OAuth], Rule::Any).answered_here(),
    Row::new("com.example.notes.list", &[Kind::OAuth], Rule::Body).answered_here(),
];

/// The API at `origin`, for tokens that `issuer` made for `service`.
///
/// # Errors
/// One of the two origins is none.
pub fn app(origin: &str, service: Did, issuer: &str, clock: Arc<dyn Clock>) -> anyhow::Result<Router> {
    let mut resolver = Resolver::builder(Arc::clone(&clock));
    if issuer.starts_with("http:") {
        resolver = resolver.network(Network::Development(Arc::new(())));
    }
    let keys = resolver.build().jwks(format!("{issuer}/oauth/jwks").parse()?);
    let needed = format!("{service}#notes");
    let guard = Guard::builder(&origin.parse()?, service, JwksTokens::new(keys))
        .issuer(issuer)
        .table(Table::new(METHODS))
        .build(Arc::new(Nonces::new(random_bytes(&SystemRandom))), Arc::new(Memory::new()), clock);
    Ok(Router::new()
        .route("/xrpc/com.example.notes.greet", get(greet))
        .route("/xrpc/com.example.notes.list", get(async move |granted: Granted| list(&granted, &needed)))
        .merge(guard.well_known())
        // Last, so that it also stands before the paths that have no route.
        .layer(GuardLayer::new(guard)))
}

/// Anybody may ask; whoever presents a token is known.
async fn greet(caller: Caller) -> String {
    caller.granted().map_or_else(|| "Hello!".to_owned(), |granted| format!("Hello, {}!", granted.account()))
}

/// The row leaves it to the handler what is needed, because other methods need to read the body first.
fn list(granted: &Granted, service: &str) -> Result<Json<Value>, GuardError> {
    granted.require([Need::Rpc(RpcNeed { lxm: "com.example.notes.list", aud: service })])?;
    Ok(Json(json!({ "account": granted.account(), "notes": ["Buy milk"] })))
}

//! Who is at the other end of the connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use gatewright_guard::peer::Peer;
use http::request::Parts;

use crate::context::Context;

/// On whose behalf others are asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker(pub(crate) Peer);

impl FromRequestParts<Arc<Context>> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, context: &Arc<Context>) -> Result<Self, Infallible> {
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        Ok(Self(Peer::of(&parts.headers, connection, &context.settings.trusted_proxies)))
    }
}

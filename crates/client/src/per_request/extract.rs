//! Who calls, as an argument of a handler.

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::{Caller, Refused};

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refused;

    /// # Errors
    /// The route is not behind the layer: then nobody has looked at the credentials, and nobody is taken for anonymous.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("a handler takes a Caller, and its route is not behind a PerRequestLayer");
            Refused::Unavailable("this route does not look at credentials")
        })
    }
}

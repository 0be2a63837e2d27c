//! Who is signed in, as an argument of a handler.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::Web;
use super::cookie::BROWSER;
use crate::session::Session;

/// Whoever is signed in in this browser.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The session of the current account.
    pub session: Session,
    /// Those of the other accounts that are signed in here, the one that was current last first.
    pub others: Vec<Session>,
}

/// Whoever is signed in, or nobody: for pages that show themselves to both.
#[derive(Clone, Debug)]
pub struct MaybeSignedIn(pub Option<SignedIn>);

/// Nobody is signed in here, or it cannot be told just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSignedIn {
    /// Nobody.
    #[error("nobody is signed in")]
    Nobody,
    /// The store is away. The browser keeps its cookie.
    #[error("who is signed in cannot be told just now")]
    Unknown,
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Nobody => StatusCode::UNAUTHORIZED,
            Self::Unknown => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, self.to_string()).into_response()
    }
}

impl Web {
    async fn signed_in(&self, parts: &Parts) -> Result<SignedIn, NotSignedIn> {
        let cookie = self.cookie(&parts.headers, BROWSER).ok_or(NotSignedIn::Nobody)?;
        let open = async { self.open_sessions(&self.find_browser(&cookie).await?).await };
        let mut open = open.await.map_err(|error| {
            tracing::error!(%error, "who is signed in cannot be told");
            NotSignedIn::Unknown
        })?;
        if open.is_empty() {
            return Err(NotSignedIn::Nobody);
        }
        Ok(SignedIn { session: open.remove(0), others: open })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn
where
    Web: FromRef<S>,
{
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NotSignedIn> {
        Web::from_ref(state).signed_in(parts).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeSignedIn
where
    Web: FromRef<S>,
{
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NotSignedIn> {
        match Web::from_ref(state).signed_in(parts).await {
            Ok(signed_in) => Ok(Self(Some(signed_in))),
            Err(NotSignedIn::Nobody) => Ok(Self(None)),
            Err(unknown) => Err(unknown),
        }
    }
}

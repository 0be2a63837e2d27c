//! What handlers behind the guard take.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use gatewright_protocol::legacy::RefreshClaims;
use http::request::Parts;

use crate::table::Kind;
use crate::verify::ServiceCaller;
use crate::{Granted, GuardError};

/// Who calls, as the guard found out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Caller {
    /// The operator.
    Admin,
    /// Nobody in particular.
    Anonymous,
    /// The host of an account behind this entryway, which passes on what it was asked: it has checked who calls.
    Host(Granted),
    /// Somebody with a password session of an account.
    Legacy(Granted),
    /// An application, with the token of an account.
    OAuth(Granted),
    /// The holder of a refresh token of a password session. That it was signed here is all that is known of it.
    Refresh(RefreshClaims),
    /// A service, or an account through one, by a service token.
    Service(ServiceCaller),
}

impl Caller {
    /// By which kind of credentials.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Admin => Kind::Admin,
            Self::Anonymous => Kind::Nobody,
            Self::Host(granted) | Self::Legacy(granted) | Self::OAuth(granted) => granted.kind(),
            Self::Refresh(_) => Kind::Refresh,
            Self::Service(caller) => caller.kind,
        }
    }

    /// What the token grants, if it is one of an account.
    pub const fn granted(&self) -> Option<&Granted> {
        match self {
            Self::Host(granted) | Self::Legacy(granted) | Self::OAuth(granted) => Some(granted),
            Self::Admin | Self::Anonymous | Self::Refresh(_) | Self::Service(_) => None,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = GuardError;

    /// # Errors
    /// The route is not behind the guard: that is default deny, too.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, GuardError> {
        parts.extensions.get::<Self>().cloned().ok_or(GuardError::AuthMissing)
    }
}

impl<S: Sync> FromRequestParts<S> for Granted {
    type Rejection = GuardError;

    /// # Errors
    /// Nobody calls with a token of an account.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, GuardError> {
        parts.extensions.get::<Caller>().and_then(Caller::granted).cloned().ok_or(GuardError::AuthMissing)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Granted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Caller>().and_then(Caller::granted).cloned())
    }
}

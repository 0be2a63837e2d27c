//! Where a call goes on to, found out once: what is checked is what is called (PX-1, PX-5, PX-10).

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use gatewright_protocol::scope::Audience;
use gatewright_protocol::syntax::Nsid;
use http::request::Parts;
use url::Url;

use crate::table::{Row, Rule};
use crate::{GuardError, Services, rules};

/// The header by which a client names a service.
pub(crate) const HEADER: &str = "atproto-proxy";

/// A method at a service. Handlers of calls that go on take it as an argument; nothing else of the request says where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    method: Nsid,
    audience: Audience,
    origin: Option<Url>,
}

impl Destination {
    /// One that nobody checked: for the tests of handlers.
    pub fn unchecked(method: Nsid, audience: Audience, origin: Option<Url>) -> Self {
        Self { method, audience, origin }
    }

    /// The method.
    pub fn method(&self) -> &Nsid {
        &self.method
    }

    /// The service: what a permission names, and what a service token is for.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// Where it is, if the configuration knows; otherwise its DID document says so (PX-3).
    pub fn origin(&self) -> Option<&Url> {
        self.origin.as_ref()
    }
}

/// Where the call of this row goes: to the service that the client names, or else to the usual one.
///
/// # Errors
/// The header is not a DID with a service.
pub(crate) fn find(
    services: Option<&Services>,
    row: &Row,
    parts: &Parts,
) -> Result<Option<Destination>, GuardError> {
    if !matches!(row.oauth, Rule::Call | Rule::CallBoth(_) | Rule::Profile) {
        return Ok(None);
    }
    let named = named(parts)?;
    let Ok(method) = rules::method(row, parts).parse::<Nsid>() else { return Ok(None) };
    let destination = match named {
        Some(audience) => {
            let known = services.and_then(|services| services.find(&audience));
            Some(Destination { method, origin: known.map(|service| service.origin.clone()), audience })
        }
        None => services.and_then(|services| services.usual(method.as_str())).map(|service| Destination {
            method,
            audience: service.audience.clone(),
            origin: Some(service.origin.clone()),
        }),
    };
    Ok(destination)
}

/// What the header names: one DID, one `#`, one service (PX-1).
fn named(parts: &Parts) -> Result<Option<Audience>, GuardError> {
    let mut values = parts.headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let audience = value.to_str().ok().filter(|_| values.next().is_none()).and_then(Audience::parse);
    audience.map(Some).ok_or(GuardError::InvalidRequest(
        "the header atproto-proxy is not a DID with a service, as did#serviceId",
    ))
}

impl<S: Sync> FromRequestParts<S> for Destination {
    type Rejection = GuardError;

    /// # Errors
    /// The call goes nowhere: that is default deny, too.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, GuardError> {
        parts.extensions.get::<Self>().cloned().ok_or(GuardError::NotImplemented)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Destination {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

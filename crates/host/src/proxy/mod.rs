//! Calls that go on to other services, in the name of an account (section 9 of the digest).
//!
//! [`operations::proxy_call`](crate::operations::proxy_call) is the whole of it; here is what it is made of: which
//! headers go along, and where a service is.

mod headers;
mod origin;

use std::time::Duration;

use gatewright_protocol::scope::Audience;
use gatewright_protocol::service_auth::Recipient;
use gatewright_resolve::Resolver;
use gatewright_resolve::fetch::ForwardLimits;

pub(crate) use headers::{of_answer, of_call};
pub use origin::OriginError;
pub(crate) use origin::find_origin;

/// How long a service may take, and the most that it may answer (PX-8).
pub(crate) const LIMITS: ForwardLimits =
    ForwardLimits { head: Duration::from_secs(10), body: Duration::from_secs(30), most: 10 * 1024 * 1024 };

/// How calls go on.
#[derive(Clone, Debug)]
pub struct Forwarding {
    /// Finds services by their DID documents, and has the one guarded way to them.
    pub resolver: Resolver,
    /// Whom the service tokens of calls name.
    pub recipient: RecipientForm,
}

/// Whom the service tokens of calls name (SA-5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecipientForm {
    /// The DID alone, which is all that most services understand today.
    #[default]
    Did,
    /// The service of the DID.
    Service,
}

impl RecipientForm {
    pub(crate) fn recipient(self, audience: &Audience) -> Recipient {
        match self {
            Self::Did => Recipient::Did(audience.did()),
            Self::Service => Recipient::Service(audience.clone()),
        }
    }
}

//! Who a service token is for.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::scope::Audience;
use crate::syntax::Did;

/// Who a service token is for: a service of a DID, or the DID alone, as older software has it. The two are different
/// recipients, and neither stands for the other (SA-2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// `did:web:api.example.com`
    Did(Did),
    /// `did:web:api.example.com#notes`
    Service(Audience),
}

impl Recipient {
    /// As it stands in a token.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Did(did) => did.as_str(),
            Self::Service(audience) => audience.as_str(),
        }
    }
}

impl FromStr for Recipient {
    type Err = InvalidRecipient;

    fn from_str(text: &str) -> Result<Self, InvalidRecipient> {
        if text.contains('#') {
            return Audience::parse(text).map(Self::Service).ok_or(InvalidRecipient);
        }
        text.parse().ok().filter(Did::is_atproto).map(Self::Did).ok_or(InvalidRecipient)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A text names nobody that a service token could be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a DID or a service of one (did#serviceId); DIDs are did:plc and did:web")]
pub struct InvalidRecipient;

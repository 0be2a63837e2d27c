//! Service tokens: how an account, or a service, calls a service in its own name (SA-1 … SA-12).
//!
//! A JWT that lives a minute, signed with the account's key of its DID document, for one recipient and (as a rule) one
//! method. [`sign`] makes one; [`read`] and [`Presented::verify`] check one, in two steps because the key has to be
//! looked up in between.

mod error;
mod expected;
mod presented;
mod recipient;
mod sign;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use error::ServiceAuthError;
pub use expected::Expected;
pub use presented::{Once, Presented, Proven, read};
pub use recipient::{InvalidRecipient, Recipient};
pub use sign::{Claims, sign};

/// How long a token lives where nobody says otherwise (SA-4), and how long one that names no method may (SA-6).
pub const USUAL_LIFE: Duration = Duration::from_mins(1);
/// The longest that a token may live (SA-6, SA-8).
pub const MAX_LIFE: Duration = Duration::from_hours(1);
/// How far the issuer's clock may be behind ours (SA-9).
pub const SKEW: Duration = Duration::from_secs(10);
/// How far the issuer's clock may be ahead of ours (SA-8).
pub const AHEAD: Duration = Duration::from_mins(1);

/// The `typ` of a service token. No other token of the protocol has it (SA-12).
const TYP: &str = "JWT";

/// Which key of its issuer signs a token (SA-1, SA-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyName {
    /// `#atproto`: the key of an account, and of a service that has one.
    Account,
    /// `#atproto_label`: the key that a moderation service signs its labels with.
    Label,
}

impl KeyName {
    /// Its fragment in the DID document, without `#`.
    pub const fn fragment(self) -> &'static str {
        match self {
            Self::Account => "atproto",
            Self::Label => "atproto_label",
        }
    }

    /// What a header says: a fragment with its `#` and without the DID; nothing stands for the account's key.
    fn of_kid(kid: Option<&str>) -> Option<Self> {
        match kid {
            None | Some("#atproto") => Some(Self::Account),
            Some("#atproto_label") => Some(Self::Label),
            Some(_) => None,
        }
    }
}

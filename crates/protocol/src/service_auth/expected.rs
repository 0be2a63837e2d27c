//! What a receiver takes.

use super::{Recipient, ServiceAuthError};
use crate::time::UnixTime;

/// What a service token must say to be taken for a request.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// By which names the receiver is called; each counts as it is written (SA-5).
    pub recipients: &'a [Recipient],
    /// The method of the request.
    pub method: &'a str,
    /// Whether a token that names no method is taken.
    pub without_method: bool,
    /// Whether the key that labels are signed with is taken: for moderation services (SA-3).
    pub label_key: bool,
    /// Now.
    pub now: UnixTime,
}

impl Expected<'_> {
    pub(super) fn check_recipient(&self, aud: &str) -> Result<(), ServiceAuthError> {
        if self.recipients.iter().any(|recipient| recipient.as_str() == aud) {
            return Ok(());
        }
        let accepted: Vec<&str> = self.recipients.iter().map(Recipient::as_str).collect();
        // What is no name at all is not repeated.
        let named = aud.parse::<Recipient>().map_or_else(|_| "somebody else".to_owned(), |to| to.to_string());
        Err(ServiceAuthError::Audience { named, accepted: accepted.join(" or ") })
    }

    pub(super) fn check_method(&self, lxm: Option<&str>) -> Result<(), ServiceAuthError> {
        match lxm {
            Some(lxm) if lxm == self.method => Ok(()),
            None if self.without_method => Ok(()),
            _ => Err(ServiceAuthError::Method { expected: self.method.to_owned() }),
        }
    }
}

//! Why a text is no scope that means something here, in words for the person who wrote it.

use super::set::MAX_LENGTH;

/// A text means nothing as a scope: as a grant it grants nothing (SC-8).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScope {
    /// `rpc` with both wildcards would be everything everywhere.
    #[error("`lxm=*` together with `aud=*` is forbidden: name the methods or the service")]
    BothWildcards,
    /// RFC 6749 section 3.3 does not allow it in a scope.
    #[error(
        "a scope may hold visible ASCII characters only, without `\"` and `\\`; others are percent-encoded"
    )]
    Character,
    /// A percent escape is broken or is no UTF-8.
    #[error("a `%` must begin a percent escape of UTF-8 text, such as `%23`")]
    Escape,
    /// A required parameter is not there.
    #[error("`{parameter}` is missing: {hint}")]
    Missing {
        /// Which.
        parameter: &'static str,
        /// How it is written.
        hint: &'static str,
    },
    /// More than [`MAX_LENGTH`] bytes.
    #[error("the scope is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// A parameter that may stand once stands twice, or by name as well as after the colon.
    #[error("`{parameter}` is given twice")]
    Twice {
        /// Which.
        parameter: &'static str,
    },
    /// The resource has no such parameter.
    #[error("`{resource}` has no parameter `{parameter}`")]
    UnknownParameter {
        /// Of which resource.
        resource: String,
        /// The parameter, shortened.
        parameter: String,
    },
    /// There is no such resource or fixed scope.
    #[error("there is no scope `{text}`{hint}")]
    UnknownScope {
        /// What was written, shortened.
        text: String,
        /// What may have been meant; begins with its own punctuation.
        hint: &'static str,
    },
    /// A value is not of its type.
    #[error("`{value}` is not {expected}")]
    Value {
        /// The value, shortened.
        value: String,
        /// What would have been one, and what may have been meant.
        expected: &'static str,
    },
}

impl InvalidScope {
    pub(super) fn value(value: &str, expected: &'static str) -> Self {
        Self::Value { value: shorten(value), expected }
    }

    pub(super) fn unknown_parameter(resource: &str, parameter: &str) -> Self {
        Self::UnknownParameter { resource: shorten(resource), parameter: shorten(parameter) }
    }

    pub(super) fn unknown_scope(text: &str) -> Self {
        let hint = match text {
            "openid" | "profile" | "email" | "offline_access" => {
                "; OpenID Connect is not spoken here: `atproto` tells who signed in"
            }
            _ if text.starts_with("ref:") => "; a reference is resolved by the server that made it",
            _ if text.starts_with("transition:") => {
                "; there are `transition:generic`, `transition:email` and `transition:chat.bsky`"
            }
            _ => "",
        };
        Self::UnknownScope { text: shorten(text), hint }
    }
}

/// Enough of a stranger's text to recognise it by.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 80;
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

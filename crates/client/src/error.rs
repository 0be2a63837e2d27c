//! Why a call, a refresh or a way back to a session failed.

use std::time::Duration;

use gatewright_protocol::oauth::error::ErrorCode;
use gatewright_resolve::{FetchError, ResolveError};

use crate::record::Ended;
use crate::sessions::SessionStoreError;

/// Why a call could not be made, or was refused.
///
/// Only [`Expired`](Self::Expired), [`Revoked`](Self::Revoked), [`HostMoved`](Self::HostMoved) and
/// [`SignedOut`](Self::SignedOut) mean that somebody has to sign in again; see [`is_over`](Self::is_over).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The host says that the account may not act: taken down, suspended or deactivated.
    #[error("the account may not act at its host ({error})")]
    Account {
        /// The host's word for it, such as `AccountTakedown`.
        error: String,
    },
    /// The answer is not what it should be.
    #[error("the answer was not understood: {0}")]
    Answer(&'static str),
    /// Another process has been renewing the session for too long.
    #[error("somebody else has been renewing the session for too long")]
    Busy,
    /// The client is not set up for this session: another client id, or a key that it was given up too early (CL-31).
    #[error("the session cannot be used with this client: {0}")]
    Client(&'static str),
    /// The session's time is over.
    #[error("the session is over: its time has passed")]
    Expired,
    /// The host has sent a code by mail and wants it beside the password.
    #[error("the host wants the code that it has sent by mail")]
    FactorTokenRequired,
    /// The account moved to another host.
    #[error("the session is over: the account has moved to another host")]
    HostMoved,
    /// The host cannot be reached just now.
    #[error("the host could not be reached")]
    Network(#[source] FetchError),
    /// The host does not take this identifier and password.
    #[error("the host does not take this identifier and password")]
    PasswordRefused,
    /// Too many requests, or sign-ins.
    #[error("too many requests")]
    RateLimited {
        /// How long to wait, if that is known.
        retry_after: Option<Duration>,
    },
    /// The host refused this call. Nothing is wrong with the session.
    #[error("the host refused with status {status} ({error}): {message}")]
    Refused {
        /// The status.
        status: u16,
        /// The error's name, such as `InvalidRequest`; `Unknown` if it has none.
        error: String,
        /// The host's words, made fit to print.
        message: String,
    },
    /// What was asked for cannot be sent.
    #[error("this call cannot be made: {0}")]
    Request(&'static str),
    /// Who the account is cannot be found out just now.
    #[error("the account could not be looked up")]
    Resolve(#[source] ResolveError),
    /// The server has ended the session.
    #[error("the session is over: the server has ended it")]
    Revoked,
    /// The session was not granted this.
    #[error("the session was not granted this{}", .scope.as_deref().map(|scope| format!("; it needs {scope}")).unwrap_or_default())]
    ScopeMissing {
        /// The scope to ask for, if the host names one.
        scope: Option<String>,
    },
    /// The host or its authorization server is at fault, perhaps just now.
    #[error("the server failed with status {status}")]
    Server {
        /// The status.
        status: u16,
    },
    /// Nobody is signed in under this name, or not any more.
    #[error("nobody is signed in here")]
    SignedOut,
    /// Sessions cannot be kept or read just now.
    #[error(transparent)]
    Store(#[from] SessionStoreError),
    /// The authorization server refused, other than by ending the session.
    #[error("the authorization server refused ({code})")]
    Token {
        /// Its code, or `other` if it is none of the profile's.
        code: &'static str,
    },
}

impl CallError {
    /// Is the session over, so that somebody has to sign in again?
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Expired | Self::HostMoved | Self::Revoked | Self::SignedOut)
    }

    /// May the same call succeed later, with nothing changed?
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Busy | Self::Server { .. } | Self::RateLimited { .. } => true,
            Self::Store(error) => matches!(error, SessionStoreError::Backend { .. }),
            Self::Network(error) => error.is_transient(),
            Self::Resolve(error) => error.is_transient(),
            _ => false,
        }
    }

    /// The code of an authorization server's refusal.
    pub(crate) fn of_code(code: Option<ErrorCode>) -> Self {
        Self::Token { code: code.map_or("other", ErrorCode::as_str) }
    }
}

impl From<Ended> for CallError {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Expired => Self::Expired,
            Ended::HostMoved => Self::HostMoved,
            Ended::Revoked => Self::Revoked,
        }
    }
}

/// A stranger's text, shortened and without control characters.
pub(crate) fn printable(text: &str) -> String {
    const LONGEST: usize = 300;
    text.chars().filter(|character| !character.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_word_ends_a_session() {
        for error in [CallError::Expired, CallError::HostMoved, CallError::Revoked, CallError::SignedOut] {
            assert!(error.is_over() && !error.is_transient(), "{error}");
        }
        for error in [
            CallError::Network(FetchError::TimedOut),
            CallError::Server { status: 503 },
            CallError::Busy,
            CallError::RateLimited { retry_after: None },
            CallError::Store(SessionStoreError::backend("file", "away")),
        ] {
            assert!(!error.is_over() && error.is_transient(), "{error}");
        }
        assert!(!CallError::Store(SessionStoreError::UnknownKey).is_over());
        let missing = CallError::ScopeMissing { scope: Some("blob:image/png".into()) };
        assert_eq!(missing.to_string(), "the session was not granted this; it needs blob:image/png");
    }
}

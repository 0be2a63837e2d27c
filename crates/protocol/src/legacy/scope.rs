//! What a legacy token is for: the six words of the `scope` claim, and that of refresh tokens.

use std::fmt;
use std::str::FromStr;

/// The `scope` of a legacy token (section 4.2 of the digest, whose letters stand beside).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LegacyScope {
    /// A: an ordinary app password.
    AppPassword,
    /// F: the password of the account.
    Full,
    /// P: a privileged app password.
    PrivilegedAppPassword,
    /// R: a refresh token.
    Refresh,
    /// Q: somebody on the waiting list.
    SignupQueued,
    /// T: the password of an account that was taken down.
    TakenDown,
}

impl LegacyScope {
    const ALL: [Self; 6] = [
        Self::AppPassword,
        Self::Full,
        Self::PrivilegedAppPassword,
        Self::Refresh,
        Self::SignupQueued,
        Self::TakenDown,
    ];

    /// The claim.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppPassword => "com.atproto.appPass",
            Self::Full => "com.atproto.access",
            Self::PrivilegedAppPassword => "com.atproto.appPassPrivileged",
            Self::Refresh => "com.atproto.refresh",
            Self::SignupQueued => "com.atproto.signupQueued",
            Self::TakenDown => "com.atproto.takendown",
        }
    }
}

impl fmt::Display for LegacyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is none of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a scope of a legacy session")]
pub struct UnknownLegacyScope;

impl FromStr for LegacyScope {
    type Err = UnknownLegacyScope;

    fn from_str(text: &str) -> Result<Self, UnknownLegacyScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownLegacyScope)
    }
}

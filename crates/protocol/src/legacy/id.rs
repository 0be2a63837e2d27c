//! Names of sessions and of their refresh tokens.

use std::fmt;
use std::str::FromStr;

use crate::crypto::hmac_sha256;
use crate::jose::{base64url_decode, base64url_encode};
use crate::random::{Random, random_bytes};

/// Names a session for its whole life: 16 random bytes, `ses-` and 32 hexadecimal digits as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegacySessionId(pub [u8; 16]);

/// Names one refresh token: the `jti` of it (SESS-3). No secret, for the token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegacyRefreshId(pub [u8; 32]);

/// The text names no session or refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a session or of a refresh token")]
pub struct InvalidLegacyId;

impl LegacySessionId {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        Self(random_bytes(random))
    }
}

impl fmt::Display for LegacySessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ses-")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for LegacySessionId {
    type Err = InvalidLegacyId;

    fn from_str(text: &str) -> Result<Self, InvalidLegacyId> {
        let digits =
            text.strip_prefix("ses-").filter(|d| d.len() == 32 && d.is_ascii()).ok_or(InvalidLegacyId)?;
        let number = u128::from_str_radix(digits, 16).map_err(|_| InvalidLegacyId)?;
        let id = Self(number.to_be_bytes());
        if id.to_string() == text { Ok(id) } else { Err(InvalidLegacyId) }
    }
}

impl LegacyRefreshId {
    /// The first one of a session.
    pub fn generate(random: &dyn Random) -> Self {
        Self(random_bytes(random))
    }

    /// The one that follows this one: derived, so that whoever presents the same token again within its grace gets the
    /// same successor, and parallel refreshers converge (SESS-16). `key` is not in the database.
    #[must_use]
    pub fn successor(&self, key: &[u8; 32], session: LegacySessionId) -> Self {
        Self(hmac_sha256(key, &[b"legacy refresh successor", &session.0, &self.0]))
    }
}

impl fmt::Display for LegacyRefreshId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url_encode(&self.0))
    }
}

impl FromStr for LegacyRefreshId {
    type Err = InvalidLegacyId;

    fn from_str(text: &str) -> Result<Self, InvalidLegacyId> {
        let bytes = base64url_decode(text).ok_or(InvalidLegacyId)?;
        bytes.try_into().map(Self).map_err(|_| InvalidLegacyId)
    }
}

//! Legacy sessions: what `createSession` begins, by bearer tokens that this server signs for itself (SESS-1 … SESS-5).
//!
//! Both tokens are JWTs with HMAC signatures, as today's clients know them: they read `exp` and nothing else. `sid`
//! names the session, so that the guard can look up whether it goes on; a password session ends when its owner says so.

mod id;
mod keys;
mod scope;
#[cfg(test)]
mod tests;
mod token;

pub use id::{InvalidLegacyId, LegacyRefreshId, LegacySessionId};
pub use keys::LegacyKeys;
pub use scope::{LegacyScope, UnknownLegacyScope};
pub use token::{AccessClaims, LegacyTokenError, RefreshClaims, SessionToken};

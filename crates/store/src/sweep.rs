//! Deleting what has expired, in bounded batches.

use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;
use crate::token::Token;

/// How long rows are worth keeping.
#[derive(Clone, Copy, Debug)]
pub struct Horizon {
    /// Now.
    pub now: UnixTime,
    /// Tokens that public clients began end this long after they were made.
    pub public_session: Duration,
    /// Tokens of public clients end this long after their last rotation.
    pub public_refresh: Duration,
    /// Tokens of confidential clients end this long after they were made.
    pub confidential_session: Duration,
    /// Tokens of confidential clients end this long after their last rotation.
    pub confidential_refresh: Duration,
    /// Devices are forgotten this long after they last came; those on which nobody signed in after a day.
    pub device: Duration,
    /// At most this many rows of each kind at once.
    pub batch: usize,
}

/// Devices on which nobody signed in are forgotten this long after they last came: they cost their maker nothing
/// (SEC-72).
pub const UNUSED_DEVICE: Duration = Duration::from_hours(24);

/// Lexicons are forgotten when no session can need them any more: this long after the longest session that could have
/// begun when they were last seen at their author's would have ended (PS-17).
pub const UNSEEN_LEXICON: Duration = Duration::from_hours(90 * 24);

impl Horizon {
    /// Lexicons that were last seen at this time or before are not needed any more.
    pub fn unseen_lexicon(&self) -> UnixTime {
        self.now.minus(self.confidential_session.max(self.public_session)).minus(UNSEEN_LEXICON)
    }

    /// Whether the token's session or refresh life is over.
    pub fn is_over(&self, token: &Token) -> bool {
        let (session, refresh) = match token.began_as() {
            ClientAuth::None => (self.public_session, self.public_refresh),
            ClientAuth::PrivateKeyJwt { .. } => (self.confidential_session, self.confidential_refresh),
        };
        token.created_at.plus(session) <= self.now || token.rotated_at.plus(refresh) <= self.now
    }
}

/// Deletes what has expired.
#[async_trait]
pub trait Sweep: Send + Sync {
    /// Deletes up to `batch` rows of each kind that have expired: requests, challenges, used codes, replay memory,
    /// tokens, devices, lexicons with all their versions, legacy sessions, app passwords, waiting sign-ins,
    /// mail codes, scopes by reference, security events. How many rows went; call again while it is not zero.
    async fn sweep(&self, horizon: Horizon) -> Result<u64, StoreError>;
}

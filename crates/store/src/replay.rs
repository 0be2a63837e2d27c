//! Replay memory: what may be used once.

use async_trait::async_trait;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;

/// What is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// The `jti` of a client assertion, with its client (CM-28). Survives a restart.
    Assertion,
    /// The question that a passkey answered. Survives a restart.
    PasskeyQuestion,
    /// The `jti` of a DPoP proof, with its key (DP-9). May be forgotten at a restart, because the nonce that every
    /// proof needs is forgotten with it.
    Proof,
    /// The `jti` of a service token, with its issuer (SA-8). Survives a restart: such a token may live an hour.
    ServiceToken,
}

/// What may be used once.
#[async_trait]
pub trait ReplayStore: Send + Sync {
    /// Remembers `key` at least until `until`. True for the first of any number of callers, false while it is
    /// remembered. `key` is a SHA-256 of everything that makes the use unique.
    ///
    /// # Errors
    /// [`StoreError::Full`] when no more can be remembered: nothing is forgotten to make room, so the caller refuses.
    async fn remember(
        &self,
        namespace: Namespace,
        key: [u8; 32],
        until: UnixTime,
        now: UnixTime,
    ) -> Result<bool, StoreError>;
}

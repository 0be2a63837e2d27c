//! Tokens of an authorization server somewhere else, checked by the keys it publishes (AS-67, stateless; RS-19).

use std::fmt;

use async_trait::async_trait;
use gatewright_protocol::jose::{Jwk, jws};
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::ResolveError;
use gatewright_resolve::jwks::JwksSource;

use super::access_token::{self, Checked, CheckedToken};
use super::checked_tokens::{CheckedTokens, TextHash};
use crate::GuardError;
use crate::error::TokenError;
use crate::guard::Inner;

/// Published keys by name.
#[async_trait]
pub trait PublishedKeys: Send + Sync {
    /// The key of this name, asked for again where it is unknown, but not often. `None` is certain.
    ///
    /// # Errors
    /// The keys cannot be had.
    async fn key(&self, kid: &str) -> Result<Option<Jwk>, ResolveError>;
}

#[async_trait]
impl PublishedKeys for JwksSource {
    async fn key(&self, kid: &str) -> Result<Option<Jwk>, ResolveError> {
        Self::key(self, kid).await
    }
}

/// Checks tokens by published keys; a token says itself what it grants. Revocation counts when a token ends, so such
/// tokens are to be short-lived (five minutes).
pub struct JwksTokens {
    keys: Box<dyn PublishedKeys>,
    checked: CheckedTokens,
}

impl JwksTokens {
    /// Tokens signed with a key of this set.
    pub fn new(keys: impl PublishedKeys + 'static) -> Self {
        Self { keys: Box::new(keys), checked: CheckedTokens::new() }
    }

    pub(super) async fn check(&self, guard: &Inner, text: &str, now: UnixTime) -> Checked {
        let hash = TextHash::of(text);
        let token = if let Some(token) = self.checked.find(hash, now) {
            token
        } else {
            let (token, scope) = self.read(guard, text, hash, now).await?;
            self.checked.grant_for_good(&token, scope);
            self.checked.keep(token, now)
        };
        token.check_time(now)?;
        let permissions = token.grant.load().as_ref().ok_or(TokenError::NotAtproto)?.permissions()?;
        Ok((token, permissions))
    }

    async fn read(
        &self,
        guard: &Inner,
        text: &str,
        hash: TextHash,
        now: UnixTime,
    ) -> Result<(CheckedToken, Option<Scopes>), GuardError> {
        let unverified = jws::decode(text).map_err(|_| TokenError::Invalid)?;
        let kid = access_token::key_name(&unverified)?;
        let key = self.keys.key(kid).await.map_err(GuardError::Keys)?.ok_or(TokenError::Invalid)?;
        let verified = unverified.verify(key.key()).map_err(|_| TokenError::Invalid)?;
        Ok(access_token::read(guard, &verified, hash, now)?)
    }
}

impl fmt::Debug for JwksTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwksTokens").finish_non_exhaustive()
    }
}

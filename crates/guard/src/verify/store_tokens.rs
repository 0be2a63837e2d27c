//! Tokens of an authorization server whose store is at hand (AS-67, stateful).

use std::fmt;
use std::sync::Arc;

use gatewright_protocol::crypto::{PublicKey, sha256};
use gatewright_protocol::jose::jws;
use gatewright_protocol::time::UnixTime;
use gatewright_store::token::{AccessTokenId, Token, TokenStore};

use super::access_token::{self, Checked, CheckedToken, CheckedTokens};
use crate::error::TokenError;
use crate::guard::Inner;

/// The public keys that access tokens may be signed with.
pub trait KeySource: Send + Sync {
    /// The key of this name.
    fn find(&self, kid: &str) -> Option<PublicKey>;
}

/// Checks tokens against the rows of the authorization server: revocation counts on the next request.
pub struct StoreTokens {
    keys: Arc<dyn KeySource>,
    rows: Arc<dyn TokenStore>,
    checked: CheckedTokens,
}

impl StoreTokens {
    /// Tokens signed with one of `keys`, each with its row in `rows`.
    pub fn new(keys: Arc<dyn KeySource>, rows: Arc<dyn TokenStore>) -> Self {
        Self { keys, rows, checked: CheckedTokens::new() }
    }

    pub(super) async fn check(&self, guard: &Inner, text: &str, now: UnixTime) -> Checked {
        let hash = sha256(text.as_bytes());
        let token = match self.checked.find(&hash) {
            Some(token) => token,
            None => self.checked.keep(hash, self.read(guard, text)?),
        };
        token.check_time(now)?;
        let id: AccessTokenId = token.id.parse().map_err(|_| TokenError::Invalid)?;
        let row = self.rows.find_token(id.token).await?.ok_or(TokenError::Revoked)?;
        check_row(guard, &token, id, &row, now)?;
        let permissions = token.permissions(&row.granted)?;
        Ok((token, permissions))
    }

    fn read(&self, guard: &Inner, text: &str) -> Result<CheckedToken, TokenError> {
        let unverified = jws::decode(text).map_err(|_| TokenError::Invalid)?;
        let key = self.keys.find(access_token::key_name(&unverified)?).ok_or(TokenError::Invalid)?;
        let verified = unverified.verify(&key).map_err(|_| TokenError::Invalid)?;
        access_token::read(guard, &verified)
    }
}

/// The row has the last word: which rotation is the current one, for whom, for which key, and until when.
fn check_row(
    guard: &Inner,
    token: &CheckedToken,
    id: AccessTokenId,
    row: &Token,
    now: UnixTime,
) -> Result<(), TokenError> {
    if row.rotation != id.rotation || row.account != token.account {
        return Err(TokenError::Revoked);
    }
    if row.audience != guard.service {
        return Err(TokenError::Audience);
    }
    if row.dpop_jkt != token.jkt {
        return Err(TokenError::Binding);
    }
    if now < row.access_expires_at { Ok(()) } else { Err(TokenError::Expired) }
}

impl fmt::Debug for StoreTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreTokens").finish_non_exhaustive()
    }
}

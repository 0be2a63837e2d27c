//! Tokens of an authorization server whose store is at hand (AS-67, stateful).

use std::fmt;
use std::sync::Arc;

use gatewright_protocol::crypto::PublicKey;
use gatewright_protocol::jose::jws;
use gatewright_protocol::time::UnixTime;
use gatewright_store::token::{AccessTokenId, Token, TokenStore};

use super::access_token::{self, Checked, CheckedToken};
use super::checked_tokens::{CheckedTokens, TextHash};
use crate::GuardError;
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
        let hash = TextHash::of(text);
        let (token, row) = if let Some(token) = self.checked.find(hash, now) {
            let row = self.row(guard, &token, now).await?;
            (token, row)
        } else {
            let mut token = self.read(guard, text, hash, now)?;
            let row = self.row(guard, &token, now).await?;
            // They are equal; now they are one text, if the store remembers the row.
            token.account = row.account.clone();
            (self.checked.keep(token, now), row)
        };
        let permissions = self.checked.permissions(&token, &row.granted)?;
        Ok((token, permissions))
    }

    /// The row of a token that is still good.
    async fn row(&self, guard: &Inner, token: &CheckedToken, now: UnixTime) -> Result<Token, GuardError> {
        token.check_time(now)?;
        let id = token.id.ok_or(TokenError::Invalid)?;
        let row = self.rows.find_token(id.token).await?.ok_or(TokenError::Revoked)?;
        check_row(guard, token, id, &row, now)?;
        Ok(row)
    }

    fn read(
        &self,
        guard: &Inner,
        text: &str,
        hash: TextHash,
        now: UnixTime,
    ) -> Result<CheckedToken, TokenError> {
        let unverified = jws::decode(text).map_err(|_| TokenError::Invalid)?;
        let key = self.keys.find(access_token::key_name(&unverified)?).ok_or(TokenError::Invalid)?;
        let verified = unverified.verify(&key).map_err(|_| TokenError::Invalid)?;
        // What it grants is in its row.
        access_token::read(guard, &verified, hash, now).map(|(token, _)| token)
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

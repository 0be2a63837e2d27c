//! Tokens and their refresh tokens.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::secret::RefreshTokenHash;
use gatewright_protocol::syntax::Did;

use super::{Memory, name_taken};
use crate::StoreError;
use crate::approved_set::ApprovedSet;
use crate::set_change::{MOST_CHANGES, ReplaceSets, SetChange};
use crate::sweep::Horizon;
use crate::token::{NewToken, RotateToken, Rotation, Token, TokenId, TokenStore};

#[derive(Debug, Default)]
pub(super) struct Tokens {
    rows: HashMap<TokenId, Row>,
    by_refresh: HashMap<RefreshTokenHash, TokenId>,
}

#[derive(Debug)]
struct Row {
    token: Token,
    /// Every hash it ever had.
    refreshes: Vec<RefreshTokenHash>,
    sets: Vec<ApprovedSet>,
    /// Oldest first.
    changes: Vec<SetChange>,
}

impl Row {
    /// A change of this session: whose it is, is the token's to say.
    fn own(&self, change: &SetChange) -> SetChange {
        let Token { account, client, .. } = &self.token;
        SetChange { account: account.clone(), client: client.clone(), ..change.clone() }
    }

    fn note(&mut self, changes: Vec<SetChange>) {
        self.changes.extend(changes);
        let too_many = self.changes.len().saturating_sub(MOST_CHANGES);
        self.changes.drain(..too_many);
    }
}

impl Tokens {
    pub(super) fn is_taken(&self, token: &Token) -> bool {
        self.rows.contains_key(&token.id)
            || token.refresh.is_some_and(|hash| self.by_refresh.contains_key(&hash))
    }

    pub(super) fn contains(&self, id: TokenId) -> bool {
        self.rows.contains_key(&id)
    }

    pub(super) fn insert(&mut self, new: NewToken) {
        let NewToken { token, sets, changes, event: _ } = new;
        let refreshes: Vec<RefreshTokenHash> = token.refresh.into_iter().collect();
        self.by_refresh.extend(refreshes.iter().map(|hash| (*hash, token.id)));
        let id = token.id;
        let mut row = Row { token, refreshes, sets, changes: Vec::new() };
        row.note(changes);
        self.rows.insert(id, row);
    }

    /// The sets of a session.
    pub(super) fn sets(&self, id: TokenId) -> Option<&[ApprovedSet]> {
        self.rows.get(&id).map(|row| row.sets.as_slice())
    }

    /// Replaces the sets of a session, if they are what they are said to be.
    pub(super) fn replace_sets(&mut self, id: TokenId, sets: ReplaceSets) -> bool {
        let Some(row) = self.rows.get_mut(&id).filter(|row| row.sets == sets.before) else { return false };
        row.sets = sets.after;
        row.note(sets.changes);
        true
    }

    /// The changes in the sessions of an account, those of each session oldest first.
    pub(super) fn set_changes(&self, account: &Did) -> Vec<SetChange> {
        let rows = self.rows.values().filter(|row| row.token.account == *account);
        rows.flat_map(|row| row.changes.iter().map(|change| row.own(change))).collect()
    }

    pub(super) fn remove(&mut self, id: TokenId) -> Option<Token> {
        let row = self.rows.remove(&id)?;
        for hash in &row.refreshes {
            self.by_refresh.remove(hash);
        }
        Some(row.token)
    }

    /// Ends all tokens of an account; how many there were.
    pub(super) fn remove_account(&mut self, did: &Did) -> u64 {
        self.remove_where(usize::MAX, |token| token.account == *did)
    }

    /// Ends up to `batch` tokens whose session or refresh life is over; how many those were.
    pub(super) fn sweep(&mut self, horizon: &Horizon) -> u64 {
        self.remove_where(horizon.batch, |token| horizon.is_over(token))
    }

    fn remove_where(&mut self, limit: usize, condition: impl Fn(&Token) -> bool) -> u64 {
        let ids: Vec<TokenId> = self
            .rows
            .values()
            .map(|row| &row.token)
            .filter(|token| condition(token))
            .map(|token| token.id)
            .take(limit)
            .collect();
        for id in &ids {
            self.remove(*id);
        }
        ids.len() as u64
    }

    fn rotate(&mut self, mut rotate: RotateToken) -> Result<Rotation, StoreError> {
        let Some(row) = self.rows.get_mut(&rotate.id) else { return Ok(Rotation::Gone) };
        if row.token.refresh != Some(rotate.presented) {
            if row.token.recovers(&rotate) {
                return Ok(Rotation::Recovered(Box::new(row.token.clone())));
            }
            if !row.refreshes.contains(&rotate.presented) {
                return Ok(Rotation::Gone);
            }
            let ended = self.remove(rotate.id);
            return Ok(ended.map_or(Rotation::Gone, |token| Rotation::Replayed(Box::new(token))));
        }
        if self.by_refresh.contains_key(&rotate.successor) {
            return Err(name_taken("refresh token"));
        }
        if let Some(sets) = rotate.sets.take() {
            if row.sets != sets.before {
                return Ok(Rotation::SetsChanged);
            }
            row.sets = sets.after;
            row.note(sets.changes);
        }
        self.by_refresh.insert(rotate.successor, rotate.id);
        row.refreshes.push(rotate.successor);
        row.token = row.token.rotated(rotate);
        Ok(Rotation::Rotated(Box::new(row.token.clone())))
    }
}

#[async_trait]
impl TokenStore for Memory {
    async fn find_token(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        Ok(self.tables().tokens.rows.get(&id).map(|row| row.token.clone()))
    }

    async fn find_token_by_refresh(&self, refresh: &RefreshTokenHash) -> Result<Option<Token>, StoreError> {
        let tokens = &self.tables().tokens;
        Ok(tokens.by_refresh.get(refresh).and_then(|id| tokens.rows.get(id)).map(|row| row.token.clone()))
    }

    async fn rotate_token(&self, rotate: RotateToken) -> Result<Rotation, StoreError> {
        self.tables().tokens.rotate(rotate)
    }

    async fn revoke_token(&self, id: TokenId) -> Result<bool, StoreError> {
        Ok(self.tables().tokens.remove(id).is_some())
    }

    async fn revoke_tokens(&self, account: &Did) -> Result<u64, StoreError> {
        Ok(self.tables().tokens.remove_account(account))
    }

    async fn list_tokens(&self, account: &Did) -> Result<Vec<Token>, StoreError> {
        let tables = self.tables();
        let tokens = tables.tokens.rows.values().map(|row| &row.token);
        let mut listed: Vec<Token> = tokens.filter(|token| token.account == *account).cloned().collect();
        listed.sort_by_key(|token| (Reverse(token.created_at), token.id));
        Ok(listed)
    }

    async fn list_bound_keys(&self) -> Result<Vec<(ClientId, Thumbprint)>, StoreError> {
        let tables = self.tables();
        let tokens = tables.tokens.rows.values().map(|row| &row.token);
        let bound: HashSet<(ClientId, Thumbprint)> = tokens
            .filter_map(|token| Some((token.client.clone(), *token.client_auth.thumbprint()?)))
            .collect();
        Ok(bound.into_iter().collect())
    }

    async fn revoke_tokens_by_key(&self, client: &ClientId, key: &Thumbprint) -> Result<u64, StoreError> {
        let is_bound = |token: &Token| token.client == *client && token.client_auth.thumbprint() == Some(key);
        Ok(self.tables().tokens.remove_where(usize::MAX, is_bound))
    }
}

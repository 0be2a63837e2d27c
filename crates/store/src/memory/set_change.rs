//! The sets of sessions, and their changes.

use std::cmp::Reverse;

use async_trait::async_trait;
use gatewright_protocol::syntax::Did;

use super::Memory;
use crate::StoreError;
use crate::approved_set::ApprovedSet;
use crate::set_change::{ReplaceSets, SetChange, SetChangeStore};
use crate::token::TokenId;

#[async_trait]
impl SetChangeStore for Memory {
    async fn find_sets(&self, token: TokenId) -> Result<Vec<ApprovedSet>, StoreError> {
        Ok(self.tables().tokens.sets(token).map(<[_]>::to_vec).unwrap_or_default())
    }

    async fn replace_sets(&self, token: TokenId, sets: ReplaceSets) -> Result<bool, StoreError> {
        Ok(self.tables().tokens.replace_sets(token, sets))
    }

    async fn list_set_changes(&self, account: &Did) -> Result<Vec<SetChange>, StoreError> {
        let mut listed = self.tables().tokens.set_changes(account);
        // Oldest first within a session; of one moment, the one noted last comes first.
        listed.reverse();
        listed.sort_by_key(|change| Reverse(change.at));
        Ok(listed)
    }
}

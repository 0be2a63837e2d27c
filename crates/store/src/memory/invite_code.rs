//! Invite codes.

use std::collections::BTreeMap;

use async_trait::async_trait;
use gatewright_protocol::invite_code::InviteCode;
use gatewright_protocol::syntax::Did;

use super::Memory;
use crate::StoreError;
use crate::account::{AccountCreated, NewAccount};
use crate::invite_code::{Invitation, InvitationUse, InviteCodeStore, InvitedAccountCreated};

#[derive(Debug, Default)]
pub(super) struct Invitations {
    rows: BTreeMap<InviteCode, Invitation>,
}

impl Invitations {
    /// Forgets the codes of an account, and who it was elsewhere; whether it had any.
    pub(super) fn remove_account(&mut self, did: &Did) -> bool {
        let before = self.rows.len();
        self.rows.retain(|_, row| row.for_account.as_ref() != Some(did));
        for row in self.rows.values_mut() {
            row.created_by.take_if(|by| by == did);
            for used in &mut row.used {
                used.account.take_if(|account| account == did);
            }
        }
        self.rows.len() != before
    }
}

#[async_trait]
impl InviteCodeStore for Memory {
    async fn create_invitations(&self, new: Vec<Invitation>) -> Result<bool, StoreError> {
        let rows = &mut self.tables().invitations.rows;
        if new.iter().any(|row| rows.contains_key(&row.code)) {
            return Ok(false);
        }
        rows.extend(new.into_iter().map(|row| (row.code.clone(), row)));
        Ok(true)
    }

    async fn find_invitation(&self, code: &InviteCode) -> Result<Option<Invitation>, StoreError> {
        Ok(self.tables().invitations.rows.get(code).cloned())
    }

    async fn list_invitations(&self, account: &Did) -> Result<Vec<Invitation>, StoreError> {
        let tables = self.tables();
        let own = tables.invitations.rows.values().filter(|row| row.for_account.as_ref() == Some(account));
        Ok(own.cloned().collect())
    }

    async fn disable_invitation(&self, code: &InviteCode) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let Some(row) = tables.invitations.rows.get_mut(code) else { return Ok(false) };
        row.disabled = true;
        Ok(true)
    }

    async fn create_invited_account(
        &self,
        new: NewAccount,
        code: &InviteCode,
    ) -> Result<InvitedAccountCreated, StoreError> {
        let tables = &mut *self.tables();
        let row = tables.invitations.rows.get_mut(code).filter(|row| row.uses_left() > 0);
        let Some(row) = row else { return Ok(InvitedAccountCreated::NoUse) };
        let used = InvitationUse { account: Some(new.account.did.clone()), at: new.account.created_at };
        let outcome = tables.accounts.insert(new);
        if outcome == AccountCreated::Created {
            row.used.push(used);
        }
        Ok(InvitedAccountCreated::Outcome(outcome))
    }
}

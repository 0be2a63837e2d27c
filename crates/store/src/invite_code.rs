//! Invite codes, and the accounts that were made with them.

use async_trait::async_trait;
use gatewright_protocol::invite_code::InviteCode;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;
use crate::account::{AccountCreated, NewAccount};

/// An invite code and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The code.
    pub code: InviteCode,
    /// How many accounts can be made with it altogether.
    pub uses: u32,
    /// Who may give it away; the operator where there is none.
    pub for_account: Option<Did>,
    /// Who made it; the operator where there is none.
    pub created_by: Option<Did>,
    /// Whether it was withdrawn.
    pub disabled: bool,
    /// When it was made.
    pub created_at: UnixTime,
    /// The accounts that were made with it, in the order of time.
    pub used: Vec<InvitationUse>,
}

/// An account that was made with a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationUse {
    /// Which; none if it is not here any more.
    pub account: Option<Did>,
    /// When.
    pub at: UnixTime,
}

impl Invitation {
    /// How many accounts can still be made with it.
    pub fn uses_left(&self) -> u32 {
        let used = u32::try_from(self.used.len()).unwrap_or(u32::MAX);
        if self.disabled { 0 } else { self.uses.saturating_sub(used) }
    }
}

/// What became of an account that somebody makes with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitedAccountCreated {
    /// There is no such code, it was withdrawn, or it is used up; nothing was made.
    NoUse,
    /// The code is as good as before, unless the account was made.
    Outcome(AccountCreated),
}

/// Invite codes.
#[async_trait]
pub trait InviteCodeStore: Send + Sync {
    /// Keeps new codes that nobody used yet, all or none. False, and nothing kept, if there is one of these already.
    async fn create_invitations(&self, new: Vec<Invitation>) -> Result<bool, StoreError>;
    /// A code and what became of it.
    async fn find_invitation(&self, code: &InviteCode) -> Result<Option<Invitation>, StoreError>;
    /// The codes that an account may give away, in the order of their text.
    async fn list_invitations(&self, account: &Did) -> Result<Vec<Invitation>, StoreError>;
    /// Withdraws a code; accounts that were made with it stay. False if there is no such code.
    async fn disable_invitation(&self, code: &InviteCode) -> Result<bool, StoreError>;
    /// Makes an account and uses the code up for it in the same step: of any number who share the last use, one wins.
    async fn create_invited_account(
        &self,
        new: NewAccount,
        code: &InviteCode,
    ) -> Result<InvitedAccountCreated, StoreError>;
}

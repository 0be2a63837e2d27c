//! `com.atproto.server.createInviteCode` and `createInviteCodes`.

use gatewright_protocol::invite_code::InviteCode;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::invite_code::Invitation;

use crate::context::Context;

/// The most codes that are made at once, and the most uses of one.
pub const MOST: u32 = 1000;

/// Codes to be made.
#[derive(Clone, Debug)]
pub struct CreateInviteCodes {
    /// How many for each.
    pub count: u32,
    /// How many accounts can be made with each.
    pub uses: u32,
    /// Who may give them away; the operator alone where nobody is named.
    pub for_accounts: Vec<Did>,
}

/// Why no codes were made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateInviteCodesError {
    /// None, or more than are made at once.
    #[error("codes and their uses are 1 to {MOST}")]
    Count,
    /// An account is not here.
    #[error("{0} has no account here")]
    NotHere(Did),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A code that was drawn by chance is there already.
    #[error("a code is there already")]
    Taken,
}

/// Makes codes by the word of the operator, and says whose they are, in the order of who was named.
pub async fn create_invite_codes(
    context: &Context,
    new: CreateInviteCodes,
) -> Result<Vec<(Option<Did>, Vec<InviteCode>)>, CreateInviteCodesError> {
    let owners: Vec<Option<Did>> = if new.for_accounts.is_empty() {
        vec![None]
    } else {
        new.for_accounts.into_iter().map(Some).collect()
    };
    let all = usize::try_from(new.count).unwrap_or(usize::MAX).saturating_mul(owners.len());
    if !(1..=MOST).contains(&new.uses) || !(1..=MOST as usize).contains(&all) {
        return Err(CreateInviteCodesError::Count);
    }
    for did in owners.iter().flatten() {
        if context.store.find_account(did).await?.is_none() {
            return Err(CreateInviteCodesError::NotHere(did.clone()));
        }
    }
    let host = context.settings.public_url.host_str().unwrap_or_default();
    let mut made = Vec::with_capacity(owners.len());
    let mut rows = Vec::with_capacity(all);
    for owner in owners {
        let codes: Vec<InviteCode> =
            (0..new.count).map(|_| InviteCode::generate(host, &*context.random)).collect();
        rows.extend(codes.iter().map(|code| Invitation {
            code: code.clone(),
            uses: new.uses,
            for_account: owner.clone(),
            created_by: None,
            disabled: false,
            created_at: context.now(),
            used: Vec::new(),
        }));
        made.push((owner, codes));
    }
    if !context.store.create_invitations(rows).await? {
        return Err(CreateInviteCodesError::Taken);
    }
    Ok(made)
}

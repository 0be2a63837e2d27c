//! Approves a request: the client gets a code.

use gatewright_protocol::scope::Scopes;
use gatewright_protocol::secret::Code;
use gatewright_store::StoreError;
use gatewright_store::account::AccountStatus;
use gatewright_store::approved_set::ApprovedSet;
use gatewright_store::consent::Consent;
use gatewright_store::device::DeviceId;
use gatewright_store::request::{Request, Stage};

use super::Answer;
use super::open_request::denied;
use crate::accounts::KnownAccount;
use crate::context::Context;

/// Why a request could not be approved.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApproveError {
    /// It has ended meanwhile, or another tab of the browser decided.
    #[error("the request has ended")]
    Gone,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is approved.
#[derive(Clone, Debug)]
pub(super) struct Approval {
    /// The scopes, as they were asked for.
    pub(super) scope: Scopes,
    /// What of the permission sets in it.
    pub(super) sets: Vec<ApprovedSet>,
    /// What is remembered of it, where it was decided by a person.
    pub(super) consent: Option<Consent>,
}

/// Approves a request that is this device's, on behalf of an account that is signed in there.
pub(super) async fn approve(
    ctx: &Context,
    request: &Request,
    device: &DeviceId,
    account: &KnownAccount,
    approval: Approval,
) -> Result<Answer, ApproveError> {
    if account.status != AccountStatus::Active {
        ctx.store.delete_request(&request.id).await?;
        return Ok(denied(ctx, request, "the account is not active"));
    }
    let now = ctx.now();
    let code = Code::generate(&*ctx.random);
    let Approval { scope, sets, consent } = approval;
    let stage = Stage::Approved {
        account: account.did.clone(),
        scope,
        sets,
        code: code.hash(),
        code_expires_at: now.plus(ctx.settings.lifetimes.code),
    };
    if ctx.store.approve_request(&request.id, device, stage, consent, now).await? {
        Ok(Answer::code(ctx, request, &code))
    } else {
        Err(ApproveError::Gone)
    }
}

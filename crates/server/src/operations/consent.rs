//! A person decides (AS-40 … AS-43).

use gatewright_protocol::scope::{MAX_LENGTH, MAX_TOKENS, Scopes};
use gatewright_protocol::syntax::Did;
use gatewright_resolve::Peer;
use gatewright_store::consent::Consent;
use gatewright_store::device::DeviceId;
use gatewright_store::request::{Request, RequestId};

use super::Answer;
use super::approve::approve;
use super::judge_request::{names, signed_in};
use super::open_request::{OpenRequestError, Touched, denied, touch_request};
use crate::context::Context;

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes, on behalf of this account, with what was left ticked.
    Approve {
        /// Whose account.
        account: Did,
        /// What was left ticked of what can be unticked.
        ticked: Scopes,
    },
    /// No.
    Deny,
    /// Yes perhaps, but not as the account that the client asked for: it is asked again there (AS-38).
    OtherAccount,
}

/// Why a decision could not be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsentError {
    /// The account is not signed in on this device, or not recently enough.
    #[error("the account has to sign in again")]
    NotSignedIn,
    /// The request cannot go on.
    #[error(transparent)]
    Open(#[from] OpenRequestError),
}

impl From<gatewright_store::StoreError> for ConsentError {
    fn from(error: gatewright_store::StoreError) -> Self {
        Self::Open(error.into())
    }
}

/// Whether a person may take this scope out of what they approve: anything but the mark of every grant (AS-41).
pub fn is_optional(scope: &str) -> bool {
    scope != "atproto"
}

/// Follows a decision: the client gets its code, or `access_denied`.
///
/// # Errors
/// The request cannot go on, the account is not signed in here, or the store or the accounts failed.
pub async fn consent(
    ctx: &Context,
    id: &RequestId,
    device: &DeviceId,
    peer: Option<Peer>,
    decision: Decision,
) -> Result<Answer, ConsentError> {
    let request = match touch_request(ctx, id, device, peer).await? {
        Touched::Open(request, _) => request,
        Touched::Over(answer) => return Ok(answer),
    };
    let (account, ticked) = match decision {
        Decision::Approve { account, ticked } => (account, ticked),
        Decision::Deny => return end(ctx, &request, "the request was denied").await,
        Decision::OtherAccount => return end(ctx, &request, "another account is to be used").await,
    };
    let signed_in = signed_in(ctx, &request, device).await?;
    let Some((account, _)) = signed_in.into_iter().find(|(signed_in, _)| signed_in.did == account) else {
        return Err(ConsentError::NotSignedIn);
    };
    if request.parameters.login_hint.as_ref().is_some_and(|hint| !names(hint, &account)) {
        return end(ctx, &request, "another account was expected").await;
    }
    let asked = &request.parameters.scope;
    let approved = asked.filter(|scope| !is_optional(scope) || ticked.contains(scope));
    if !approved.contains("atproto") {
        return end(ctx, &request, "nothing was approved").await;
    }
    let memory = remember(ctx, &request, &account.did, &approved).await?;
    Ok(approve(ctx, &request, device, &account, approved, memory).await.map_err(OpenRequestError::from)?)
}

/// The request ends here, and the client is told no.
async fn end(ctx: &Context, request: &Request, why: &'static str) -> Result<Answer, ConsentError> {
    ctx.store.delete_request(&request.id).await?;
    Ok(denied(ctx, request, why))
}

/// What is remembered of this approval: only what was approved (AS-42), and nothing for clients on `localhost`, which
/// cannot be told apart (CM-24).
async fn remember(
    ctx: &Context,
    request: &Request,
    account: &Did,
    approved: &Scopes,
) -> Result<Option<Consent>, ConsentError> {
    if request.client.is_loopback() {
        return Ok(None);
    }
    let declined = request.parameters.scope.difference(approved);
    let before = ctx.store.find_consent(account, &request.client).await?;
    let (approved_before, declined_before) = before.map(|c| (c.approved, c.declined)).unwrap_or_default();
    Ok(Some(Consent {
        account: account.clone(),
        client: request.client.clone(),
        approved: joined(&approved_before.difference(&declined), approved),
        declined: joined(&declined_before.difference(approved), &declined),
        decided_at: ctx.now(),
    }))
}

/// Both, or only the new ones where that is more than a `scope` value may hold: what is not kept is asked for again.
fn joined(before: &Scopes, new: &Scopes) -> Scopes {
    let both = before.union(new);
    if both.as_str().len() <= MAX_LENGTH && both.len() <= MAX_TOKENS { both } else { new.clone() }
}

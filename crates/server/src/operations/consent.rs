//! A person decides (AS-40 … AS-43).

use gatewright_protocol::scope::{Permission, Scopes};
use gatewright_protocol::syntax::Did;
use gatewright_resolve::Peer;
use gatewright_store::approved_set::{self, ApprovedSet};
use gatewright_store::consent::Consent;
use gatewright_store::device::DeviceId;
use gatewright_store::request::{Request, RequestId};

use super::Answer;
use super::approve::{Approval, approve};
use super::expand_scopes::{fits, includes};
use super::judge_request::{names, signed_in};
use super::offer::{Chosen, OfferError, Ticked, offer};
use super::open_request::{OpenRequestError, Touched, denied, touch_request, unexpanded};
use super::permission_parts::{meant, touches};
use super::step_up::{asked_again, is_broad};
use crate::accounts::KnownAccount;
use crate::context::Context;

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes, on behalf of this account, with what was left ticked.
    Approve {
        /// Whose account.
        account: Did,
        /// What was left ticked of what can be unticked.
        ticked: Ticked,
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
    /// What is granted is so much that the account has to prove itself once more.
    #[error("the account has to prove itself first")]
    Unproven(Box<Unproven>),
    /// A permission set changed since the page was shown: it has to be shown again.
    #[error("a permission set changed while the page was open")]
    SetsChanged,
}

/// Whose proof is missing, and for what.
#[derive(Clone, Debug)]
pub struct Unproven {
    /// The account.
    pub account: KnownAccount,
    /// The request.
    pub request: Request,
}

impl From<gatewright_store::StoreError> for ConsentError {
    fn from(error: gatewright_store::StoreError) -> Self {
        Self::Open(error.into())
    }
}

/// Follows a decision: the client gets its code, or `access_denied`.
///
/// # Errors
/// The request cannot go on, the account is not signed in here or has to prove itself first, or the store or the accounts failed.
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
    let offer = match offer(ctx, &request, &account.did).await {
        Ok(offer) => offer,
        Err(OfferError::Expand(error)) => return Ok(unexpanded(ctx, &request, &error)),
        Err(OfferError::Store(error)) => return Err(error.into()),
    };
    if !offer.is_as_shown(&ticked) {
        return Err(ConsentError::SetsChanged);
    }
    let chosen = offer.choose(&ticked);
    if !chosen.approved.contains("atproto") {
        return end(ctx, &request, "nothing was approved").await;
    }
    let granted: Vec<Permission> = meant(&chosen.approved)
        .into_iter()
        .chain(chosen.sets.iter().flat_map(|set| meant(&set.granted)))
        .collect();
    if is_broad(ctx, &granted) && asked_again(ctx, device, &account.did, Some(&request.id)).await?.is_some() {
        return Err(ConsentError::Unproven(Box::new(Unproven { account, request: *request })));
    }
    let consent = remember(ctx, &request, &account.did, &chosen).await?;
    let approval = Approval { scope: chosen.approved, sets: chosen.sets, consent };
    Ok(approve(ctx, &request, device, &account, approval).await.map_err(OpenRequestError::from)?)
}

/// The request ends here, and the client is told no.
async fn end(ctx: &Context, request: &Request, why: &'static str) -> Result<Answer, ConsentError> {
    ctx.store.delete_request(&request.id).await?;
    Ok(denied(ctx, request, why))
}

/// What is remembered of this approval: only what was approved (AS-42), and nothing for clients on `localhost`, which
/// cannot be told apart (CM-24). The last decision about a name counts, wherever it stood: in a set or by itself.
async fn remember(
    ctx: &Context,
    request: &Request,
    account: &Did,
    chosen: &Chosen,
) -> Result<Option<Consent>, ConsentError> {
    if request.client.is_loopback() {
        return Ok(None);
    }
    let Chosen { approved, declined, sets } = chosen;
    let mut gone = meant(declined);
    gone.extend(sets.iter().flat_map(|set| meant(&set.declined)));
    let mut kept = meant(approved);
    kept.extend(sets.iter().flat_map(|set| meant(&set.granted)));
    let apart = |scopes: &Scopes, others: &[Permission]| {
        scopes.filter(|scope| scope.parse().is_ok_and(|permission| !touches(&permission, others)))
    };
    let before = ctx.store.find_consent(account, &request.client).await?;
    let (approved_before, declined_before, sets_before) =
        before.map(|consent| (consent.approved, consent.declined, consent.sets)).unwrap_or_default();
    let approved = joined(&apart(&approved_before, &gone), approved);
    let included = includes(&approved);
    let is_other = |set: &ApprovedSet| {
        let is_approved = included.iter().any(|include| include.to_string() == set.include);
        is_approved && approved_set::find(sets, &set.include).is_none()
    };
    let others = sets_before.into_iter().filter(is_other);
    Ok(Some(Consent {
        account: account.clone(),
        client: request.client.clone(),
        sets: sets.iter().cloned().chain(others).collect(),
        declined: joined(&apart(&declined_before, &kept), declined),
        approved,
        decided_at: ctx.now(),
    }))
}

/// Both, or only the new ones where that is more than a `scope` value may hold: what is not kept is asked for again.
fn joined(before: &Scopes, new: &Scopes) -> Scopes {
    let both = before.union(new);
    if fits(&both) { both } else { new.clone() }
}

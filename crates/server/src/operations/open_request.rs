//! Opens a pushed request in a browser, and decides what comes next (AS-30 … AS-32, AS-39).

use std::sync::Arc;

use gatewright_protocol::oauth::authorize::REQUEST_URI_PREFIX;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::oauth::client_metadata::ClientMetadata;
use gatewright_protocol::oauth::error::ErrorCode;
use gatewright_resolve::Peer;
use gatewright_store::StoreError;
use gatewright_store::device::DeviceId;
use gatewright_store::request::{Request, RequestId, RequestOpened, Stage};

use super::approve::{Approval, ApproveError, approve};
use super::judge_request::{Judged, Show, Want, judge_request};
use super::offer::{OfferError, offer};
use super::{Answer, ExpandScopesError};
use crate::accounts::AccountsError;
use crate::context::{ClientsError, Context};

/// What the browser gets.
#[derive(Debug)]
pub enum Opened {
    /// The client's answer.
    Answer(Answer),
    /// A page.
    Page(Box<Step>),
}

/// A page of the sign-in, and everything that it shows.
#[derive(Clone, Debug)]
pub struct Step {
    /// The request.
    pub request: Request,
    /// Whose it is.
    pub client: Arc<ClientMetadata>,
    /// Which page.
    pub show: Show,
}

/// Why a request cannot be opened: a page of ours says so, because nothing says where else (AS-31).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenRequestError {
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// It belongs to another client; it is deleted now.
    #[error("the request belongs to another client")]
    OtherClient,
    /// Another browser opened it first; it is deleted now.
    #[error("the request was opened in another browser")]
    OtherDevice,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such request (any more).
    #[error("there is no such request")]
    Unknown,
}

impl From<ApproveError> for OpenRequestError {
    fn from(error: ApproveError) -> Self {
        match error {
            ApproveError::Gone => Self::Unknown,
            ApproveError::Store(error) => Self::Store(error),
        }
    }
}

/// The `request_uri` of a request.
pub fn request_uri(id: &RequestId) -> String {
    format!("{REQUEST_URI_PREFIX}{}", id.0)
}

/// The request of this name, if there is one and it is of this client. One of another client ends.
///
/// # Errors
/// There is none, it is another client's, or the store failed.
pub async fn find_request(
    ctx: &Context,
    client: &ClientId,
    request: String,
) -> Result<RequestId, OpenRequestError> {
    let request = ctx.store.find_request(&RequestId(request)).await?.ok_or(OpenRequestError::Unknown)?;
    if request.client == *client {
        return Ok(request.id);
    }
    // The code of an approved one stays good for whom it was made (AS-32).
    if request.stage == Stage::Pushed {
        ctx.store.delete_request(&request.id).await?;
    }
    Err(OpenRequestError::OtherClient)
}

/// Opens a request, again or for the first time, and decides what comes next. Documents are fetched on behalf of `peer`,
/// who has only so many under way (SEC-72).
///
/// # Errors
/// It cannot be opened here; or the store or the accounts failed.
pub async fn open_request(
    ctx: &Context,
    id: &RequestId,
    device: &DeviceId,
    peer: Option<Peer>,
    want: Want<'_>,
) -> Result<Opened, OpenRequestError> {
    let (request, client) = match touch_request(ctx, id, device, peer).await? {
        Touched::Open(request, client) => (*request, client),
        Touched::Over(answer) => return Ok(Opened::Answer(answer)),
    };
    go_on(ctx, request, client, device, want).await
}

/// What became of touching a request.
pub(super) enum Touched {
    /// It goes on.
    Open(Box<Request>, Arc<ClientMetadata>),
    /// It is over, and the client is told.
    Over(Answer),
}

/// Every step of a request begins with this: it is this browser's, it has not ended, and its client may still ask.
pub(super) async fn touch_request(
    ctx: &Context,
    id: &RequestId,
    device: &DeviceId,
    peer: Option<Peer>,
) -> Result<Touched, OpenRequestError> {
    let (now, lifetimes) = (ctx.now(), &ctx.settings.lifetimes);
    let known = ctx.store.find_request(id).await?.ok_or(OpenRequestError::Unknown)?;
    let expires_at = now.plus(lifetimes.request).min(known.created_at.plus(lifetimes.request_cap));
    let request = match ctx.store.open_request(id, device, now, expires_at).await? {
        RequestOpened::Approved(request) => {
            return Ok(Touched::Over(denied(ctx, &request, "this request was approved before")));
        }
        RequestOpened::Expired(request) => {
            return Ok(Touched::Over(denied(ctx, &request, "this request has expired")));
        }
        RequestOpened::Opened(request) => request,
        RequestOpened::OtherDevice => return Err(OpenRequestError::OtherDevice),
        RequestOpened::Unknown => return Err(OpenRequestError::Unknown),
    };
    match ctx.clients.client(&request.client, peer).await {
        Ok(client) => Ok(Touched::Open(request, client)),
        Err(ClientsError::Id(_) | ClientsError::Invalid { .. }) => Ok(Touched::Over(Answer::error(
            ctx,
            &request,
            ErrorCode::UnauthorizedClient,
            "the client metadata is not valid any more",
        ))),
        Err(ClientsError::Ours(_) | ClientsError::Unreachable(_)) => Ok(Touched::Over(Answer::error(
            ctx,
            &request,
            ErrorCode::TemporarilyUnavailable,
            "the client metadata could not be fetched",
        ))),
    }
}

pub(super) fn denied(ctx: &Context, request: &Request, why: &'static str) -> Answer {
    Answer::error(ctx, request, ErrorCode::AccessDenied, why)
}

/// A permission set of the request does not resolve, though it did when the request was pushed: not the client's fault.
/// The request stays, so that the person can try again.
pub(super) fn unexpanded(ctx: &Context, request: &Request, error: &ExpandScopesError) -> Answer {
    tracing::warn!(client.id = %request.client, %error, "a permission set could not be shown");
    Answer::error(ctx, request, ErrorCode::TemporarilyUnavailable, "a permission set could not be resolved")
}

/// Decides what comes next for a request that was touched.
pub(super) async fn go_on(
    ctx: &Context,
    request: Request,
    client: Arc<ClientMetadata>,
    device: &DeviceId,
    want: Want<'_>,
) -> Result<Opened, OpenRequestError> {
    match judge_request(ctx, &request, device, want).await? {
        Judged::Approve(account, sets) => {
            let approval = Approval { scope: request.parameters.scope.clone(), sets, consent: None };
            Ok(Opened::Answer(approve(ctx, &request, device, &account, approval).await?))
        }
        Judged::Ask(account) => match offer(ctx, &request, &account.did).await {
            Ok(offer) => {
                let show = Show::Consent { account, offer };
                Ok(Opened::Page(Box::new(Step { request, client, show })))
            }
            Err(OfferError::Expand(error)) => Ok(Opened::Answer(unexpanded(ctx, &request, &error))),
            Err(OfferError::Store(error)) => Err(error.into()),
        },
        Judged::Refuse(code, why) => {
            ctx.store.delete_request(&request.id).await?;
            Ok(Opened::Answer(Answer::error(ctx, &request, code, why)))
        }
        Judged::Show(show) => Ok(Opened::Page(Box::new(Step { request, client, show }))),
    }
}

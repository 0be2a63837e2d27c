//! `app.bsky.actor.*`, as far as a host answers it.

pub(crate) mod get_preferences;
pub(crate) mod get_profile;
pub(crate) mod get_profiles;
pub(crate) mod put_preferences;

use axum::extract::Request;
use axum::response::Response;
use gatewright_guard::Destination;
use gatewright_protocol::syntax::{Datetime, Did, Handle};
use serde::Serialize;

use super::{App, proxy};
use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::operations::find_profile::{FindProfileError, Profile};

/// The most that the JSON of preferences may take (RS-12).
const PREFERENCES_LIMIT: usize = crate::settings::BODY_LIMIT;

/// Passes on what is asked of accounts that are not here. A password session needed no permission until now.
async fn elsewhere(
    context: &App,
    caller: &Caller,
    destination: Option<Destination>,
    request: Request,
) -> Result<Response, XrpcError> {
    let destination = destination.ok_or(FindProfileError::Elsewhere)?;
    caller.require_call(&destination)?;
    proxy::forward(context, caller, &destination, request).await
}

/// A profile in an answer. What only a service can count is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileShown {
    did: Did,
    handle: Handle,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    banner: Option<String>,
    created_at: Datetime,
    indexed_at: Datetime,
    viewer: ViewerShown,
    labels: [(); 0],
}

/// What is between the caller and the profile: nothing that a host knows of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ViewerShown {
    muted: bool,
    blocked_by: bool,
}

impl ProfileShown {
    fn new(context: &App, profile: Profile) -> Self {
        let Profile { account, display_name, description, avatar, banner } = profile;
        let url = |cid: cid::Cid| {
            let (origin, did) = (context.settings.origin(), &account.did);
            format!("{origin}/xrpc/com.atproto.sync.getBlob?did={did}&cid={cid}")
        };
        Self {
            display_name,
            description,
            avatar: avatar.map(url),
            banner: banner.map(url),
            created_at: account.created_at.into(),
            indexed_at: context.now().into(),
            viewer: ViewerShown { muted: false, blocked_by: false },
            labels: [],
            did: account.did.clone(),
            handle: account.handle.clone(),
        }
    }
}

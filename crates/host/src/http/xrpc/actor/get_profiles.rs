//! `GET /xrpc/app.bsky.actor.getProfiles`. If all are of this host, they are answered for here; otherwise by the service,
//! if there is one for the call.

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use gatewright_guard::Destination;
use serde::Serialize;
use url::form_urlencoded;

use super::{ProfileShown, elsewhere};
use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::http::xrpc::App;
use crate::operations::access::Identifier;
use crate::operations::find_profile::{FindProfileError, find_profile};

/// The most that are asked for at once.
const MOST: usize = 25;

#[derive(Serialize)]
pub(crate) struct Output {
    profiles: Vec<ProfileShown>,
}

pub(crate) async fn get(
    context: App,
    caller: Caller,
    destination: Option<Destination>,
    request: Request,
) -> Result<Response, XrpcError> {
    let mut profiles = Vec::new();
    for actor in actors(request.uri().query().unwrap_or_default())? {
        match find_profile(&context, caller.did(), &actor).await {
            Ok(profile) => profiles.push(ProfileShown::new(&context, profile)),
            // Of several, those that cannot be shown are left out.
            Err(FindProfileError::Deactivated | FindProfileError::TakenDown) => {}
            Err(FindProfileError::Elsewhere) => {
                return elsewhere(&context, &caller, destination, request).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Json(Output { profiles }).into_response())
}

fn actors(query: &str) -> Result<Vec<Identifier>, XrpcError> {
    let mut actors = Vec::new();
    for (_, text) in form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "actors") {
        if actors.len() >= MOST {
            return Err(XrpcError::invalid_request(format!("more than {MOST} actors")));
        }
        let invalid = |error| XrpcError::invalid_request(format!("the parameter `actors`: {error}"));
        actors.push(text.parse().map_err(invalid)?);
    }
    if actors.is_empty() {
        return Err(XrpcError::invalid_request("the parameter `actors` is missing"));
    }
    Ok(actors)
}

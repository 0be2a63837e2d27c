//! `GET /xrpc/app.bsky.actor.getProfiles`.

use axum::Json;
use axum::extract::RawQuery;
use serde::Serialize;
use url::form_urlencoded;

use super::ProfileShown;
use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::http::xrpc::{Answer, App};
use crate::operations::access::Identifier;
use crate::operations::find_profile::{FindProfileError, find_profile};

/// The most that are asked for at once.
const MOST: usize = 25;

#[derive(Serialize)]
pub(crate) struct Output {
    profiles: Vec<ProfileShown>,
}

pub(crate) async fn get(context: App, caller: Caller, RawQuery(query): RawQuery) -> Answer<Output> {
    let mut profiles = Vec::new();
    for actor in actors(query.as_deref().unwrap_or_default())? {
        match find_profile(&context, caller.did(), &actor).await {
            Ok(profile) => profiles.push(ProfileShown::new(&context, profile)),
            // Of several, those that cannot be shown are left out.
            Err(FindProfileError::Deactivated | FindProfileError::TakenDown) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Json(Output { profiles }))
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

//! `GET /xrpc/com.atproto.server.describeServer`.

use axum::Json;
use gatewright_protocol::syntax::Did;
use serde::Serialize;
use url::Url;

use crate::http::xrpc::App;
use crate::settings::SignUpMode;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    did: Did,
    available_user_domains: Vec<String>,
    invite_code_required: bool,
    links: Links,
    contact: Contact,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Links {
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy_policy: Option<Url>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms_of_service: Option<Url>,
}

#[derive(Serialize)]
struct Contact {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

pub(crate) async fn get(context: App) -> Json<Output> {
    let settings = &context.settings;
    Json(Output {
        did: settings.service_did.clone(),
        available_user_domains: settings.handle_domains.clone(),
        // Where nobody may, no code opens anything, and a client that asks for one says so best.
        invite_code_required: settings.sign_up != SignUpMode::Open,
        links: Links {
            privacy_policy: settings.privacy_policy.clone(),
            terms_of_service: settings.terms_of_service.clone(),
        },
        contact: Contact { email: settings.contact_email.clone() },
    })
}

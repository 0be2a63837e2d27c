//! Authorization requests, as they are pushed: by themselves, and from a client that is known.

use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::oauth::client_metadata::{ClientMetadata, MetadataRules};
use gatewright_protocol::oauth::error::{ErrorCode, OAuthError};
use gatewright_protocol::oauth::par::{AuthorizationRequest, LoginHint, ParRules, StateRule};
use gatewright_protocol::oauth::params::Params;
use gatewright_protocol::oauth::pkce::CodeChallenge;
use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::oauth::{bytes, rejects, text, valid};
use crate::permission_sets::{Missing, missing_set};

/// Runs a case of this module.
pub(crate) fn run(op: &str, input: &Value, reference: &Value) -> Outcome {
    match op {
        "authorization_request.par" => pushed(input),
        "authorize.validate" => authorize(input, reference),
        _ => Outcome::Unknown,
    }
}

/// What is refused in a pushed request although the reference takes it; an empty value may also be taken. A request
/// that is taken against any of the other rules is a failure.
fn request_rule(outcome: Outcome, input: &Value) -> Outcome {
    if input.as_object().is_some_and(|fields| fields.values().any(|value| value == "")) {
        return outcome.by_rule("AS-20: an empty value counts as omitted");
    }
    if !is_refused(&outcome) {
        return outcome;
    }
    let given = |name: &str| input.get(name).is_some();
    let is = |name: &str, value: &str| text(input, name) == Some(value);
    let rule = if given("request") {
        "AS-19: request objects are not taken"
    } else if !given("state") {
        "3.2: state is required"
    } else if !given("redirect_uri") {
        "3.2: redirect_uri is required"
    } else if !given("scope") {
        "3.2: scope is required"
    } else if !is("response_type", "code") {
        "3.2: response_type is code"
    } else if !is("code_challenge_method", "S256") {
        "3.2: code_challenge_method is S256"
    } else if text(input, "code_challenge").is_none_or(|text| text.parse::<CodeChallenge>().is_err()) {
        "3.2: code_challenge is 43 base64url characters"
    } else if given("nonce") || given("claims") || given("id_token_hint") || given("authorization_details") {
        "3.2: OpenID Connect parameters and authorization_details are refused"
    } else if text(input, "login_hint").is_some_and(|text| text.parse::<LoginHint>().is_err()) {
        "3.2: login_hint is a handle or DID"
    } else if text(input, "dpop_jkt").is_some_and(|text| text.parse::<Thumbprint>().is_err()) {
        "3.2: dpop_jkt is the thumbprint of the proof"
    } else {
        return outcome;
    };
    outcome.by_rule(rule)
}

fn is_refused(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Value(value)
        if value.get("rejects").is_some() || value.get("valid") == Some(&Value::Bool(false)))
}

fn read_request(
    parameters: &Value,
    client: &ClientMetadata,
    trusted: bool,
) -> Result<AuthorizationRequest, OAuthError> {
    let params = Params::from_json(&bytes(parameters))?;
    // The proof is another matter: it is made with whichever key is announced.
    let dpop_jkt = params.get("dpop_jkt").and_then(|text| text.parse().ok()).unwrap_or(Thumbprint([0; 32]));
    AuthorizationRequest::from_params(
        &params,
        client,
        ParRules { dpop_jkt: &dpop_jkt, state: StateRule::Required, trusted },
    )
}

/// The parameters as they were sent, with what became of them.
fn parameters(sent: &Value, request: &AuthorizationRequest) -> Value {
    let known = [
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "display",
        "dpop_jkt",
        "login_hint",
        "max_age",
        "prompt",
        "redirect_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
        "ui_locales",
    ];
    let mut fields: Map<String, Value> = sent
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| known.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let Ok(Value::Object(read)) = serde_json::to_value(request) else { return Value::Null };
    for (name, value) in read {
        if name != "response_mode" || fields.contains_key("response_mode") {
            fields.insert(name, value);
        }
    }
    Value::Object(fields)
}

/// A pushed request by itself: from a client that declares whatever it asks for.
fn pushed(input: &Value) -> Outcome {
    let id = text(input, "client_id").unwrap_or_default();
    let document = json!({
        "client_id": id,
        "redirect_uris": [text(input, "redirect_uri").unwrap_or("https://app.example.com/cb")],
        "scope": text(input, "scope").unwrap_or("atproto"),
        "dpop_bound_access_tokens": true,
    });
    let client = id
        .parse::<ClientId>()
        .ok()
        .and_then(|id| ClientMetadata::parse(&id, &bytes(&document), MetadataRules::default()).ok());
    let request = client.and_then(|client| read_request(input, &client, true).ok());
    let outcome = match request {
        Some(request) => json!({ "valid": true, "value": parameters(input, &request) }).into(),
        None => valid(false),
    };
    request_rule(outcome, input)
}

fn authorize(input: &Value, reference: &Value) -> Outcome {
    let sent = input.get("parameters").unwrap_or(&Value::Null);
    let document =
        text(input, "client").and_then(|name| reference.get("clients")?.get(name)).unwrap_or(&Value::Null);
    let Ok(id) = text(document, "client_id").unwrap_or_default().parse::<ClientId>() else {
        return Outcome::Rejected;
    };
    let client = match ClientMetadata::parse(&id, &bytes(document), MetadataRules::default()) {
        Ok(client) => client,
        Err(error) => {
            let outcome = rejects(&error.into(), 400);
            let grants = document.get("grant_types").and_then(Value::as_array);
            return if grants.is_some_and(|grants| grants.contains(&json!("authorization_code"))) {
                outcome
            } else {
                outcome.by_rule("2.2: grant_types contains authorization_code")
            };
        }
    };
    let trusted = input.get("trusted") == Some(&Value::Bool(true));
    let outcome = match read_request(sent, &client, trusted) {
        Ok(request) => match missing_set(&request.scope, reference.get("lexicons").unwrap_or(&Value::Null)) {
            None => json!({ "accepted": true, "parameters": parameters(sent, &request) }).into(),
            Some(missing) => {
                let error = OAuthError::new(ErrorCode::InvalidScope, "a permission set does not resolve");
                let outcome = rejects(&error, 400);
                if missing == Missing::NoSet {
                    return outcome;
                }
                return outcome
                    .by_rule("PS-19: a set that never resolved refuses the request, as the client's error");
            }
        },
        Err(error) => rejects(&error, 400),
    };
    request_rule(outcome, sent)
}

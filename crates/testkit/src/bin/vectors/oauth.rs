//! OAuth: client ids and documents, codes, proofs, metadata.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::dpop::verify::{self, ProofRequest};
use gatewright_protocol::oauth::authorization_header;
use gatewright_protocol::oauth::client_id::{self, ClientId, Loopback};
use gatewright_protocol::oauth::client_metadata::{ClientMetadata, MetadataRules};
use gatewright_protocol::oauth::error::OAuthError;
use gatewright_protocol::oauth::par::AuthorizationRequest;
use gatewright_protocol::oauth::params::Params;
use gatewright_protocol::oauth::pkce::CodeVerifier;
use gatewright_protocol::oauth::redirect_uri::{PortRule, RedirectUri};
use gatewright_protocol::oauth::resource_metadata::ResourceMetadata;
use gatewright_protocol::oauth::server_metadata::{ServerMetadata, is_issuer};
use gatewright_protocol::oauth::token::{self, TokenRequest, TokenResponse};
use gatewright_protocol::syntax::Development;
use gatewright_protocol::time::UnixTime;
use serde_json::{Map, Value, json};
use url::Url;

use crate::Outcome;

/// Runs a case of this module.
pub(crate) fn run(op: &str, input: &Value, _reference: &Value) -> Outcome {
    let text = input.as_str().unwrap_or_default();
    match op {
        "as_metadata.valid" => valid(ServerMetadata::parse(&bytes(input), Development::Allowed).is_ok()),
        "authorization_header.parse" => authorization_header(text),
        "client_id.discoverable" => {
            valid(text.parse::<ClientId>().is_ok_and(|id| id.kind() == client_id::Kind::Discoverable))
        }
        "client_metadata.accept" => client_metadata(input),
        "code_grant.validate" => code_grant(input),
        "dpop.check" => dpop(input),
        "dpop_nonce.accepts" => nonce_accepts(input).map_or(Outcome::Rejected, Outcome::from),
        "dpop_nonce.next" => nonce_next(input).map_or(Outcome::Rejected, Outcome::from),
        "issuer.valid" => issuer(text),
        "loopback.atproto_parse" => loopback(text),
        "loopback.metadata" => loopback_metadata(text),
        "pkce.s256" => match text.parse::<CodeVerifier>() {
            Ok(verifier) => Value::from(verifier.challenge().as_str()).into(),
            Err(_) => Outcome::Rejected,
        },
        "redirect_uri.match" => redirect_match(input),
        "redirect_uri.valid" => redirect_rule(valid(text.parse::<RedirectUri>().is_ok()), text),
        "rs_metadata.valid" => valid(ResourceMetadata::parse(&bytes(input), Development::Allowed).is_ok()),
        "token_request.parse" => token_request(input),
        "token_response.atproto" => token_response(input),
        _ => Outcome::Unknown,
    }
}

/// What ops answer that only ask whether something is valid.
pub(crate) fn valid(valid: bool) -> Outcome {
    json!({ "valid": valid }).into()
}

/// A value as somebody sends it.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// A member that is a text.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// A refusal as the vectors record it.
pub(crate) fn rejects(error: &OAuthError, status: u16) -> Outcome {
    json!({ "rejects": { "error": error.code.as_str(), "status": status } }).into()
}

fn authorization_header(header: &str) -> Outcome {
    match authorization_header::parse(header) {
        Ok((scheme, token)) => json!([scheme.as_str(), token]).into(),
        Err(_) => json!({ "rejects": { "error": "invalid_request", "status": 400 } }).into(),
    }
}

fn issuer(text: &str) -> Outcome {
    let outcome = valid(is_issuer(text, Development::Allowed));
    match Url::parse(text) {
        Ok(url) if url.path() != "/" => outcome.by_rule("ID-21: an issuer has no path"),
        _ => outcome,
    }
}

/// Marks what redirect URIs may not have here and may have elsewhere.
fn redirect_rule(outcome: Outcome, uri: &str) -> Outcome {
    let Ok(url) = Url::parse(uri) else { return outcome };
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return outcome.by_rule("CM-16: no fragment, name or password in a redirect URI");
    }
    let web = matches!(url.scheme(), "http" | "https");
    if url.host_str() == Some("localhost") {
        return outcome.by_rule("CM-16: localhost is never the host of a redirect URI");
    }
    if !web && !uri.get(url.scheme().len()..).unwrap_or_default().starts_with(":/") {
        return outcome.by_rule("CM-15: exactly one slash after a private-use scheme");
    }
    outcome
}

fn redirect_match(input: &Value) -> Outcome {
    let read = |name: &str| text(input, name).unwrap_or_default();
    let (registered, requested) = (read("registered"), read("requested"));
    let matches = match (registered.parse::<RedirectUri>(), requested.parse::<RedirectUri>()) {
        (Ok(registered), Ok(requested)) => registered.matches(&requested, PortRule::AnyIfUnwritten),
        _ => false,
    };
    redirect_rule(redirect_rule(matches.into(), registered), requested)
}

fn loopback(id: &str) -> Outcome {
    let outcome = match Loopback::parse(id) {
        Ok(Loopback { scope, redirect_uris }) => {
            json!({ "ok": { "scope": scope, "redirect_uris": redirect_uris } }).into()
        }
        Err(_) => Outcome::Rejected,
    };
    loopback_rule(outcome, id)
}

fn loopback_metadata(id: &str) -> Outcome {
    let metadata = id.parse::<ClientId>().ok().and_then(|id| ClientMetadata::loopback(&id));
    loopback_rule(
        metadata.map_or(Outcome::Rejected, |metadata| json!({ "ok": metadata.to_json() }).into()),
        id,
    )
}

fn loopback_rule(outcome: Outcome, id: &str) -> Outcome {
    let Ok(url) = Url::parse(id) else { return outcome };
    let uris = url.query_pairs().filter(|(name, _)| name == "redirect_uri");
    uris.fold(outcome, |outcome, (_, uri)| redirect_rule(outcome, &uri))
}

fn client_metadata(input: &Value) -> Outcome {
    let document = input.get("metadata").unwrap_or(&Value::Null);
    let Ok(id) = text(input, "client_id").unwrap_or_default().parse::<ClientId>() else {
        return Outcome::Rejected;
    };
    let accepted = if id.is_loopback() {
        // The document of such a client follows from its id; none is ever looked at.
        ClientMetadata::loopback(&id).is_some()
    } else {
        ClientMetadata::parse(&id, &bytes(document), MetadataRules::default()).is_ok()
    };
    let mut outcome: Outcome = json!({ "accepted": accepted }).into();
    if document.get("token_endpoint_auth_method").is_none() {
        outcome = outcome.by_rule("2.2: an absent token_endpoint_auth_method is none");
    }
    for field in ["client_secret", "client_secret_expires_at"] {
        if document.get(field).is_some() {
            outcome = outcome.by_rule("2.2: a client has no secret that it shares");
        }
    }
    if id.document_url().is_err() {
        outcome = outcome.by_rule("CM-3: no client is loaded from a URL with a port");
    }
    let native = text(document, "application_type") == Some("native");
    for uri in document
        .get("redirect_uris")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        outcome = redirect_rule(outcome, uri);
        if native
            && Url::parse(uri).is_ok_and(|uri| uri.scheme() == "https" && uri.origin() != id.url().origin())
        {
            outcome = outcome.by_rule("CM-14: an app has https redirects of its own origin only");
        }
    }
    outcome
}

/// Challenges that served a code, in the order of the cases.
static SERVED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

fn code_grant(input: &Value) -> Outcome {
    let null = Value::Null;
    let (stored, sent) = (input.get("parameters").unwrap_or(&null), input.get("input").unwrap_or(&null));
    let challenge = text(stored, "code_challenge").unwrap_or_default();
    let row = json!({ "redirect_uri": stored.get("redirect_uri"), "scope": "atproto", "code_challenge": challenge });
    let request = match serde_json::from_value::<AuthorizationRequest>(row) {
        Ok(request) if text(stored, "code_challenge_method") == Some("S256") => request,
        _ => return Outcome::Rejected.by_rule("3.2: such a request is never stored"),
    };
    let verifier = text(sent, "code_verifier").and_then(|text| text.parse::<CodeVerifier>().ok());
    match token::check_code_grant(&request, text(sent, "redirect_uri").unwrap_or_default(), verifier.as_ref())
    {
        Ok(()) => {
            let outcome = Outcome::from(json!({ "accepted": true }));
            let mut served = SERVED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if served.insert(challenge.to_owned()) {
                outcome
            } else {
                outcome.by_rule(
                    "AS-29: a challenge is reserved when it is pushed, not when its code is exchanged",
                )
            }
        }
        Err(error) => rejects(&error, error.code.status()),
    }
}

fn token_request(input: &Value) -> Outcome {
    let request =
        Params::from_json(&bytes(input)).ok().and_then(|params| TokenRequest::from_params(&params).ok());
    match request {
        None => {
            let outcome = valid(false);
            match text(input, "grant_type") {
                Some("authorization_code" | "refresh_token") | None => outcome,
                Some(_) => outcome.by_rule("AS-51: there are no other grants"),
            }
        }
        Some(request) => {
            let value: Map<String, Value> = request
                .to_params()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
            let outcome = Outcome::from(json!({ "valid": true, "value": value }));
            match request {
                TokenRequest::AuthorizationCode { code_verifier: None, .. }
                    if input.get("code_verifier").is_some() =>
                {
                    outcome.by_rule("SEC-3: refused after its code is used up")
                }
                _ => outcome,
            }
        }
    }
}

fn token_response(input: &Value) -> Outcome {
    let outcome = match TokenResponse::parse(&bytes(input)).map(serde_json::to_value) {
        Ok(Ok(value)) => json!({ "valid": true, "value": value }).into(),
        _ => valid(false),
    };
    if input.get("authorization_details").is_some() {
        return outcome.by_rule("3.2: authorization_details are not taken");
    }
    if text(input, "token_type").is_some_and(|name| name != "DPoP" && name.eq_ignore_ascii_case("DPoP")) {
        return outcome.by_rule("CL-15: token_type is compared without case");
    }
    outcome
}

fn nonces(input: &Value, secret: &str) -> Option<Nonces> {
    let number = |digits: &str| u8::from_str_radix(digits, 16).ok();
    let digits = text(input, secret)?;
    let bytes: Vec<u8> =
        (0..digits.len() / 2).map(|n| number(digits.get(2 * n..2 * n + 2)?)).collect::<Option<_>>()?;
    let slot = input.get("rotation_interval_ms").and_then(Value::as_u64)?;
    Some(Nonces::with_slot(bytes.try_into().ok()?, Duration::from_millis(slot)))
}

fn millis(input: &Value, name: &str) -> Option<UnixTime> {
    input.get(name).and_then(Value::as_i64).map(UnixTime::from_millis)
}

fn nonce_next(input: &Value) -> Option<Value> {
    let now = millis(input, "now_ms")?;
    Some(nonces(input, "secret")?.next(now).as_str().into())
}

fn nonce_accepts(input: &Value) -> Option<Value> {
    let nonces = nonces(input, "secret")?;
    let issued = nonces.next(millis(input, "issued_at_ms")?);
    Some(nonces.accepts(issued.as_str(), millis(input, "checked_at_ms")?).into())
}

fn dpop(input: &Value) -> Outcome {
    // The check is the same for both servers, the status is theirs to choose (DP-11). Recorded is 401, but for nonces.
    const STATUS: u16 = 401;
    let headers: Vec<&[u8]> = match input.get("dpop") {
        Some(Value::String(one)) => vec![one.as_bytes()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).map(str::as_bytes).collect(),
        _ => Vec::new(),
    };
    let proof = match verify::only_header(headers) {
        Ok(Some(proof)) => proof,
        Ok(None) => return json!({ "ok": null }).into(),
        Err(error) => return rejects(&error.into(), STATUS),
    };
    let url = text(input, "url").unwrap_or_default();
    let path = url.match_indices('/').nth(2).map_or(url.len(), |(start, _)| start);
    let (Some(origin), Some(path), Some(nonces), Some(now)) = (
        url.get(..path),
        url.get(path..),
        nonces(input, "dpop_secret"),
        input.get("now_s").and_then(Value::as_i64).map(UnixTime::from_seconds),
    ) else {
        return Outcome::Rejected;
    };
    let method = text(input, "method").unwrap_or_default();
    let request =
        ProofRequest { proof, method, origin, path, access_token: text(input, "access_token"), now };
    match verify::check(&request, &nonces) {
        Ok(checked) => match jti(proof) {
            Some(jti) if verify::jti_key(&checked.jkt, &jti) == checked.jti_key => {
                json!({ "ok": { "jkt": checked.jkt, "jti": jti } }).into()
            }
            _ => Outcome::Rejected,
        },
        Err(error) => {
            let status = if error == verify::ProofError::Nonce { 400 } else { STATUS };
            let outcome = rejects(&error.into(), status);
            match error {
                verify::ProofError::Algorithm | verify::ProofError::Key | verify::ProofError::Malformed
                    if is_unadvertised(proof) =>
                {
                    outcome.by_rule("DP-2: proofs are signed with an advertised algorithm")
                }
                _ => outcome,
            }
        }
    }
}

fn part(proof: &str, index: usize) -> Option<Value> {
    let part = gatewright_protocol::jose::base64url_decode(proof.split('.').nth(index)?)?;
    serde_json::from_slice(&part).ok()
}

fn jti(proof: &str) -> Option<String> {
    Some(part(proof, 1)?.get("jti")?.as_str()?.to_owned())
}

/// Is it signed with a sound algorithm that is not one of ours?
fn is_unadvertised(proof: &str) -> bool {
    let header = part(proof, 0);
    header.as_ref().and_then(|header| text(header, "alg")).is_some_and(|alg| {
        ["EdDSA", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"].contains(&alg)
    })
}

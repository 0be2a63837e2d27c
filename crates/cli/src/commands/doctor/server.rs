//! A host and its authorization server: what they publish, their clock, and whether a proof gets through.

use std::time::{Duration, UNIX_EPOCH};

use gatewright_protocol::crypto::{Curve, PrivateKey, sha256};
use gatewright_protocol::dpop::proof::{self, Claims};
use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::oauth::resource_metadata::{self, ResourceMetadata};
use gatewright_protocol::oauth::server_metadata::{self, InvalidServerMetadata, ServerMetadata};
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::fetch::Answer;
use http::StatusCode;
use serde_json::Value;
use url::Url;

use super::network::{Network, document, header, open_to_pages};
use super::report::{Fault, Report};

/// How far clocks may be apart: below the least that servers allow.
const MOST_SKEW: Duration = Duration::from_secs(30);

/// The host at this origin, and who guards it.
pub(super) async fn examine(network: &Network, origin: &str, report: &mut Report) {
    let Some(url) = place(origin, resource_metadata::PATH) else { return };
    let seen = network.get(&url).await;
    let Some(answer) = report.note("host.reached", seen, |_| format!("{origin} answers")) else { return };
    let is_in_time = report.say("host.clock", clock(header(&answer, "date"), network.now()));
    let issuer = if answer.status == StatusCode::NOT_FOUND {
        // ID-19: such a host is its own authorization server.
        report
            .say("host.metadata", Ok(format!("{origin} publishes none: it is its own authorization server")));
        origin.to_owned()
    } else {
        let Some(issuer) = host(network, origin, &url, &answer, report).await else { return };
        issuer
    };
    let Some(metadata) = server(network, &issuer, origin, report).await else { return };
    // By a clock that is far from this one, no proof of this machine is good.
    if is_in_time {
        proofs(network, &metadata, report).await;
    }
}

/// A document of the origin.
fn place(origin: &str, path: &str) -> Option<Url> {
    Url::parse(origin).ok()?.join(path).ok()
}

/// Is the clock there near the clock here?
fn clock(date: Option<&str>, now: UnixTime) -> Result<String, Fault> {
    let there = date.and_then(|date| httpdate::parse_http_date(date).ok());
    let Some(there) = there.and_then(|there| there.duration_since(UNIX_EPOCH).ok()) else {
        return Ok("it does not say what time it is".to_owned());
    };
    let there = UnixTime::from_seconds(i64::try_from(there.as_secs()).unwrap_or(i64::MAX));
    let (apart, word) =
        if there > now { (there.since(now), "ahead of") } else { (now.since(there), "behind") };
    if apart <= MOST_SKEW {
        return Ok(format!("its clock is within {} s of this one", apart.as_secs().max(1)));
    }
    Err(Fault::new(
        format!("its clock is {} s {word} this machine's", apart.as_secs()),
        "let both machines keep time (NTP; `timedatectl status` tells): proofs and tokens of a wrong clock are refused",
    ))
}

/// What the host publishes; the issuer that it names.
async fn host(
    network: &Network,
    origin: &str,
    url: &Url,
    answer: &Answer,
    report: &mut Report,
) -> Option<String> {
    let metadata = document(url, answer).and_then(|_| {
        ResourceMetadata::parse(&answer.body, network.development())
            .map_err(|error| Fault::new(format!("{url}: {error}"), "publish metadata as RFC 9728 has it"))
    });
    let metadata = report.note("host.metadata", metadata, |_| "it says who guards it".to_owned())?;
    report.say("host.cors", open_to_pages(url, answer));
    report.say("host.resource", named("resource", &metadata.resource, origin));
    if let Some(described) = place(origin, "/xrpc/com.atproto.server.describeServer") {
        let answer = network.get(&described).await;
        report.say("host.describe", answer.and_then(|answer| describes(&described, &answer)));
    }
    let servers = metadata.authorization_servers.unwrap_or_default();
    let one = match servers.as_slice() {
        [only] => Ok(only.clone()),
        several => Err(Fault::new(
            format!("it names {} authorization servers", several.len()),
            "name exactly one in authorization_servers",
        )),
    };
    report.note("host.servers", one, |issuer| format!("{issuer} guards it"))
}

/// Does the host say who it is?
fn describes(url: &Url, answer: &Answer) -> Result<String, Fault> {
    let said = document(url, answer)?;
    match said.get("did").and_then(Value::as_str) {
        Some(did) if did.starts_with("did:") => Ok(format!("it is {did}")),
        _ => Err(Fault::new(
            format!("{url} names no DID"),
            "is it a host of the AT Protocol that answers there?",
        )),
    }
}

/// A name that has to be the origin at which the document is, to the letter.
fn named(member: &str, said: &str, origin: &str) -> Result<String, Fault> {
    if said == origin {
        return Ok(format!("{member} is {said}"));
    }
    let mend = if said.trim_end_matches('/') == origin {
        format!("write `{member}` without the slash at its end: `{origin}`")
    } else if said.strip_prefix("http://").is_some()
        && said.strip_prefix("http") == origin.strip_prefix("https")
    {
        "the server takes itself to be reached without TLS: set its public URL to https, or let the proxy say \
         `X-Forwarded-Proto: https`"
            .to_owned()
    } else {
        format!(
            "set the server's public URL to {origin}; if it takes its name from the request, let the proxy keep the Host header"
        )
    };
    Err(Fault::new(format!("{member} is `{said}`, but it is found at {origin}"), mend))
}

/// What the authorization server publishes.
async fn server(
    network: &Network,
    issuer: &str,
    origin: &str,
    report: &mut Report,
) -> Option<ServerMetadata> {
    let url = place(issuer, server_metadata::PATH)?;
    let answer = network.get(&url).await;
    let seen = answer.and_then(|answer| {
        document(&url, &answer)?;
        let metadata: ServerMetadata = serde_json::from_slice(&answer.body).map_err(|_| {
            Fault::new(format!("{url}: a member has the wrong form"), "publish metadata as RFC 8414 has it")
        })?;
        Ok((answer, metadata))
    });
    let (answer, metadata) =
        report.note("server.metadata", seen, |_| format!("{issuer} says what it can"))?;
    report.say("server.cors", open_to_pages(&url, &answer));
    let is_named = report.say("server.issuer", named("issuer", &metadata.issuer, issuer));
    let profile = profile(&metadata, &answer.body, origin, network);
    if !report.say("server.profile", profile) || !is_named {
        return None;
    }
    if let Some(keys) = metadata.jwks_uri.as_deref().and_then(|keys| Url::parse(keys).ok()) {
        let answer = network.get(&keys).await;
        report.say("server.keys", answer.and_then(|answer| has_keys(&keys, &answer)));
    }
    Some(metadata)
}

/// Is it a server of this protocol, and does it know the host?
fn profile(metadata: &ServerMetadata, body: &[u8], origin: &str, network: &Network) -> Result<String, Fault> {
    // Whether the issuer is right has a check of its own.
    match ServerMetadata::parse_profile(body, &metadata.issuer, network.development()) {
        Ok(_) | Err(InvalidServerMetadata::Issuer) => {}
        Err(error) => return Err(Fault::new(error.to_string(), mend_of(error))),
    }
    let known = metadata.protected_resources.as_ref();
    if known.is_some_and(|known| !known.iter().any(|known| known == origin)) && metadata.issuer != origin {
        return Err(Fault::new(
            format!("protected_resources does not list {origin}"),
            "list every host that the server guards there, or leave the member out",
        ));
    }
    Ok("it is a server of the AT Protocol".to_owned())
}

fn mend_of(error: InvalidServerMetadata) -> String {
    let text = match error {
        InvalidServerMetadata::Pushed => {
            "offer pushed_authorization_request_endpoint, and set require_pushed_authorization_requests to true"
        }
        InvalidServerMetadata::Endpoint => "write every endpoint as an https URL",
        InvalidServerMetadata::ClientIds => {
            "take client ids that are URLs of documents, and set client_id_metadata_document_supported to true"
        }
        InvalidServerMetadata::IssParameter => {
            "send `iss` with every answer (RFC 9207), and set authorization_response_iss_parameter_supported to true"
        }
        InvalidServerMetadata::Dpop => {
            "take DPoP proofs with ES256, and list it in dpop_signing_alg_values_supported"
        }
        _ => {
            "let the server do this and say so in its metadata: clients of the AT Protocol refuse it otherwise"
        }
    };
    text.to_owned()
}

fn has_keys(url: &Url, answer: &Answer) -> Result<String, Fault> {
    let keys = document(url, answer)?;
    match keys.get("keys").and_then(Value::as_array) {
        Some(keys) => Ok(format!("it publishes {} keys", keys.len())),
        None => Err(Fault::new(
            format!("{url} is no key set"),
            "publish `{\"keys\": […]}` there, or leave jwks_uri out",
        )),
    }
}

/// Pushes a request with a proof, as any client would; it is never taken up, and ends by itself.
async fn proofs(network: &Network, metadata: &ServerMetadata, report: &mut Report) {
    let endpoint = metadata.pushed_authorization_request_endpoint.as_deref();
    let Some(url) = endpoint.and_then(|endpoint| Url::parse(endpoint).ok()) else { return };
    let key = PrivateKey::generate(Curve::P256, &*network.random);
    let first = push(network, &key, &url, None).await;
    let nonce = first.and_then(|answer| Ok((nonce(&url, &answer)?, answer)));
    let Some((nonce, answer)) = report.note("proof.nonce", nonce, |_| "it gives nonces".to_owned()) else {
        return;
    };
    report.say("proof.cors", readable(&url, &answer));
    let second = push(network, &key, &url, Some(&nonce)).await;
    report.say("proof.accepted", second.and_then(|answer| accepted(&url, &answer)));
}

async fn push(network: &Network, key: &PrivateKey, url: &Url, nonce: Option<&str>) -> Result<Answer, Fault> {
    let random = &*network.random;
    let claims = Claims {
        method: "POST",
        url: url.as_str(),
        access_token: None,
        nonce,
        jti: random_bytes(random),
        now: network.now(),
    };
    let verifier: [u8; 32] = random_bytes(random);
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%2F&scope=atproto")
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", "http://127.0.0.1/")
        .append_pair("scope", "atproto")
        .append_pair("state", &base64url_encode(&random_bytes::<16>(random)))
        .append_pair("code_challenge", &base64url_encode(&sha256(base64url_encode(&verifier).as_bytes())))
        .append_pair("code_challenge_method", "S256")
        .finish();
    network.post(url, &proof::build(key, &claims), form).await
}

fn nonce(url: &Url, answer: &Answer) -> Result<String, Fault> {
    let given = header(answer, "dpop-nonce").filter(|nonce| !nonce.is_empty());
    given.map(str::to_owned).ok_or_else(|| {
        Fault::new(
            format!("{url} is answered with status {} and without `DPoP-Nonce`", answer.status.as_u16()),
            "let the proxy pass POST requests, and the header `DPoP-Nonce` of the answers, unchanged",
        )
    })
}

/// Can a page of another origin read the nonce?
fn readable(url: &Url, answer: &Answer) -> Result<String, Fault> {
    open_to_pages(url, answer)?;
    let exposed = header(answer, "access-control-expose-headers").unwrap_or_default();
    let is_exposed =
        exposed.split(',').map(str::trim).any(|name| name == "*" || name.eq_ignore_ascii_case("dpop-nonce"));
    if is_exposed {
        return Ok("pages of other origins may read its nonces".to_owned());
    }
    Err(Fault::new(
        format!("{url} does not name DPoP-Nonce in `access-control-expose-headers`"),
        "answer with `access-control-expose-headers: DPoP-Nonce, WWW-Authenticate`: applications in browsers need it",
    ))
}

/// Was the proof taken? What else the server thinks of the request does not matter here.
fn accepted(url: &Url, answer: &Answer) -> Result<String, Fault> {
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let word = |member: &str| said.get(member).and_then(Value::as_str).unwrap_or_default();
    match word("error") {
        "invalid_dpop_proof" => Err(Fault::new(
            format!("a proof for {url} is refused: {}", word("error_description")),
            "the server takes itself to be at another address, or at another time: let the proxy keep the Host header and the \
             path, set the server's public URL to what clients use, and compare its clock",
        )),
        "use_dpop_nonce" => Err(Fault::new(
            "the nonce that the server has just given is not good for it",
            "let all nodes of the server have the same secret, and let no proxy keep an answer to a POST",
        )),
        _ if answer.status.is_server_error() => Err(Fault::new(
            format!("{url} is answered with status {}", answer.status.as_u16()),
            "look at the log of the server and of the proxy in front of it",
        )),
        "" => Ok("a request with a proof is taken".to_owned()),
        other => Ok(format!("a proof is taken (the request is not: {other})")),
    }
}

//! One request with its proof, and the one retry when a server wants another nonce (CL-19, CL-20).

use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;
use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::dpop::proof::{self, Claims};
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::secret::AccessToken;
use gatewright_resolve::FetchError;
use gatewright_resolve::fetch::{Answer, Request};
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use parking_lot::Mutex;
use serde_json::Value;
use url::Url;

use crate::App;

/// The most of an answer that is read.
const MOST_BYTES: usize = 64 * 1024;
const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The key of one session, and the nonces that servers gave for it, by origin.
pub(crate) struct ProofKey {
    key: PrivateKey,
    nonces: Mutex<HashMap<String, String>>,
}

impl ProofKey {
    /// A new key: never shared with another session (CL-2).
    pub(crate) fn generate(app: &App) -> Self {
        Self { key: PrivateKey::generate(Curve::P256, &*app.0.random), nonces: Mutex::new(HashMap::new()) }
    }

    fn nonce(&self, origin: &str) -> Option<String> {
        self.nonces.lock().get(origin).cloned()
    }

    /// Every answer may bring a new nonce, a refusal too.
    fn remember(&self, origin: &str, answer: &Answer) -> bool {
        let Some(nonce) = answer.headers.get(&DPOP_NONCE).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        let mut nonces = self.nonces.lock();
        // Only the host and its authorization server are ever called.
        if nonces.len() >= 4 {
            nonces.clear();
        }
        nonces.insert(origin.to_owned(), nonce.to_owned()).as_deref() != Some(nonce)
    }
}

impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofKey(…)")
    }
}

/// A request to be made.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: Bytes,
    pub(crate) token: Option<&'a AccessToken>,
}

impl<'a> Call<'a> {
    /// A form for an authorization server.
    pub(crate) fn form(url: &'a Url, params: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        Self {
            method: Method::POST,
            url,
            content_type: Some("application/x-www-form-urlencoded"),
            body: body.into(),
            token: None,
        }
    }
}

/// Makes the request, and once more if the answer is that the nonce was not the right one.
pub(crate) async fn send(app: &App, key: &ProofKey, call: &Call<'_>) -> Result<Answer, FetchError> {
    let origin = call.url.origin().ascii_serialization();
    let answer = send_once(app, key, &origin, call).await?;
    let renewed = key.remember(&origin, &answer);
    if !(renewed && wants_nonce(&answer)) {
        return Ok(answer);
    }
    let answer = send_once(app, key, &origin, call).await?;
    key.remember(&origin, &answer);
    Ok(answer)
}

async fn send_once(app: &App, key: &ProofKey, origin: &str, call: &Call<'_>) -> Result<Answer, FetchError> {
    let nonce = key.nonce(origin);
    let claims = Claims {
        method: call.method.as_str(),
        url: call.url.as_str(),
        access_token: call.token.map(AccessToken::expose),
        nonce: nonce.as_deref(),
        jti: random_bytes(&*app.0.random),
        now: app.0.clock.now(),
    };
    let proof = proof::build(&key.key, &claims);
    let mut headers = HeaderMap::new();
    headers.insert(DPOP, secret(&proof)?);
    if let Some(token) = call.token {
        headers.insert(AUTHORIZATION, secret(&format!("DPoP {}", token.expose()))?);
    }
    if let Some(mime) = call.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(mime));
    }
    let request = Request {
        method: call.method.clone(),
        url: call.url,
        headers,
        body: call.body.clone(),
        most: MOST_BYTES,
    };
    app.0.resolver.fetcher().send(request, None).await
}

fn secret(text: &str) -> Result<HeaderValue, FetchError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| FetchError::Broken)?;
    value.set_sensitive(true);
    Ok(value)
}

/// 400 of an authorization server, 401 of a resource server (trap 6).
fn wants_nonce(answer: &Answer) -> bool {
    let challenges = answer.headers.get_all(WWW_AUTHENTICATE);
    matches!(answer.status.as_u16(), 400 | 401)
        && (challenges.iter().any(|value| value.to_str().is_ok_and(|text| text.contains("use_dpop_nonce")))
            || text(answer, "error").as_deref() == Some("use_dpop_nonce"))
}

/// A text of a JSON answer.
pub(crate) fn text(answer: &Answer, name: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    body.get(name)?.as_str().map(str::to_owned)
}

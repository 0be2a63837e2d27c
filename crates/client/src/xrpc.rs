//! Calling methods at the account's host (CL-19 … CL-24).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use gatewright_protocol::json;
use gatewright_resolve::FetchError;
use gatewright_resolve::fetch::{self, Answer};
use http::Method;
use http::header::AUTHORIZATION;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::call::{Body, Call};
use crate::dpop::{DPOP, Proven, challenge_parameter, challenged, secret_header};
use crate::endpoint::retry_after;
use crate::error::{CallError, printable};
use crate::record::Kind;
use crate::session::{Current, Session};

/// How often it is looked up whether an account that cannot be reached has moved.
const LOOK: Duration = Duration::from_secs(30);
/// A method that every host has and that changes nothing: what a nonce is asked for with.
const NONCE_METHOD: &str = "com.atproto.server.describeServer";

impl Session {
    /// Calls a query and reads its answer.
    ///
    /// # Errors
    /// See [`call`](Self::call); and the answer is not a `T`.
    pub async fn query<T: DeserializeOwned>(
        &self,
        nsid: &str,
        params: &[(&str, &str)],
    ) -> Result<T, CallError> {
        let call = params.iter().fold(Call::query(nsid), |call, (name, value)| call.param(*name, *value));
        read(&self.call(&call).await?)
    }

    /// Calls a procedure with a JSON body and reads its answer.
    ///
    /// # Errors
    /// See [`call`](Self::call); and the answer is not a `T`.
    pub async fn procedure<T: DeserializeOwned>(
        &self,
        nsid: &str,
        input: &impl Serialize,
    ) -> Result<T, CallError> {
        read(&self.call(&Call::procedure(nsid).json(input)).await?)
    }

    /// Uploads a file, and gives the blob to be named in a record.
    ///
    /// # Errors
    /// See [`call`](Self::call).
    pub async fn upload(&self, mime: &str, body: impl Into<Body>) -> Result<Value, CallError> {
        #[derive(Deserialize)]
        struct Uploaded {
            blob: Value,
        }
        let call = Call::procedure("com.atproto.repo.uploadBlob")
            .body(mime, body.into())
            .timeout(Duration::from_mins(5));
        read(&self.call(&call).await?).map(|uploaded: Uploaded| uploaded.blob)
    }

    /// Makes a call and gives the answer as it is, if it is a success.
    ///
    /// The tokens are renewed first if they are about to expire. A host that wants another nonce, or says that the token
    /// has expired, is asked once more, with a new proof and the body made anew.
    ///
    /// # Errors
    /// See [`CallError`]. Only its variants that [are the end](CallError::is_over) of the session are that.
    pub async fn call(&self, call: &Call) -> Result<Answer, CallError> {
        let nsid = call.nsid.as_ref().map_err(CallError::clone)?;
        if let Err(error) = &call.headers {
            return Err(error.clone());
        }
        self.check_limit(call, nsid.as_str())?;
        let mut current = self.0.ready().await?;
        if call.body.is_once()
            && current.proof.as_ref().is_some_and(|proof| proof.nonce(&current.origin).is_none())
        {
            self.send(&current, &Call::query(NONCE_METHOD), NONCE_METHOD).await?;
        }
        let mut renewed = false;
        loop {
            let mut answer = self.send(&current, call, nsid.as_str()).await?;
            if answer.asks_again && !call.body.is_once() {
                answer = self.send(&current, call, nsid.as_str()).await?;
            }
            if answer.answer.status.is_success() {
                return Ok(answer.answer);
            }
            if !is_token_over(&answer.answer, self.kind()) {
                return Err(refusal(&answer.answer));
            }
            if renewed {
                // A fresh token, and the account's own host does not take it: it trusts the server no more (CL-21).
                return Err(if is_the_hosts_word(&answer.answer, call, self.kind()) {
                    self.0.lost_trust(current.access).await
                } else {
                    refusal(&answer.answer)
                });
            }
            current = self.0.renew(current.access).await?;
            if call.body.is_once() {
                return Err(refusal(&answer.answer));
            }
            renewed = true;
        }
    }

    async fn send(&self, current: &Arc<Current>, call: &Call, nsid: &str) -> Result<Sent, CallError> {
        let sessions = &self.0.sessions;
        let mut url = current.host.clone();
        url.set_path(&format!("/xrpc/{nsid}"));
        if !call.params.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.params);
        }
        let mut headers = call.headers.clone()?;
        headers.insert(AUTHORIZATION, current.authorization.clone());
        let mut used = None;
        if let Some(proof) = &current.proof {
            let token = current.record.tokens().map(|tokens| tokens.access.expose());
            let proven = Proven {
                method: call.method.as_str(),
                url: url.as_str(),
                origin: &current.origin,
                access_token: token,
            };
            let (proof, nonce) = proof.proof(proven, sessions.random(), sessions.now());
            used = nonce;
            headers.insert(DPOP, secret_header(&proof).ok_or(CallError::Request("the proof is no header"))?);
        }
        let content =
            call.body.open().await?.ok_or(CallError::Request("the body was used up by an earlier call"))?;
        let request = fetch::Call {
            method: call.method.clone(),
            url: &url,
            headers,
            content,
            most: call.most,
            timeout: call.timeout,
        };
        let answer = match sessions.resolver().fetcher().call(request).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.unreachable(error).await),
        };
        let asks_again = current.proof.as_ref().is_some_and(|proof| {
            proof.remember(&current.origin, &answer);
            proof.should_try_again(&current.origin, used.as_deref(), &answer)
        });
        Ok(Sent { answer, asks_again })
    }

    /// Perhaps the account has moved (CL-24). That is looked up now and then, not for every call that fails.
    async fn unreachable(&self, error: FetchError) -> CallError {
        let gone = matches!(error, FetchError::Connect | FetchError::Lookup | FetchError::NotPublic);
        let now = self.0.sessions.now().millis();
        let looked = self.0.looked.load(Ordering::Relaxed);
        if !gone || looked.saturating_add(millis(LOOK)) > now {
            return CallError::Network(error);
        }
        self.0.looked.store(now, Ordering::Relaxed);
        match self.0.look_for_host().await {
            Err(moved @ CallError::HostMoved) => moved,
            _ => CallError::Network(error),
        }
    }
}

struct Sent {
    answer: Answer,
    /// The host only wants another nonce, and has given it.
    asks_again: bool,
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, CallError> {
    // A procedure without an answer: `()` and `Value` read as null.
    let body = if answer.body.is_empty() { &Bytes::from_static(b"null") } else { &answer.body };
    serde_json::from_slice(body).map_err(|_| CallError::Answer("it has not the form that was expected"))
}

#[derive(Default, Deserialize)]
struct XrpcError {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    missing: Option<String>,
}

impl XrpcError {
    fn of(answer: &Answer) -> Self {
        json::from_slice(&answer.body).unwrap_or_default()
    }
}

/// Does the answer say that the access token is good no more? Decided by the error's name; hosts do not agree on the
/// status (D1, RS-7).
fn is_token_over(answer: &Answer, kind: Kind) -> bool {
    let status = answer.status.as_u16();
    if !matches!(status, 400 | 401) {
        return false;
    }
    let name = XrpcError::of(answer).error;
    let name = name.as_deref();
    match kind {
        Kind::Oauth => {
            challenged(answer, "invalid_token")
                || matches!((status, name), (401, Some("invalid_token")) | (_, Some("ExpiredToken")))
        }
        Kind::AppPassword => {
            matches!((status, name), (_, Some("ExpiredToken")) | (401, Some("invalid_token")))
        }
    }
}

/// Is it surely the account's own host that speaks? A host passes on what other services answer, but not their
/// challenges.
fn is_the_hosts_word(answer: &Answer, call: &Call, kind: Kind) -> bool {
    match kind {
        Kind::Oauth => !call.is_proxied() && challenged(answer, "invalid_token"),
        // Whether the refresh token is good, the host was just asked.
        Kind::AppPassword => false,
    }
}

/// What a refusal means for whoever called.
fn refusal(answer: &Answer) -> CallError {
    let status = answer.status.as_u16();
    let said = XrpcError::of(answer);
    let name = said.error.as_deref().unwrap_or_default();
    let missing_scope = name == "ScopeMissingError" || challenged(answer, "insufficient_scope");
    match status {
        300..=399 => CallError::Server { status },
        401 if matches!(name, "AccountTakedown" | "AccountDeactivated" | "AccountSuspended") => {
            CallError::Account { error: printable(name) }
        }
        403 if missing_scope => {
            let scope = said.missing.or_else(|| challenge_parameter(answer, "scope"));
            let scope = scope.or_else(|| said.message.as_deref().and_then(quoted).map(str::to_owned));
            CallError::ScopeMissing { scope: scope.as_deref().map(printable) }
        }
        429 => CallError::RateLimited { retry_after: retry_after(answer) },
        500.. if status != 501 => CallError::Server { status },
        _ => CallError::Refused {
            status,
            error: if name.is_empty() { "Unknown".to_owned() } else { printable(name) },
            message: said.message.as_deref().map(printable).unwrap_or_default(),
        },
    }
}

/// What stands between the first two double quotes.
fn quoted(text: &str) -> Option<&str> {
    text.split('"').nth(1).filter(|scope| !scope.is_empty())
}

/// A request of the old kind: a token in a header, no proof.
pub(crate) async fn bearer(
    sessions: &crate::Sessions,
    method: Method,
    url: &Url,
    token: Option<&str>,
    body: Option<&Value>,
) -> Result<Answer, FetchError> {
    let mut headers = http::HeaderMap::new();
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, secret_header(&format!("Bearer {token}")).ok_or(FetchError::Broken)?);
    }
    if body.is_some() {
        headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    }
    let content = fetch::Content::Bytes(body.map(|body| Bytes::from(body.to_string())).unwrap_or_default());
    let timeout = Duration::from_secs(15);
    let call = fetch::Call { method, url, headers, content, most: 256 * 1024, timeout };
    sessions.resolver().fetcher().call(call).await
}

#[cfg(test)]
mod tests {
    use http::header::WWW_AUTHENTICATE;
    use http::{HeaderMap, StatusCode};
    use serde_json::json;

    use super::*;

    fn answer(status: u16, challenge: Option<&str>, body: &Value) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(challenge) = challenge {
            headers.insert(WWW_AUTHENTICATE, challenge.parse().unwrap());
        }
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.to_string().into() }
    }

    #[test]
    fn a_token_is_over_by_the_errors_name_whatever_the_status() {
        let expired = json!({"error": "ExpiredToken", "message": "Token has expired"});
        for status in [400, 401] {
            assert!(is_token_over(&answer(status, None, &expired), Kind::AppPassword), "{status}");
            assert!(is_token_over(&answer(status, None, &expired), Kind::Oauth), "{status}");
        }
        let challenge = r#"DPoP algs="ES256", error="invalid_token""#;
        assert!(is_token_over(&answer(401, Some(challenge), &Value::Null), Kind::Oauth));
        assert!(is_token_over(&answer(401, None, &json!({"error": "invalid_token"})), Kind::Oauth));
        for (status, name) in
            [(400, "InvalidToken"), (401, "AuthMissing"), (403, "ExpiredToken"), (400, "invalid_token")]
        {
            assert!(
                !is_token_over(&answer(status, None, &json!({"error": name})), Kind::Oauth),
                "{status} {name}"
            );
        }
    }

    #[test]
    fn a_missing_scope_is_named_however_the_host_says_it() {
        let named = |given: &Answer| match refusal(given) {
            CallError::ScopeMissing { scope } => scope,
            other => panic!("{other}"),
        };
        let scope = Some("repo:a.b.c?action=create".to_owned());
        let ours = json!({"error": "ScopeMissingError", "missing": "repo:a.b.c?action=create"});
        assert_eq!(named(&answer(403, None, &ours)), scope);
        let others = json!({"error": "ScopeMissingError", "message": "Missing required scope \"repo:a.b.c?action=create\""});
        assert_eq!(named(&answer(403, None, &others)), scope);
        let challenge = r#"DPoP error="insufficient_scope", scope="repo:a.b.c?action=create""#;
        assert_eq!(named(&answer(403, Some(challenge), &Value::Null)), scope);
        assert_eq!(named(&answer(403, None, &json!({"error": "ScopeMissingError"}))), None);
        assert!(matches!(
            refusal(&answer(403, None, &json!({"error": "Forbidden"}))),
            CallError::Refused { .. }
        ));
    }

    #[test]
    fn refusals_have_kinds() {
        let kind = |status, name: &str| refusal(&answer(status, None, &json!({"error": name})));
        assert!(matches!(kind(302, ""), CallError::Server { status: 302 }));
        assert!(matches!(kind(502, "UpstreamFailure"), CallError::Server { status: 502 }));
        assert!(matches!(kind(501, "MethodNotImplemented"), CallError::Refused { status: 501, .. }));
        assert!(matches!(kind(429, "RateLimitExceeded"), CallError::RateLimited { .. }));
        assert!(matches!(kind(401, "AccountTakedown"), CallError::Account { .. }));
        let CallError::Refused { error, message, .. } =
            refusal(&answer(400, None, &json!({"error": "x\ny", "message": "z".repeat(1000)})))
        else {
            panic!()
        };
        assert_eq!((error.as_str(), message.len()), ("xy", 300));
    }

    #[test]
    fn only_the_accounts_own_host_can_end_a_session() {
        let spoken = answer(401, Some(r#"DPoP error="invalid_token""#), &Value::Null);
        let passed_on = answer(401, None, &json!({"error": "invalid_token"}));
        let (own, proxied) = (Call::query("a.b.c"), Call::query("a.b.c").proxied_to("did:web:a.net#x"));
        assert!(is_the_hosts_word(&spoken, &own, Kind::Oauth));
        assert!(!is_the_hosts_word(&spoken, &proxied, Kind::Oauth));
        assert!(!is_the_hosts_word(&passed_on, &own, Kind::Oauth));
    }
}

//! Asking an authorization server: a form with a proof and, where the client is confidential, an assertion; and the
//! one retry when the server wants another nonce (CL-6, CL-14, CL-20).

use std::time::Duration;

use bytes::Bytes;
use gatewright_protocol::json;
use gatewright_protocol::oauth::assertion::ASSERTION_TYPE;
use gatewright_protocol::oauth::error::{ErrorCode, ErrorResponse};
use gatewright_resolve::FetchError;
use gatewright_resolve::fetch::{Answer, Call, Content};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use crate::Sessions;
use crate::client_key::ClientKey;
use crate::dpop::{DPOP, ProofKey, Proven, secret_header};

/// The most of an answer that is read.
const MOST_BYTES: usize = 64 * 1024;
/// The most time that one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker<'a> {
    pub(crate) sessions: &'a Sessions,
    pub(crate) proof: &'a ProofKey,
    pub(crate) client_id: &'a str,
    /// What the client proves itself with; nothing for a public one.
    pub(crate) client_key: Option<&'a ClientKey>,
    /// Whom an assertion is made for.
    pub(crate) issuer: &'a str,
}

impl Asker<'_> {
    /// Posts a form. Whatever must be new is made anew for the second try: the proof and the assertion.
    pub(crate) async fn post(&self, url: &str, params: &[(&str, &str)]) -> Result<Answer, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Url("the endpoint is no URL"))?;
        let origin = url.origin().ascii_serialization();
        let (answer, used) = self.post_once(&url, &origin, params).await?;
        if !self.proof.should_try_again(&origin, used.as_deref(), &answer) {
            return Ok(answer);
        }
        self.post_once(&url, &origin, params).await.map(|(answer, _)| answer)
    }

    /// Gives the answer, and the nonce that was used.
    async fn post_once(
        &self,
        url: &Url,
        origin: &str,
        params: &[(&str, &str)],
    ) -> Result<(Answer, Option<String>), FetchError> {
        let (random, now) = (self.sessions.random(), self.sessions.now());
        let proven = Proven { method: "POST", url: url.as_str(), origin, access_token: None };
        let (proof, used) = self.proof.proof(proven, random, now);
        let mut headers = HeaderMap::new();
        headers.insert(DPOP, secret_header(&proof).ok_or(FetchError::Broken)?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let content = Content::Bytes(Bytes::from(self.form(params)));
        let call = Call { method: Method::POST, url, headers, content, most: MOST_BYTES, timeout: TIMEOUT };
        let answer = self.sessions.resolver().fetcher().call(call).await?;
        self.proof.remember(origin, &answer);
        Ok((answer, used))
    }
}

impl Asker<'_> {
    /// The form, with a fresh assertion if the client is confidential.
    fn form(&self, params: &[(&str, &str)]) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", self.client_id).extend_pairs(params);
        if let Some(key) = self.client_key {
            let (random, now) = (self.sessions.random(), self.sessions.now());
            form.append_pair("client_assertion_type", ASSERTION_TYPE);
            form.append_pair("client_assertion", &key.assertion(self.client_id, self.issuer, random, now));
        }
        form.finish()
    }
}

/// May a request have reached the server although there is no answer? Then it may have had its effect.
pub(crate) const fn may_have_arrived(error: FetchError) -> bool {
    matches!(error, FetchError::Broken | FetchError::TimedOut | FetchError::TooLarge)
}

/// The code of a refusal, if the profile knows it. What else a server wrote is not repeated.
pub(crate) fn refusal(answer: &Answer) -> Option<ErrorCode> {
    json::from_slice::<ErrorResponse>(&answer.body).ok()?.code()
}

/// How long a server wants to be left alone, in seconds; a date counts as nothing said.
pub(crate) fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

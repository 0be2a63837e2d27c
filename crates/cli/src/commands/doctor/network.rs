//! Looking at others, through the guarded fetcher.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use gatewright_protocol::random::Random;
use gatewright_protocol::syntax::Development;
use gatewright_protocol::time::{Clock, UnixTime};
use gatewright_resolve::fetch::{Answer, Request};
use gatewright_resolve::{FetchError, Resolver};
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use url::Url;

use super::report::Fault;

/// The most that is read of an answer.
const MOST_BYTES: usize = 512 * 1024;
/// Where a browser application would be. Whom it names does not matter, and nobody can be there.
pub(super) const ELSEWHERE: &str = "https://application.invalid";

/// The way to others, with a clock and randomness.
pub(super) struct Network {
    pub(super) resolver: Resolver,
    clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

impl Network {
    pub(super) fn new(resolver: Resolver, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { resolver, clock, random }
    }

    pub(super) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    pub(super) fn development(&self) -> Development {
        self.resolver.development()
    }

    /// What is at a URL, as a page of another origin would ask for it; whatever the status.
    ///
    /// # Errors
    /// There is no answer.
    pub(super) async fn get(&self, url: &Url) -> Result<Answer, Fault> {
        let headers = [(ACCEPT, "application/json"), (ORIGIN, ELSEWHERE)];
        let request =
            Request { method: Method::GET, url, headers: of(headers), body: Bytes::new(), most: MOST_BYTES };
        self.resolver.fetcher().send(request, None).await.map_err(|error| unreached(url, error))
    }

    /// What is answered to a form with a proof.
    ///
    /// # Errors
    /// There is no answer.
    pub(super) async fn post(&self, url: &Url, proof: &str, form: String) -> Result<Answer, Fault> {
        let mut headers = of([(CONTENT_TYPE, "application/x-www-form-urlencoded"), (ORIGIN, ELSEWHERE)]);
        if let Ok(proof) = HeaderValue::from_str(proof) {
            headers.insert(HeaderName::from_static("dpop"), proof);
        }
        let request = Request { method: Method::POST, url, headers, body: form.into(), most: MOST_BYTES };
        self.resolver.fetcher().send(request, None).await.map_err(|error| unreached(url, error))
    }
}

fn of<const N: usize>(headers: [(HeaderName, &'static str); N]) -> HeaderMap {
    headers.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect()
}

/// A header's value, if it is text.
pub(super) fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name)?.to_str().ok()
}

/// Why somebody cannot be asked, in words that help.
pub(super) fn unreached(url: &Url, error: FetchError) -> Fault {
    let host = url.host_str().unwrap_or_default();
    let mend = match error {
        FetchError::Lookup => format!("give `{host}` an A or AAAA record in DNS"),
        FetchError::NotPublic => {
            format!("`{host}` has an address of a private network in DNS: give it its public address")
        }
        FetchError::Connect => format!(
            "let something listen at {host} on port {}, with a certificate that is good for `{host}`, and let the firewall \
             pass it",
            url.port_or_known_default().unwrap_or(443)
        ),
        FetchError::TimedOut | FetchError::Broken | FetchError::Unreachable => {
            "look at the log of the server and of the proxy in front of it: the question came to no answer"
                .to_owned()
        }
        FetchError::NoRootCertificates => "install the package `ca-certificates` on this machine".to_owned(),
        FetchError::Url(_) => "use an https URL with a host name and no port".to_owned(),
        _ => format!("open {url} and see what answers there"),
    };
    Fault::new(format!("{url}: {error}"), mend)
}

/// The JSON document of an answer that has to be one.
///
/// # Errors
/// Another status, another content type, or no JSON.
pub(super) fn document(url: &Url, answer: &Answer) -> Result<Value, Fault> {
    if answer.status.is_redirection() {
        let to = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
        return Err(Fault::new(
            format!("{url} is a redirect to {to}"),
            "answer there with the document itself: nobody follows a redirect",
        ));
    }
    if answer.status != StatusCode::OK {
        return Err(Fault::new(
            format!("{url} is answered with status {}", answer.status.as_u16()),
            "let the proxy pass this path to the server, unchanged",
        ));
    }
    let kind = header(answer, "content-type").unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Fault::new(
            format!("{url} has the content type `{kind}`"),
            "answer with `content-type: application/json`: does the proxy, or a page of its own, answer in place of the server?",
        ));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|_| Fault::new(format!("{url} is no JSON"), "publish a JSON object there"))
}

/// May a page of another origin read this answer?
///
/// # Errors
/// It may not.
pub(super) fn open_to_pages(url: &Url, answer: &Answer) -> Result<String, Fault> {
    match header(answer, "access-control-allow-origin") {
        Some("*" | ELSEWHERE) => Ok("pages of other origins may read it".to_owned()),
        _ => Err(Fault::new(
            format!("{url} has no `access-control-allow-origin` that lets a page of another origin read it"),
            "answer with `access-control-allow-origin: *`: let the proxy neither remove nor replace it",
        )),
    }
}

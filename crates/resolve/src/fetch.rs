//! Asking a host that a stranger named, with every limit of ID-24.
//!
//! There is one HTTP client here and one way to it. What it guards: the URL ([`UrlRules`]),
//! the addresses behind its name (checked where they are dialled, so a second answer of the name servers changes
//! nothing), the number of requests under way, the time, the size while streaming and after decompression, the
//! content type. An error never holds a byte of what was answered.
//!
//! Documents are [got](Fetcher::get), other requests of our own are [sent](Fetcher::send), calls of accounts to services
//! are [forwarded](Fetcher::forward).

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use gatewright_protocol::syntax::Development;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

use crate::dns::Dns;
use crate::error::FetchError;
use crate::limits::{Limits, Peer};
#[cfg(any(test, feature = "testing"))]
use crate::testing::Scripted;
use crate::url_rules::{self, UrlRules};

mod call;
mod dial;
mod forward;

pub use call::{Call, Content};
use dial::{CheckedDns, of_reqwest};
pub use forward::{Forward, ForwardLimits, Forwarded, Interrupted, Pieces};

/// The whole time that one document may take, from the first lookup to the last byte.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of one document.
pub const MOST_BYTES: usize = 512 * 1024;

/// The one way to hosts that strangers name. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fetcher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dns: Arc<dyn Dns>,
    development: Development,
    timeout: Duration,
    limits: Limits,
    /// The places of calls that are passed on.
    calls: Limits,
    /// For `https`; opened at first use, because reading the machine's root certificates takes time and memory.
    secure: Clients,
    /// For `http` on a developer's own machine.
    plain: Clients,
    #[cfg(any(test, feature = "testing"))]
    scripted: Option<Arc<Scripted>>,
}

/// Clients that differ in nothing but what they do with compressed answers and idle connections.
#[derive(Debug, Default)]
struct Clients {
    decoding: OnceLock<Option<reqwest::Client>>,
    as_sent: OnceLock<Option<reqwest::Client>>,
    keeping: OnceLock<Option<reqwest::Client>>,
}

/// What is done with a compressed answer, and with a connection that has nothing to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// It is passed on as it is.
    AsSent,
    /// It is decompressed, and counted after that.
    Decoded,
    /// The same, over connections that are kept for the next call.
    Kept,
}

/// One document to get.
#[derive(Clone, Debug)]
pub struct Get<'a> {
    /// Where it is.
    pub url: &'a Url,
    /// Content types that are taken, without parameters, the first of them asked for. Empty: any.
    pub types: &'static [&'static str],
    /// The most bytes that are read.
    pub most: usize,
    /// The most time that it may take.
    pub timeout: Duration,
    /// How many redirects are followed, each checked like the first URL.
    pub redirects: u8,
    /// Whether any 2xx will do, instead of exactly 200.
    pub any_success: bool,
    /// What the URL may look like.
    pub rules: UrlRules,
    /// On whose behalf.
    pub peer: Option<Peer>,
}

impl<'a> Get<'a> {
    /// A JSON document under the strictest rules: status exactly 200, `application/json`, no redirect.
    pub fn json(url: &'a Url) -> Self {
        Self {
            url,
            types: &["application/json"],
            most: MOST_BYTES,
            timeout: TIMEOUT,
            redirects: 0,
            any_success: false,
            rules: UrlRules::STRICT,
            peer: None,
        }
    }
}

/// A document that was got.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its bytes, decompressed.
    pub bytes: Bytes,
    /// How long its publisher lets it be kept, if that was said.
    pub max_age: Option<Duration>,
}

/// A request other than getting a document: a client's calls to the servers of an account.
#[derive(Debug)]
pub struct Request<'a> {
    /// `GET`, `POST`, …
    pub method: Method,
    /// Where to.
    pub url: &'a Url,
    /// Headers beside what HTTP needs.
    pub headers: HeaderMap,
    /// The body, possibly empty.
    pub body: Bytes,
    /// The most bytes of an answer that are read.
    pub most: usize,
}

/// What a host answered, whatever the status.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
}

/// The size only: bodies and headers may hold tokens.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

impl Fetcher {
    /// A fetcher that looks names up in `dns`. In development, `http` to this machine is let through, nothing else.
    pub fn new(dns: Arc<dyn Dns>, development: Development, timeout: Duration) -> Self {
        Self(Arc::new(Inner {
            dns,
            development,
            timeout,
            limits: Limits::of_documents(),
            calls: Limits::of_calls(),
            secure: Clients::default(),
            plain: Clients::default(),
            #[cfg(any(test, feature = "testing"))]
            scripted: None,
        }))
    }

    /// A fetcher for tests: names, addresses and sockets are those of `scripted`, every check stays.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn scripted(scripted: Arc<Scripted>, development: Development, timeout: Duration) -> Self {
        Self(Arc::new(Inner {
            dns: Arc::clone(&scripted) as Arc<dyn Dns>,
            development,
            timeout,
            limits: Limits::of_documents(),
            calls: Limits::of_calls(),
            secure: Clients::default(),
            plain: Clients::default(),
            scripted: Some(scripted),
        }))
    }

    /// Gets one document.
    pub async fn get(&self, get: Get<'_>) -> Result<Document, FetchError> {
        let limit = get.timeout.min(self.0.timeout);
        tokio::time::timeout(limit, self.follow(&get)).await.unwrap_or(Err(FetchError::TimedOut))
    }

    /// Sends one request and reads the answer, whatever its status. Redirects are not followed.
    pub async fn send(&self, request: Request<'_>, peer: Option<Peer>) -> Result<Answer, FetchError> {
        let sent = async {
            let outgoing = Outgoing { rules: UrlRules::STRICT, most: request.most, peer, url: request.url };
            let opened = self.open(&outgoing, request.method, request.headers, request.body).await?;
            let (status, headers) = (opened.response.status(), opened.response.headers().clone());
            let body = opened.read(request.most).await?;
            Ok(Answer { status, headers, body })
        };
        tokio::time::timeout(self.0.timeout, sent).await.unwrap_or(Err(FetchError::TimedOut))
    }

    async fn follow(&self, get: &Get<'_>) -> Result<Document, FetchError> {
        let mut headers = HeaderMap::new();
        let accept =
            get.types.first().map_or(HeaderValue::from_static("*/*"), |mime| HeaderValue::from_static(mime));
        headers.insert(ACCEPT, accept);
        let mut url = get.url.clone();
        let mut left = get.redirects;
        loop {
            let outgoing = Outgoing { rules: get.rules, most: get.most, peer: get.peer, url: &url };
            let opened = self.open(&outgoing, Method::GET, headers.clone(), Bytes::new()).await?;
            let status = opened.response.status();
            if status.is_redirection() {
                left = left.checked_sub(1).ok_or(FetchError::Redirected)?;
                url = target(&url, opened.response.headers())?;
                continue;
            }
            if !(status == StatusCode::OK || (get.any_success && status.is_success())) {
                return Err(FetchError::Status(status.as_u16()));
            }
            check_type(get.types, opened.response.headers())?;
            let max_age = max_age(opened.response.headers());
            return Ok(Document { bytes: opened.read(get.most).await?, max_age });
        }
    }

    /// Checks, waits for a place, dials, and reads the head of the answer.
    async fn open(
        &self,
        outgoing: &Outgoing<'_>,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Opened, FetchError> {
        let host = url_rules::check(outgoing.url, outgoing.rules, self.0.development)?;
        let permit =
            self.0.limits.enter(&host, outgoing.rules.own, outgoing.peer).await.ok_or(FetchError::Busy)?;
        let (client, url) = self.client(outgoing.url, Coding::Decoded)?;
        let mut request = client.request(method, url).headers(headers);
        if !body.is_empty() {
            request = request.body(body);
        }
        let response = request.send().await.map_err(|error| of_reqwest(&error))?;
        if response.content_length().is_some_and(|length| length > outgoing.most as u64) {
            return Err(FetchError::TooLarge);
        }
        Ok(Opened { response, _permit: permit })
    }

    fn client(&self, url: &Url, coding: Coding) -> Result<(reqwest::Client, Url), FetchError> {
        #[cfg(any(test, feature = "testing"))]
        if self.0.scripted.is_some() {
            return Ok((self.open_client(Roots::None, coding)?, Scripted::without_tls(url)));
        }
        let roots = if url.scheme() == "https" { Roots::OfTheMachine } else { Roots::None };
        Ok((self.open_client(roots, coding)?, url.clone()))
    }

    fn open_client(&self, roots: Roots, coding: Coding) -> Result<reqwest::Client, FetchError> {
        let clients = match roots {
            Roots::None => &self.0.plain,
            Roots::OfTheMachine => &self.0.secure,
        };
        let place = match coding {
            Coding::AsSent => &clients.as_sent,
            Coding::Decoded => &clients.decoding,
            Coding::Kept => &clients.keeping,
        };
        place.get_or_init(|| self.build(roots, coding)).clone().ok_or(FetchError::NoRootCertificates)
    }

    /// The only constructor of an HTTP client in the workspace.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the guarded client that everything else goes through"
    )]
    fn build(&self, roots: Roots, coding: Coding) -> Option<reqwest::Client> {
        let (idle_connections, idle_time) = match coding {
            Coding::AsSent | Coding::Decoded => (2, Duration::from_secs(15)),
            Coding::Kept => (64, Duration::from_mins(1)),
        };
        let checked = CheckedDns {
            dns: Arc::clone(&self.0.dns),
            development: self.0.development,
            #[cfg(any(test, feature = "testing"))]
            scripted: self.0.scripted.clone(),
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("gatewright/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .gzip(coding != Coding::AsSent)
            .pool_max_idle_per_host(idle_connections)
            .pool_idle_timeout(idle_time)
            .connect_timeout(Duration::from_secs(5))
            .dns_resolver(Arc::new(checked));
        if roots == Roots::None {
            builder = builder.tls_certs_only([]);
        }
        builder.build().inspect_err(|error| tracing::warn!(%error, "no HTTP client could be made")).ok()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Roots {
    None,
    OfTheMachine,
}

struct Outgoing<'a> {
    url: &'a Url,
    rules: UrlRules,
    most: usize,
    peer: Option<Peer>,
}

/// An answer whose body has yet to be read. Holds its place until then.
struct Opened {
    response: reqwest::Response,
    _permit: crate::limits::Permit,
}

impl Opened {
    async fn read(mut self, most: usize) -> Result<Bytes, FetchError> {
        let mut read = BytesMut::new();
        while let Some(chunk) = self.response.chunk().await.map_err(|error| of_reqwest(&error))? {
            if read.len().saturating_add(chunk.len()) > most {
                return Err(FetchError::TooLarge);
            }
            read.extend_from_slice(&chunk);
        }
        Ok(read.freeze())
    }
}

/// Where a redirect leads. The next round checks it like any other URL.
fn target(from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
    let location =
        headers.get(LOCATION).and_then(|value| value.to_str().ok()).ok_or(FetchError::Redirected)?;
    let mut url = from.join(location).map_err(|_| FetchError::Redirected)?;
    url.set_fragment(None);
    // A redirect in development must not lead from the network to this machine.
    if url.scheme() == from.scheme() { Ok(url) } else { Err(FetchError::Redirected) }
}

fn check_type(types: &[&str], headers: &HeaderMap) -> Result<(), FetchError> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mime = given.split(';').next().unwrap_or_default().trim();
    if types.is_empty() || types.iter().any(|wanted| mime.eq_ignore_ascii_case(wanted)) {
        Ok(())
    } else {
        Err(FetchError::ContentType)
    }
}

/// `max-age`, or nothing at all where the publisher forbids keeping.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let mut found = None;
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().unwrap_or_default().split(',') {
            let directive = directive.trim().to_ascii_lowercase();
            let age = match directive.strip_prefix("max-age=") {
                Some(seconds) => seconds.trim_matches('"').parse().ok().map(Duration::from_secs),
                None if directive == "no-store" || directive == "no-cache" => Some(Duration::ZERO),
                None => None,
            };
            found = match (found, age) {
                (Some(a), Some(b)) => Some(std::cmp::min(a, b)),
                (a, b) => a.or(b),
            };
        }
    }
    found
}

#[cfg(test)]
mod tests;

//! A browser without JavaScript, over raw HTTP: it keeps cookies, fills forms, presses buttons.
//!
//! It does what a browser does and no more, so that a flow that works here works without scripts: a form sends its
//! hidden fields and ticked boxes and the one button that was pressed, with the `Origin`, `Referer` and `Sec-Fetch-*`
//! headers of a navigation; a 303 is followed while it stays on the same origin, and told to the test when it leaves.
//!
//! ```no_run
//! # async fn f(authorize: &str) -> anyhow::Result<()> {
//! use gatewright_testkit::form::Browser;
//! let mut browser = Browser::new();
//! let page = browser.open(authorize).await?.page()?;
//! let form = page.form_with("password")?.fill("identifier", "alice.test")?.fill("password", "secret")?;
//! let page = browser.send(&form).await?.page()?;
//! let callback = browser.send(&page.form_with("decision")?.press("decision", "approve")?).await?.left()?;
//! assert!(callback.query().unwrap_or_default().contains("code="));
//! # Ok(()) }
//! ```

pub mod html;
pub mod page;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, bail, ensure};
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, COOKIE, HeaderMap, LOCATION, ORIGIN, REFERER, SET_COOKIE, USER_AGENT,
};
use http::{HeaderName, HeaderValue, StatusCode};
use url::Url;

use self::page::{Form, Method, Page};

/// A browser without JavaScript.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<(String, String), Cookie>,
    /// Sent with every request, in place of what a browser would send under the same name.
    pub overrides: HeaderMap,
    /// Whether it ticks the box that keeps a person signed in.
    pub remember: bool,
    /// Where everything is sent, whatever its address says, in plain HTTP: a proxy in front of the server.
    pub via: Option<SocketAddr>,
}

#[derive(Clone, Debug)]
struct Cookie {
    value: String,
    secure: bool,
}

/// Where a browser came to.
#[derive(Debug)]
pub enum Arrival {
    /// A redirect to another origin, or to an app. It was not followed.
    Left(Url),
    /// A page.
    Page(Page),
    /// A form that goes to another origin, as `response_mode=form_post` has it. It was not sent.
    Posted {
        /// Where it goes.
        to: Url,
        /// Its fields.
        fields: Vec<(String, String)>,
    },
}

impl Arrival {
    /// The page, with whatever status.
    ///
    /// # Errors
    /// It left.
    pub fn page(self) -> anyhow::Result<Page> {
        match self {
            Self::Page(page) => Ok(page),
            Self::Left(url) | Self::Posted { to: url, .. } => {
                bail!("left for {url} where a page was expected")
            }
        }
    }

    /// Where the browser was sent.
    ///
    /// # Errors
    /// It stayed.
    pub fn left(self) -> anyhow::Result<Url> {
        match self {
            Self::Left(url) => Ok(url),
            Self::Page(page) => bail!("still at {} ({}): {}", page.url, page.status, page.text()),
            Self::Posted { to, .. } => bail!("a form for {to} where a redirect was expected"),
        }
    }

    /// The fields of the form that would be sent away.
    ///
    /// # Errors
    /// There is none.
    pub fn posted(self) -> anyhow::Result<(Url, Vec<(String, String)>)> {
        match self {
            Self::Posted { to, fields } => Ok((to, fields)),
            Self::Left(url) => bail!("a redirect to {url} where a form was expected"),
            Self::Page(page) => bail!("still at {} ({}): {}", page.url, page.status, page.text()),
        }
    }
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Browser {
    /// A browser that has been nowhere.
    pub fn new() -> Self {
        Self::from_address(None)
    }

    /// One that calls from this address of the machine.
    #[expect(clippy::disallowed_methods, reason = "a test visits its own network on loopback")]
    pub fn from_address(own: Option<IpAddr>) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .local_address(own)
            .build()
            .expect("the HTTP client needs nothing of the machine");
        Self { http, cookies: BTreeMap::new(), overrides: HeaderMap::new(), remember: false, via: None }
    }

    /// Opens an address, as if it was typed in or opened by another program.
    ///
    /// # Errors
    /// There is no answer, or one that no browser follows.
    pub async fn open(&mut self, url: &str) -> anyhow::Result<Arrival> {
        self.go(Request { url: url.parse()?, from: None, body: None, site: "none" }).await
    }

    /// Follows a link from a page, be it of this site or another.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_from(&mut self, url: &str, from: &Url) -> anyhow::Result<Arrival> {
        let url: Url = url.parse()?;
        let site = site(from, &url);
        self.go(Request { url, from: Some(from.clone()), body: None, site }).await
    }

    /// Sends a form: with the button that was pressed, or else with its first one, as the Enter key does.
    ///
    /// # Errors
    /// As [`open`](Self::open); a required field is empty; the form is not one that browsers send.
    pub async fn send(&mut self, form: &Form) -> anyhow::Result<Arrival> {
        let fields = form.fields_to_send()?;
        let mut url = form.action.clone();
        if url.origin() != form.page.origin() {
            return Ok(Arrival::Posted { to: url, fields });
        }
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let from = Some(form.page.clone());
        let body = match form.method {
            Method::Get => {
                url.set_query(Some(&text));
                None
            }
            Method::Post => Some(text),
        };
        self.go(Request { url, from, body, site: "same-origin" }).await
    }

    /// Signs in on the page at `url`, and returns what comes next.
    ///
    /// # Errors
    /// There is no such form.
    pub async fn sign_in(&mut self, url: &str, identifier: &str, password: &str) -> anyhow::Result<Arrival> {
        let page = self.open(url).await?.page()?;
        let form = page.form_with("password")?.fill("identifier", identifier)?.fill("password", password)?;
        self.send(&form).await
    }

    /// Opens `url`, signs in (with the password or, where the account is remembered, by choosing it), decides
    /// `approve` or `deny` if that is asked, and returns where the browser was sent.
    ///
    /// # Errors
    /// A page is none of these, or the sign-in failed.
    pub async fn sign_in_and(
        &mut self,
        url: &str,
        identifier: &str,
        password: &str,
        decision: &str,
    ) -> anyhow::Result<Url> {
        let mut arrival = self.open(url).await?;
        for _ in 0..4 {
            let page = match arrival {
                Arrival::Page(page) if page.status == StatusCode::OK => page,
                other => return other.left(),
            };
            let form = if let Ok(consent) = page.form_with("decision") {
                consent.press("decision", decision)?
            } else if let Ok(sign_in) = page.form_with("password") {
                let filled = sign_in.fill("identifier", identifier)?.fill("password", password)?;
                if self.remember { filled.tick("remember", "on", true)? } else { filled }
            } else {
                page.form_saying(identifier)?
            };
            arrival = self.send(&form).await?;
        }
        arrival.left()
    }

    /// The value of a cookie of this host.
    pub fn cookie(&self, host: &str, name: &str) -> Option<&str> {
        self.cookies.get(&(host.to_owned(), name.to_owned())).map(|cookie| cookie.value.as_str())
    }

    /// Changes a cookie of this host, or adds one.
    pub fn set_cookie(&mut self, host: &str, name: &str, value: &str) {
        let cookie = Cookie { value: value.to_owned(), secure: false };
        self.cookies.insert((host.to_owned(), name.to_owned()), cookie);
    }

    /// Forgets all cookies.
    pub fn forget(&mut self) {
        self.cookies.clear();
    }

    async fn go(&mut self, mut request: Request) -> anyhow::Result<Arrival> {
        for _ in 0..10 {
            let answer = self.ask(&request).await?;
            self.keep_cookies(&request.url, answer.headers())?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            if !status.is_redirection() {
                let html = answer.text().await?;
                return Ok(Arrival::Page(Page::new(request.url, status, headers, &html)));
            }
            ensure!(status == StatusCode::SEE_OTHER, "a redirect by {status}: only 303 is safe after a form");
            let location = headers.get(LOCATION).context("a redirect without Location")?.to_str()?;
            let next = request.url.join(location)?;
            if next.origin() != request.url.origin() {
                return Ok(Arrival::Left(next));
            }
            request = Request { url: next, body: None, ..request };
        }
        bail!("ten redirects, and no end")
    }

    async fn ask(&self, request: &Request) -> anyhow::Result<reqwest::Response> {
        let mut headers = navigation_headers(request)?;
        let cookies = self.cookies_for(&request.url);
        if !cookies.is_empty() {
            headers.insert(COOKIE, cookies.parse()?);
        }
        for (name, value) in &self.overrides {
            headers.insert(name, value.clone());
        }
        let url = match self.via {
            None => request.url.to_string(),
            Some(proxy) => format!("http://{proxy}{}", &request.url[url::Position::BeforePath..]),
        };
        let asked = match &request.body {
            None => self.http.get(url),
            Some(body) => self
                .http
                .post(url)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.clone()),
        };
        Ok(asked.headers(headers).send().await?)
    }

    fn cookies_for(&self, url: &Url) -> String {
        let host = url.host_str().unwrap_or_default();
        let of_host = self.cookies.iter().filter(|((of, _), _)| of == host);
        let sent = of_host.filter(|(_, cookie)| !cookie.secure || url.scheme() == "https");
        sent.map(|((_, name), cookie)| format!("{name}={}", cookie.value)).collect::<Vec<_>>().join("; ")
    }

    /// Keeps what a browser would keep; what it would refuse without a word is an error here.
    fn keep_cookies(&mut self, url: &Url, headers: &HeaderMap) -> anyhow::Result<()> {
        let host = url.host_str().unwrap_or_default();
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str()?;
            let mut parts = line.split(';').map(str::trim);
            let (name, value) =
                parts.next().and_then(|pair| pair.split_once('=')).context("a cookie without name")?;
            let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
            let has = |wanted: &str| attributes.iter().any(|attribute| attribute == wanted);
            let secure = has("secure");
            ensure!(
                !secure || url.scheme() == "https",
                "a Secure cookie over HTTP is kept by some browsers only: {name}"
            );
            ensure!(
                !name.starts_with("__Host-") || (secure && has("path=/")),
                "`__Host-` needs Secure and Path=/: {name}"
            );
            let key = (host.to_owned(), name.to_owned());
            if has("max-age=0") {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, Cookie { value: value.to_owned(), secure });
            }
        }
        Ok(())
    }
}

struct Request {
    url: Url,
    from: Option<Url>,
    body: Option<String>,
    site: &'static str,
}

/// What a browser says about a navigation.
fn navigation_headers(request: &Request) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        (ACCEPT_LANGUAGE, "en"),
        (USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64) Gatewright-Testkit"),
        (HeaderName::from_static("sec-fetch-dest"), "document"),
        (HeaderName::from_static("sec-fetch-mode"), "navigate"),
        (HeaderName::from_static("sec-fetch-user"), "?1"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("sec-fetch-site", HeaderValue::from_static(request.site));
    if let Some(from) = &request.from {
        if request.body.is_some() {
            headers.insert(ORIGIN, from.origin().ascii_serialization().parse()?);
        }
        // The policy of most sites: the whole address at home, the origin abroad.
        let referer = if request.site == "same-origin" {
            without_fragment(from)
        } else {
            format!("{}/", from.origin().ascii_serialization())
        };
        headers.insert(REFERER, referer.parse()?);
    }
    Ok(headers)
}

fn without_fragment(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.into()
}

fn site(from: &Url, to: &Url) -> &'static str {
    if from.origin() == to.origin() {
        "same-origin"
    } else if from.host() == to.host() && from.scheme() == to.scheme() {
        "same-site"
    } else {
        "cross-site"
    }
}

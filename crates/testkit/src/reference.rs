//! The reference server (`@atproto/pds`) with a PLC directory, as `interop/reference` starts it: what the client is run
//! against that we did not write.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http::StatusCode;
use http::header::{COOKIE, LOCATION, ORIGIN, REFERER, SET_COOKIE};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;

use crate::app::Person;
use crate::program::node;

/// How long it may take to start: it makes a database and two accounts.
const START: Duration = Duration::from_mins(1);
/// Under the issuer: what the scripts of its pages call.
const PAGES: &str = "/@atproto/oauth-provider/~api";

/// A running reference server. It ends with this value.
#[derive(Debug)]
pub struct Reference {
    /// Its ready line: `url`, `plc_url` and `accounts`.
    pub ready: Value,
    orders: Mutex<(ChildStdin, Lines<BufReader<ChildStdout>>)>,
    child: Child,
}

impl Reference {
    /// Starts one on free ports, with the accounts alice.test and bob.test.
    ///
    /// # Errors
    /// `interop/reference` is not installed, or the server does not start.
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// Starts one as it comes, with so many accounts: its clock cannot be moved, and nothing is counted.
    ///
    /// # Errors
    /// `interop/reference` is not installed, or the server does not start.
    pub async fn start_plain(accounts: usize) -> Result<Self> {
        Self::start_with(&["plain", &accounts.to_string()]).await
    }

    async fn start_with(arguments: &[&str]) -> Result<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../interop/reference");
        let mut child = Command::new(node(&folder)?)
            .arg("server.mjs")
            .args(arguments)
            .current_dir(&folder)
            .env("NODE_NO_WARNINGS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("interop/reference is not installed: `cargo xtask test` does that")?;
        let orders = child.stdin.take().context("it has an input")?;
        let mut lines = BufReader::new(child.stdout.take().context("it has an output")?).lines();
        let ready =
            timeout(START, lines.next_line()).await.context("the reference server does not start")??;
        let ready = serde_json::from_str(&ready.context("the reference server has ended")?)?;
        Ok(Self { ready, orders: Mutex::new((orders, lines)), child })
    }

    /// The number of its process; none once it has ended.
    pub fn process_id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Its origin, which is its issuer too.
    pub fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap_or_default()
    }

    /// The PLC directory.
    pub fn plc_url(&self) -> &str {
        self.ready["plc_url"].as_str().unwrap_or_default()
    }

    /// Its accounts.
    pub fn people(&self) -> Vec<Person> {
        Person::all(&self.ready)
    }

    /// Its clock goes on by so much at once.
    ///
    /// # Errors
    /// The server has ended.
    pub async fn advance(&self, by: Duration) -> Result<()> {
        self.order(&format!("advance {}", by.as_secs())).await.map(drop)
    }

    /// Access tokens that are given out from now on live so many seconds.
    ///
    /// # Errors
    /// The server has ended.
    pub async fn tokens_live(&self, seconds: u64) -> Result<()> {
        self.order(&format!("tokens {seconds}")).await.map(drop)
    }

    /// What has become of its OAuth sessions.
    ///
    /// # Errors
    /// The server has ended.
    pub async fn count(&self) -> Result<Counted> {
        Ok(serde_json::from_value(self.order("count").await?)?)
    }

    async fn order(&self, order: &str) -> Result<Value> {
        let (orders, lines) = &mut *self.orders.lock().await;
        orders.write_all(format!("{order}\n").as_bytes()).await?;
        Ok(serde_json::from_str(&lines.next_line().await?.context("the reference server has ended")?)?)
    }

    /// Signs a person in and approves, as the scripts of its pages do, and returns where the browser is sent.
    ///
    /// # Errors
    /// The server refuses, or answers otherwise than it did in the version that the lock file names.
    pub async fn approve(&self, authorize: &Url, person: &Person) -> Result<Url> {
        let mut visitor = Visitor::new(authorize);
        let page = visitor.get(authorize, "none").await?;
        ensure!(page.status() == StatusCode::OK, "the page: {}", page.text().await?);
        let answers =
            json!({"locale": "en", "username": person.handle, "password": person.password, "remember": true});
        visitor.post("sign-in", &answers).await?;
        let consent = visitor.post("consent", &json!({"did": person.did})).await?;
        let next = consent["url"].as_str().with_context(|| format!("consent: {consent}"))?.parse()?;
        let left = visitor.get(&next, "same-origin").await?;
        let location = left.headers().get(LOCATION).context("no redirect after consent")?;
        Ok(location.to_str()?.parse()?)
    }
}

/// What has become of the OAuth sessions of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Counted {
    /// Refresh tokens that came while there was no need: before three quarters of the time that the client was told had
    /// passed, and before the host would have refused the access token. Measured where the answer is written and where
    /// the next token comes, so that no delay on the way makes one too many.
    pub early: u64,
    /// Sessions there are.
    pub sessions: u64,
    /// Refresh tokens that have been used up.
    pub used: u64,
}

/// A browser that has the authorize page open.
struct Visitor {
    http: reqwest::Client,
    page: Url,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    #[expect(clippy::disallowed_methods, reason = "a test visits a server on loopback")]
    fn new(page: &Url) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("the HTTP client needs nothing of the machine");
        Self { http, page: page.clone(), cookies: BTreeMap::new() }
    }

    /// Navigates.
    async fn get(&mut self, url: &Url, site: &str) -> Result<reqwest::Response> {
        let asked = self.http.get(url.clone());
        let asked = asked.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
        self.send(asked.header("sec-fetch-site", site)).await
    }

    /// Calls what the page's script calls.
    async fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let origin = self.page.origin().ascii_serialization();
        let csrf = self.cookies.get("csrf-token").context("no csrf-token cookie")?.clone();
        let asked = self.http.post(format!("{origin}{PAGES}/{path}")).json(body).header(ORIGIN, origin);
        let asked = asked.header("x-csrf-token", csrf).header("sec-fetch-mode", "same-origin");
        let answer = self
            .send(asked.header("sec-fetch-dest", "empty").header("sec-fetch-site", "same-origin"))
            .await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    async fn send(&mut self, asked: reqwest::RequestBuilder) -> Result<reqwest::Response> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer =
            asked.header(REFERER, self.page.as_str()).header(COOKIE, cookies.join("; ")).send().await?;
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie without name")?;
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(answer)
    }
}

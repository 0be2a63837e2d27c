//! An application that signs people in, step by step: what flow tests and the benchmark drive the server with.
//!
//! Every step can be taken alone and spoiled on the way. What is right by default is a public loopback client.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, bail};
use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::dpop::proof;
use gatewright_protocol::oauth::assertion::ASSERTION_TYPE;
use gatewright_protocol::oauth::pkce::CodeVerifier;
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use serde_json::Value;
use url::Url;

use crate::client_host::{ClientHost, REDIRECT_URI};
use crate::client_key::{self, ClientKey};
use crate::form::Browser;
use crate::wire::{Answer, Connection};

/// One account of the network, as its ready line tells.
#[derive(Clone, Debug)]
pub struct Person {
    /// Its handle.
    pub handle: String,
    /// Its DID.
    pub did: String,
    /// Its password.
    pub password: String,
}

impl Person {
    /// The accounts of a ready line.
    pub fn all(ready: &Value) -> Vec<Self> {
        let text = |account: &Value, key: &str| account[key].as_str().unwrap_or_default().to_owned();
        let accounts = ready["accounts"].as_array().map(Vec::as_slice).unwrap_or_default();
        accounts
            .iter()
            .map(|a| Self { handle: text(a, "handle"), did: text(a, "did"), password: text(a, "password") })
            .collect()
    }
}

/// An application with one key: one session's worth.
pub struct App {
    /// Its client id.
    pub client_id: String,
    /// Where browsers are sent back to.
    pub redirect_uri: String,
    /// The scope it asks for.
    pub scope: String,
    /// Its DPoP key.
    pub key: PrivateKey,
    /// The key that it proves itself with if it is confidential.
    pub client_key: Option<ClientKey>,
    /// What it was granted, once it was.
    pub tokens: Option<Tokens>,
    /// The address of the machine that it calls from; any when absent.
    pub own_address: Option<Ipv4Addr>,
    /// Where everything is sent, whatever its URL says: a proxy in front of the server. The port of the URL when absent.
    pub via: Option<SocketAddr>,
    issuer: Url,
    connections: HashMap<SocketAddr, Connection>,
    nonces: HashMap<String, String>,
    random: SystemRandom,
    clock: std::sync::Arc<dyn gatewright_protocol::time::Clock>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// The answer of the token endpoint.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// What was granted.
    pub scope: String,
    /// The account.
    pub sub: String,
}

/// A pushed request, and what its code is exchanged with.
#[derive(Debug)]
pub struct Pushed {
    /// The request URI.
    pub request_uri: String,
    /// The PKCE verifier.
    pub verifier: CodeVerifier,
    /// The state.
    pub state: String,
}

impl App {
    /// A loopback client that talks to this issuer.
    pub fn loopback(issuer: &str, scope: &str) -> Result<Self> {
        let redirect_uri = "http://127.0.0.1:8125/callback".to_owned();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("redirect_uri", &redirect_uri).append_pair("scope", scope);
        let client_id = format!("http://localhost?{}", query.finish());
        Self::new(issuer, client_id, redirect_uri, scope)
    }

    /// A public client of this name.
    pub fn new(issuer: &str, client_id: String, redirect_uri: String, scope: &str) -> Result<Self> {
        Ok(Self {
            client_id,
            redirect_uri,
            scope: scope.to_owned(),
            key: PrivateKey::generate(Curve::P256, &SystemRandom),
            client_key: None,
            tokens: None,
            own_address: None,
            via: None,
            issuer: Url::parse(issuer)?,
            connections: HashMap::new(),
            nonces: HashMap::new(),
            random: SystemRandom,
            clock: std::sync::Arc::new(SystemClock),
        })
    }

    /// A public web client whose document is published at this path of `host`.
    pub fn hosted(issuer: &str, host: &ClientHost, path: &str, scope: &str) -> Result<Self> {
        host.publish(path, host.public_client(path, scope));
        Self::new(issuer, host.url(path), REDIRECT_URI.to_owned(), scope)
    }

    /// A confidential web client whose document is published at this path of `host`. Its key is not published here.
    pub fn confidential(
        issuer: &str,
        host: &ClientHost,
        path: &str,
        scope: &str,
        key: &ClientKey,
    ) -> Result<Self> {
        host.publish(path, host.confidential_client(path, scope));
        let mut app = Self::new(issuer, host.url(path), REDIRECT_URI.to_owned(), scope)?;
        app.client_key = Some(key.clone());
        Ok(app)
    }

    /// The same with a clock that the test moves.
    #[must_use]
    pub fn with_clock(mut self, clock: std::sync::Arc<dyn gatewright_protocol::time::Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The URL of a path at the issuer.
    pub fn at_issuer(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.origin().ascii_serialization())
    }

    /// A fresh proof.
    pub fn proof(&self, method: &str, url: &str, access_token: Option<&str>) -> String {
        let origin = origin(url);
        proof::build(
            &self.key,
            &proof::Claims {
                method,
                url,
                access_token,
                nonce: self.nonces.get(&origin).map(String::as_str),
                jti: random_bytes(&self.random),
                now: self.now(),
            },
        )
    }

    fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// The claims of a fresh client assertion.
    pub fn assertion_claims(&self) -> Value {
        client_key::claims(&self.client_id, &self.at_issuer(""), self.now())
    }

    /// Forgets the nonces of all servers, as an application that has just started.
    pub fn forget_nonces(&mut self) {
        self.nonces.clear();
    }

    /// Sends a request as it is, and remembers the nonce of the answer.
    pub async fn send(
        &mut self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let parsed = Url::parse(url)?;
        let address = self.via.map_or_else(|| address(&parsed), Ok)?;
        let path = match parsed.query() {
            Some(query) => format!("{}?{query}", parsed.path()),
            None => parsed.path().to_owned(),
        };
        let mut connection = match self.connections.remove(&address) {
            Some(connection) => connection,
            None => Connection::open_from(address, self.own_address).await?,
        };
        let answer = if let Ok(answer) = connection.send(method, &path, headers, body).await {
            answer
        } else {
            // The server may have closed a connection that was idle.
            connection = Connection::open_from(address, self.own_address).await?;
            connection.send(method, &path, headers, body).await?
        };
        self.connections.insert(address, connection);
        if let Some(nonce) = answer.header("dpop-nonce") {
            self.nonces.insert(origin(url), nonce.to_owned());
        }
        Ok(answer)
    }

    /// Posts a form with a proof; once more when the server asks for its nonce, with all else made anew too.
    pub async fn post_form(&mut self, path: &str, form: &[(&str, &str)]) -> Result<Answer> {
        let body = self.body(form);
        let answer = self.post_body(path, &body).await?;
        if !is_nonce_error(&answer) {
            return Ok(answer);
        }
        let body = self.body(form);
        self.post_body(path, &body).await
    }

    /// The body of a form. If the client is confidential it holds a fresh assertion, unless the form has one already.
    pub fn body(&self, form: &[(&str, &str)]) -> String {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        if let Some(key) = &self.client_key
            && form.iter().all(|(name, _)| *name != "client_assertion")
        {
            body.append_pair("client_assertion_type", ASSERTION_TYPE);
            body.append_pair("client_assertion", &key.sign(&self.assertion_claims()));
        }
        body.finish()
    }

    /// Posts a body once, with a fresh proof.
    pub async fn post_body(&mut self, path: &str, body: &str) -> Result<Answer> {
        let url = self.at_issuer(path);
        let proof = self.proof("POST", &url, None);
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("dpop", proof.as_str())];
        self.send("POST", &url, &headers, body.as_bytes()).await
    }

    /// The parameters of a request, all as they should be.
    pub fn parameters(&self, verifier: &CodeVerifier, state: &str) -> Vec<(String, String)> {
        let challenge = verifier.challenge();
        [
            ("client_id", self.client_id.as_str()),
            ("response_type", "code"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("state", state),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &self.scope),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Pushes a request, with `extra` parameters after (or in place of) the usual ones.
    pub async fn push(&mut self, extra: &[(&str, &str)]) -> Result<Pushed> {
        let verifier = CodeVerifier::from_bytes(&random_bytes(&self.random));
        let state = hex(&random_bytes::<16>(&self.random));
        let mut parameters = self.parameters(&verifier, &state);
        parameters.retain(|(name, _)| extra.iter().all(|(other, _)| other != name));
        let mut form: Vec<(&str, &str)> = parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        form.extend_from_slice(extra);
        let answer = self.post_form("/oauth/par", &form).await?;
        if answer.status != 201 {
            return Err(answer.unexpected("PAR"));
        }
        let request_uri = answer.json()?["request_uri"].as_str().context("no request_uri")?.to_owned();
        Ok(Pushed { request_uri, verifier, state })
    }

    /// Where the browser is sent with a pushed request.
    pub fn authorize_url(&self, request_uri: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", &self.client_id).append_pair("request_uri", request_uri);
        self.at_issuer(&format!("/oauth/authorize?{}", query.finish()))
    }

    /// Takes a person through the pages in `browser`, and returns the URL the browser is sent back to.
    pub async fn approve(&self, browser: &mut Browser, pushed: &Pushed, person: &Person) -> Result<Url> {
        browser
            .sign_in_and(
                &self.authorize_url(&pushed.request_uri),
                &person.handle,
                &person.password,
                "approve",
            )
            .await
    }

    /// The code in the URL that a browser was sent back to, after checking `state` and `iss`.
    pub fn code(&self, back: &Url, pushed: &Pushed) -> Result<String> {
        let answer: HashMap<_, _> = back.query_pairs().into_owned().collect();
        if answer.get("state") != Some(&pushed.state)
            || answer.get("iss").map(String::as_str) != Some(self.at_issuer("").as_str())
        {
            bail!("state or iss is wrong in {back}");
        }
        answer.get("code").cloned().with_context(|| format!("no code in {back}"))
    }

    /// Exchanges a code.
    pub async fn exchange(&mut self, code: &str, pushed: &Pushed) -> Result<Answer> {
        let (client_id, redirect_uri) = (self.client_id.clone(), self.redirect_uri.clone());
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id.as_str()),
            ("redirect_uri", redirect_uri.as_str()),
            ("code", code),
            ("code_verifier", pushed.verifier.expose()),
        ];
        self.post_form("/oauth/token", &form).await
    }

    /// The whole of it: push, pages, exchange.
    pub async fn sign_in(&mut self, person: &Person) -> Result<Tokens> {
        self.sign_in_with(&mut Browser::new(), person).await
    }

    /// The same in a browser that may have been here before.
    pub async fn sign_in_with(&mut self, browser: &mut Browser, person: &Person) -> Result<Tokens> {
        let pushed = self.push(&[]).await?;
        let back = self.approve(browser, &pushed, person).await?;
        let code = self.code(&back, &pushed)?;
        let answer = self.exchange(&code, &pushed).await?;
        self.keep(&answer)
    }

    /// Keeps the tokens of an answer.
    pub fn keep(&mut self, answer: &Answer) -> Result<Tokens> {
        if answer.status != 200 {
            return Err(answer.unexpected("token"));
        }
        let body = answer.json()?;
        let text = |key: &str| body[key].as_str().map(str::to_owned).with_context(|| format!("no {key}"));
        let tokens = Tokens {
            access: text("access_token")?,
            refresh: text("refresh_token")?,
            scope: text("scope")?,
            sub: text("sub")?,
        };
        self.tokens = Some(tokens.clone());
        Ok(tokens)
    }

    /// Presents a refresh token.
    pub async fn present(&mut self, refresh: &str) -> Result<Answer> {
        let client_id = self.client_id.clone();
        let form =
            [("grant_type", "refresh_token"), ("client_id", client_id.as_str()), ("refresh_token", refresh)];
        self.post_form("/oauth/token", &form).await
    }

    /// Refreshes with the token it has.
    pub async fn refresh(&mut self) -> Result<Tokens> {
        let refresh = self.tokens.as_ref().context("not signed in")?.refresh.clone();
        let answer = self.present(&refresh).await?;
        self.keep(&answer)
    }

    /// Revokes a token.
    pub async fn revoke(&mut self, token: &str) -> Result<Answer> {
        let client_id = self.client_id.clone();
        self.post_form("/oauth/revoke", &[("client_id", client_id.as_str()), ("token", token)]).await
    }

    /// Calls a URL with the access token it has; once more when the server asks for its nonce.
    pub async fn call(
        &mut self,
        method: &str,
        url: &str,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Answer> {
        let access = self.tokens.as_ref().context("not signed in")?.access.clone();
        self.call_with(&access, method, url, content_type, body).await
    }

    /// The same, at a service that the server shall pass the call on to.
    pub async fn call_through(
        &mut self,
        service: &str,
        method: &str,
        url: &str,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Answer> {
        let access = self.tokens.as_ref().context("not signed in")?.access.clone();
        let headers: Vec<_> = content_type
            .map(|value| ("content-type", value))
            .into_iter()
            .chain([("atproto-proxy", service)])
            .collect();
        self.call_with_headers(&access, method, url, &headers, body).await
    }

    /// The same with this access token.
    pub async fn call_with(
        &mut self,
        access: &str,
        method: &str,
        url: &str,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Answer> {
        let headers: Vec<_> = content_type.map(|value| ("content-type", value)).into_iter().collect();
        self.call_with_headers(access, method, url, &headers, body).await
    }

    async fn call_with_headers(
        &mut self,
        access: &str,
        method: &str,
        url: &str,
        extra: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let authorization = format!("DPoP {access}");
        let mut answer = None;
        for _ in 0..2 {
            let proof = self.proof(method, url, Some(access));
            let mut headers = vec![("authorization", authorization.as_str()), ("dpop", proof.as_str())];
            headers.extend_from_slice(extra);
            let found = self.send(method, url, &headers, body).await?;
            let again = is_nonce_error(&found);
            answer = Some(found);
            if !again {
                break;
            }
        }
        answer.context("no answer")
    }

    /// Calls a procedure with a JSON body.
    pub async fn procedure(&mut self, host: &str, nsid: &str, body: &Value) -> Result<Answer> {
        let url = format!("{host}/xrpc/{nsid}");
        self.call("POST", &url, Some("application/json"), body.to_string().as_bytes()).await
    }

    /// Calls a query with these parameters.
    pub async fn query(&mut self, host: &str, nsid: &str, parameters: &[(&str, &str)]) -> Result<Answer> {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let mark = if query.is_empty() { "" } else { "?" };
        self.call("GET", &format!("{host}/xrpc/{nsid}{mark}{query}"), None, &[]).await
    }
}

fn is_nonce_error(answer: &Answer) -> bool {
    matches!(answer.status, 400 | 401) && answer.json().is_ok_and(|body| body["error"] == "use_dpop_nonce")
}

fn origin(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// Everything of the network is on this machine, whatever it is called.
fn address(url: &Url) -> Result<SocketAddr> {
    Ok(SocketAddr::from(([127, 0, 0, 1], url.port_or_known_default().context("no port")?)))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

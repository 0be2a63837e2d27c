//! A client as it behaves by the book.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::dpop::proof::{self, Claims};
use gatewright_protocol::jose::jws::{self, SignHeader};
use gatewright_protocol::jose::{Jwk, Thumbprint};
use gatewright_protocol::oauth::assertion::ASSERTION_TYPE;
use gatewright_protocol::oauth::pkce::CodeVerifier;
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::time::Clock as _;
use gatewright_store::token::{AccessTokenId, TokenStore as _};
use http::Request;
use serde_json::{Value, json};

use super::browser::{Browser, query};
use super::machine::{Reply, call};
use super::{ISSUER, World};

pub(crate) const WEB: &str = "https://app.example.dev/oauth-client-metadata.json";
pub(crate) const WEB_REDIRECT: &str = "https://app.example.dev/cb";
pub(crate) const LOOPBACK_REDIRECT: &str = "http://127.0.0.1:4711/callback";
pub(crate) const SCOPE: &str = "atproto repo:com.example.note?action=create blob:image/*";

/// Names and values of a form.
pub(crate) type Form = Vec<(String, String)>;

/// A client with its keys.
pub(crate) struct App<'w> {
    pub(crate) world: &'w World,
    pub(crate) id: String,
    pub(crate) redirect_uri: String,
    pub(crate) dpop: PrivateKey,
    /// The assertion key and its name, of a confidential client.
    pub(crate) assertion: Option<(String, PrivateKey)>,
    /// Where it asks from; unknown unless it is set.
    pub(crate) address: Option<SocketAddr>,
}

/// What a client keeps of a sign-in that is under way.
pub(crate) struct Push {
    pub(crate) request_uri: String,
    pub(crate) verifier: CodeVerifier,
}

/// What a client gets.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) scope: String,
    pub(crate) expires_in: u64,
}

impl Tokens {
    #[track_caller]
    pub(crate) fn of(reply: &Reply) -> Self {
        reply.assert_ok();
        let json = reply.json();
        assert_eq!(json["token_type"], "DPoP");
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
            scope: text("scope"),
            expires_in: json["expires_in"].as_u64().unwrap(),
        }
    }

    /// A claim of the access token.
    pub(crate) fn claim(&self, name: &str) -> Value {
        jws::decode(&self.access).unwrap().claims_unverified::<Value>().unwrap()[name].clone()
    }
}

pub(crate) fn loopback(world: &World) -> App<'_> {
    App::new(world, &loopback_id(), LOOPBACK_REDIRECT, false)
}

pub(crate) fn loopback_id() -> String {
    let mut id = "http://localhost?".to_owned();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("redirect_uri", "http://127.0.0.1/callback");
    query.append_pair("scope", "atproto repo:com.example.note?action=create repo:com.example.note blob:image/* repo:com.example.other transition:generic");
    id.push_str(&query.finish());
    id
}

/// A web client that proves nothing.
pub(crate) fn public(world: &World) -> App<'_> {
    let app = App::new(world, WEB, WEB_REDIRECT, false);
    app.publish();
    app
}

/// A web client with a key of its own.
pub(crate) fn confidential(world: &World) -> App<'_> {
    let app = App::new(world, WEB, WEB_REDIRECT, true);
    app.publish();
    app
}

impl<'w> App<'w> {
    pub(crate) fn new(world: &'w World, id: &str, redirect_uri: &str, is_confidential: bool) -> Self {
        let key = || PrivateKey::generate(Curve::P256, &*world.random);
        Self {
            world,
            id: id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            dpop: key(),
            assertion: is_confidential.then(|| ("key-1".to_owned(), key())),
            address: None,
        }
    }

    /// The same client as somebody else runs it: other keys.
    pub(crate) fn with_other_dpop_key(&self) -> Self {
        let assertion = self.assertion.as_ref().map(|(kid, key)| (kid.clone(), copy(key)));
        let dpop = PrivateKey::generate(Curve::P256, &*self.world.random);
        Self {
            world: self.world,
            id: self.id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            dpop,
            assertion,
            address: self.address,
        }
    }

    pub(crate) fn publish(&self) {
        self.world.clients.publish(&self.id, self.document());
    }

    pub(crate) fn document(&self) -> Value {
        let origin = self.id.split('/').take(3).collect::<Vec<_>>().join("/");
        let mut document = json!({
            "client_id": self.id,
            "client_name": "Totally Your Bank",
            "client_uri": origin,
            "logo_uri": "https://app.example.dev/logo.png",
            "application_type": "web",
            "redirect_uris": [self.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": "atproto repo:com.example.note blob:image/* repo:com.example.note?action=create repo:com.example.other transition:generic",
            "dpop_bound_access_tokens": true,
            "token_endpoint_auth_method": "none",
        });
        if let Some((kid, key)) = &self.assertion {
            document["token_endpoint_auth_method"] = json!("private_key_jwt");
            document["token_endpoint_auth_signing_alg"] = json!("ES256");
            document["jwks"] = json!({"keys": [Jwk::new(key.public().clone(), kid)]});
        }
        document
    }

    pub(crate) fn jkt(&self) -> Thumbprint {
        Thumbprint::of(self.dpop.public())
    }

    /// A fresh proof.
    pub(crate) fn proof(&self, path: &str) -> String {
        self.proof_with(path, Some(&self.world.nonce()))
    }

    pub(crate) fn proof_with(&self, path: &str, nonce: Option<&str>) -> String {
        proof::build(
            &self.dpop,
            &Claims {
                method: "POST",
                url: &format!("{}{path}", self.world.server.context().settings.issuer.as_str()),
                access_token: None,
                nonce,
                jti: random_bytes(&*self.world.random),
                now: self.world.clock.now(),
            },
        )
    }

    /// A fresh assertion.
    pub(crate) fn assertion(&self) -> Option<String> {
        let now = self.world.clock.now().seconds();
        let jti = format!("{:x?}", random_bytes::<16>(&*self.world.random));
        self.assertion_of(&json!({
            "iss": self.id, "sub": self.id, "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60,
        }))
    }

    pub(crate) fn assertion_of(&self, claims: &Value) -> Option<String> {
        let (kid, key) = self.assertion.as_ref()?;
        Some(jws::sign(key, &SignHeader { typ: "JWT", kid: Some(kid), jwk: None }, claims))
    }

    /// What says who the client is.
    pub(crate) fn own(&self) -> Form {
        let mut form = vec![("client_id".to_owned(), self.id.clone())];
        if let Some(assertion) = self.assertion() {
            form.push(("client_assertion_type".to_owned(), ASSERTION_TYPE.to_owned()));
            form.push(("client_assertion".to_owned(), assertion));
        }
        form
    }

    /// A form with a fresh assertion and proof.
    pub(crate) async fn post(&self, path: &str, form: Form) -> Reply {
        let mut all = self.own();
        all.extend(form);
        self.send(path, &all, Some(&self.proof(path))).await
    }

    /// Exactly this form and proof.
    pub(crate) async fn send(&self, path: &str, form: &Form, proof: Option<&str>) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        if let Some(address) = self.address {
            request = request.extension(ConnectInfo(address));
        }
        call(&self.world.router, request.body(Body::from(body)).unwrap()).await
    }

    /// The same as JSON.
    pub(crate) async fn post_json(&self, path: &str, form: Form) -> Reply {
        let all: serde_json::Map<String, Value> =
            self.own().into_iter().chain(form).map(|(name, value)| (name, value.into())).collect();
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("dpop", self.proof(path))
            .body(Body::from(Value::from(all).to_string()));
        call(&self.world.router, request.unwrap()).await
    }

    /// What a push of this scope says.
    pub(crate) fn push_form(&self, verifier: &CodeVerifier, scope: &str) -> Form {
        form(&[
            ("response_type", "code"),
            ("code_challenge", verifier.challenge().as_str()),
            ("code_challenge_method", "S256"),
            ("state", "state-1"),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
        ])
    }

    pub(crate) fn verifier(&self) -> CodeVerifier {
        CodeVerifier::from_bytes(&random_bytes(&*self.world.random))
    }

    pub(crate) async fn push(&self, scope: &str) -> Push {
        self.push_with(scope, &[]).await
    }

    /// A push with more parameters.
    pub(crate) async fn push_with(&self, scope: &str, more: &[(&str, &str)]) -> Push {
        let verifier = self.verifier();
        let mut all = self.push_form(&verifier, scope);
        all.extend(form(more));
        let reply = self.post("/oauth/par", all).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        Push { request_uri: reply.json()["request_uri"].as_str().unwrap().to_owned(), verifier }
    }

    /// Where a browser is sent.
    pub(crate) fn authorize_path(&self, push: &Push) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.id)
            .append_pair("request_uri", &push.request_uri)
            .finish();
        format!("/oauth/authorize?{query}")
    }

    /// A call of a method of the host with this access token.
    pub(crate) async fn call_xrpc(&self, method: &str, access: &str) -> Reply {
        let path = format!("/xrpc/{method}");
        let url = format!("{}{path}", super::HOST);
        let is_query = method == super::session::LIST_APP_PASSWORDS;
        let proof = proof::build(
            &self.dpop,
            &Claims {
                method: if is_query { "GET" } else { "POST" },
                url: &url,
                access_token: Some(access),
                nonce: Some(&self.world.nonce()),
                jti: random_bytes(&*self.world.random),
                now: self.world.clock.now(),
            },
        );
        let request = if is_query { Request::get(path) } else { Request::post(path) };
        let request = request
            .header("authorization", format!("DPoP {access}"))
            .header("dpop", proof)
            .header("content-type", "application/json");
        call(&self.world.router, request.body(Body::from("{\"name\":\"x\"}")).unwrap()).await
    }

    pub(crate) fn exchange_form(&self, code: &str, verifier: &CodeVerifier) -> Form {
        form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", verifier.expose()),
        ])
    }

    pub(crate) async fn exchange(&self, code: &str, verifier: &CodeVerifier) -> Reply {
        self.post("/oauth/token", self.exchange_form(code, verifier)).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        self.post("/oauth/token", form(&[("grant_type", "refresh_token"), ("refresh_token", token)])).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> Reply {
        self.post("/oauth/revoke", form(&[("token", token)])).await
    }

    /// A code for alice, who signs in and approves everything.
    pub(crate) async fn code(&self, scope: &str) -> (String, Push) {
        let push = self.push(scope).await;
        let mut browser = Browser::new(self.world);
        let location = browser.approve(&self.authorize_path(&push)).await;
        (query(&location)["code"].clone(), push)
    }

    /// Tokens for alice.
    pub(crate) async fn tokens(&self) -> Tokens {
        let (code, push) = self.code(SCOPE).await;
        Tokens::of(&self.exchange(&code, &push.verifier).await)
    }

    /// Whether the session of these tokens lives: its refresh token works.
    pub(crate) async fn is_alive(&self, tokens: &Tokens) -> bool {
        let jti = tokens.claim("jti");
        let id: AccessTokenId = jti.as_str().unwrap().parse().unwrap();
        self.world.store.find_token(id.token).await.unwrap().is_some()
    }
}

pub(crate) fn copy(key: &PrivateKey) -> PrivateKey {
    PrivateKey::from_bytes(key.curve(), &key.to_bytes()).unwrap()
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> Form {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The form with one value replaced; an empty one takes it out.
pub(crate) fn replaced(mut form: Form, name: &str, value: &str) -> Form {
    form.retain(|(known, _)| known != name);
    if !value.is_empty() {
        form.push((name.to_owned(), value.to_owned()));
    }
    form
}

//! Codes and tokens. A refresh token is taken once; the same successor is given again for it as long as that was not
//! presented (AS-57); any other use of a used one ends the session.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::jose::{base64url_encode, jws};
use serde_json::{Value, json};
use url::Url;

use super::{Fields, Inner, Peer};

/// One session, as the server knows it.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// The account that it is for.
    pub sub: String,
    /// What it may do.
    pub scope: String,
    /// How often its refresh token was rotated.
    pub rotations: usize,
    /// How often a used refresh token was presented and recovered.
    pub recoveries: usize,
    /// Whether it is over.
    pub over: bool,
    jkt: String,
    refresh: String,
    before: Option<String>,
    access: String,
    expired: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Grants {
    pushed: HashMap<String, (Fields, String)>,
    codes: HashMap<String, (Fields, String)>,
    grants: Vec<Grant>,
    count: usize,
}

impl Grants {
    pub(crate) fn account_of(&self, access: &str, jkt: &str) -> Option<String> {
        let grant = self.grants.iter().find(|grant| grant.access == access)?;
        (!grant.over && !grant.expired && grant.jkt == jkt).then(|| grant.sub.clone())
    }

    fn name(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}-{}-secret", self.count)
    }

    fn rotate(&mut self, index: usize) {
        let (access, refresh) = (self.name("access"), self.name("refresh"));
        if let Some(grant) = self.grants.get_mut(index) {
            grant.before = Some(std::mem::replace(&mut grant.refresh, refresh));
            grant.access = access;
            grant.expired = false;
        }
    }
}

impl Peer {
    /// All sessions so far.
    pub fn grants(&self) -> Vec<Grant> {
        self.state.grants.lock().grants.clone()
    }

    /// Ends every access token at once; refresh tokens are good.
    pub fn expire_access_tokens(&self) {
        self.state.grants.lock().grants.iter_mut().for_each(|grant| grant.expired = true);
    }

    /// Ends every session.
    pub fn end_sessions(&self) {
        self.state.grants.lock().grants.iter_mut().for_each(|grant| grant.over = true);
    }

    /// What a browser comes back with when a person approves the request of this URL: the query.
    pub fn approve(&self, url: &Url) -> String {
        let told = self.state.told.lock();
        let iss = told.iss.clone().unwrap_or_else(|| self.state.origin.clone());
        drop(told);
        let (form, code) = {
            let mut grants = self.state.grants.lock();
            let query: Fields = url.query_pairs().into_owned().collect();
            let name = query.get("request_uri").cloned().unwrap_or_default();
            let Some((form, jkt)) = grants.pushed.remove(&name) else { return String::new() };
            let code = grants.name("code");
            grants.codes.insert(code.clone(), (form.clone(), jkt));
            (form, code)
        };
        let state = form.get("state").cloned().unwrap_or_default();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("state", &state).append_pair("code", &code);
        if !iss.is_empty() {
            query.append_pair("iss", &iss);
        }
        query.finish()
    }

    /// What a browser comes back with when a person declines.
    pub fn decline(&self, url: &Url) -> String {
        self.approve(url).replacen("code=", "error=access_denied&ignored=", 1)
    }
}

type Host = State<Arc<Inner>>;

/// The proof, and for a confidential client the assertion: each may come once.
fn checked(peer: &Inner, headers: &HeaderMap, path: &str, form: &Fields) -> Result<String, Response> {
    let jkt = peer.proven(headers, "POST", path, None)?;
    if let Some(assertion) = form.get("client_assertion") {
        let refuse = || peer.refuse(StatusCode::BAD_REQUEST, "invalid_client");
        let claims: Value =
            jws::decode(assertion).ok().and_then(|jws| jws.claims_unverified().ok()).ok_or_else(refuse)?;
        let fresh = peer.told.lock().seen.insert(format!("assertion {}", claims["jti"]));
        if claims["aud"] != peer.origin
            || claims["iss"].as_str() != form.get("client_id").map(String::as_str)
            || !fresh
        {
            return Err(refuse());
        }
    }
    peer.told.lock().forms.push((path.to_owned(), form.clone()));
    Ok(jkt)
}

pub(super) async fn push(State(peer): Host, headers: HeaderMap, Form(form): Form<Fields>) -> Response {
    let jkt = match checked(&peer, &headers, "/oauth/par", &form) {
        Ok(jkt) => jkt,
        Err(refused) => return refused,
    };
    let with_sets = form.get("scope").is_some_and(|scope| scope.contains("include:"));
    if with_sets && peer.told.lock().knows_sets == Some(false) {
        return peer.refuse(StatusCode::BAD_REQUEST, "invalid_scope");
    }
    let name = peer.grants.lock().name("urn:request");
    peer.grants.lock().pushed.insert(name.clone(), (form, jkt));
    (StatusCode::CREATED, axum::Json(json!({"request_uri": name, "expires_in": 300}))).into_response()
}

pub(super) async fn token(State(peer): Host, headers: HeaderMap, Form(form): Form<Fields>) -> Response {
    let jkt = match checked(&peer, &headers, "/oauth/token", &form) {
        Ok(jkt) => jkt,
        Err(refused) => return refused,
    };
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let index = if field("grant_type") == "refresh_token" {
        peer.refreshed(&field("refresh_token"), &jkt)
    } else {
        peer.exchanged(&field("code"), &field("code_verifier"), &field("redirect_uri"), &jkt)
    };
    let Some(index) = index else { return peer.refuse(StatusCode::BAD_REQUEST, "invalid_grant") };
    let (expires_in, sub) = {
        let told = peer.told.lock();
        (told.expires_in.unwrap_or(900), told.sub.clone())
    };
    let grants = peer.grants.lock();
    let Some(grant) = grants.grants.get(index) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    axum::Json(json!({
        "access_token": grant.access,
        "refresh_token": grant.refresh,
        "token_type": "DPoP",
        "expires_in": expires_in,
        "scope": grant.scope,
        "sub": sub.unwrap_or_else(|| grant.sub.clone()),
    }))
    .into_response()
}

impl Inner {
    fn exchanged(&self, code: &str, verifier: &str, redirect_uri: &str, jkt: &str) -> Option<usize> {
        let scope = self.told.lock().scope.clone();
        let mut grants = self.grants.lock();
        let (form, bound) = grants.codes.remove(code)?;
        let challenge = base64url_encode(&sha256(verifier.as_bytes()));
        let right = form.get("code_challenge") == Some(&challenge)
            && form.get("redirect_uri").map(String::as_str) == Some(redirect_uri)
            && bound == jkt;
        if !right {
            return None;
        }
        let hint = form.get("login_hint").map(String::as_str).unwrap_or_default();
        let told = self.told.lock();
        let sub = told.handles.get(hint).cloned().unwrap_or_else(|| {
            if hint.starts_with("did:") { hint.to_owned() } else { super::ALICE.to_owned() }
        });
        drop(told);
        // A server that knows no sets, or expands them: either way `include:` is not granted as such.
        let asked = form.get("scope").cloned().unwrap_or_default();
        let plain: Vec<&str> = asked.split(' ').filter(|token| !token.starts_with("include:")).collect();
        let scope = scope.unwrap_or_else(|| plain.join(" "));
        let (access, refresh) = (grants.name("access"), grants.name("refresh"));
        grants.grants.push(Grant { sub, scope, jkt: jkt.to_owned(), refresh, access, ..Grant::default() });
        Some(grants.grants.len() - 1)
    }

    fn refreshed(&self, token: &str, jkt: &str) -> Option<usize> {
        let mut grants = self.grants.lock();
        let index = grants
            .grants
            .iter()
            .position(|grant| grant.refresh == token || grant.before.as_deref() == Some(token))?;
        let grant = grants.grants.get_mut(index)?;
        if grant.over || grant.jkt != jkt {
            grant.over = true;
            return None;
        }
        if grant.refresh == token {
            grant.rotations += 1;
            grants.rotate(index);
        } else {
            grant.recoveries += 1;
        }
        Some(index)
    }
}

pub(super) async fn revoke(State(peer): Host, headers: HeaderMap, Form(form): Form<Fields>) -> Response {
    if let Err(refused) = checked(&peer, &headers, "/oauth/revoke", &form) {
        return refused;
    }
    let token = form.get("token").cloned().unwrap_or_default();
    for grant in &mut peer.grants.lock().grants {
        grant.over |= grant.refresh == token || grant.access == token;
    }
    axum::Json(json!({})).into_response()
}

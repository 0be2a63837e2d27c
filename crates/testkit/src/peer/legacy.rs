//! Sessions of app passwords: two JWTs, the refresh token good once more with the same successor (SESS-16).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use gatewright_protocol::jose::jws;
use serde_json::{Value, json};

use super::{Inner, PASSWORD, Peer};

/// Long enough for nobody to refresh ahead of time, unless a test says so.
const LIFE: i64 = 7200;

#[derive(Debug, Default)]
pub(crate) struct Pairs {
    pairs: Vec<Pair>,
    count: i64,
    life: Option<i64>,
    /// Where `didDoc` says that accounts are kept.
    host: Option<String>,
    password_is_gone: bool,
}

#[derive(Clone, Debug, Default)]
struct Pair {
    did: String,
    access: String,
    refresh: String,
    before: Option<String>,
    over: bool,
    expired: bool,
}

impl Pairs {
    pub(crate) fn account_of(&self, access: &str) -> Option<String> {
        let pair = self.pairs.iter().find(|pair| pair.access == access)?;
        (!pair.over && !pair.expired).then(|| pair.did.clone())
    }

    /// A token with a `jti` of its own. Its times are those of the machine, as tests of this kind have no other clock.
    fn token(&mut self, typ: &str) -> String {
        use gatewright_protocol::time::Clock as _;
        self.count += 1;
        let now = gatewright_resolve::system::SystemClock.now().seconds();
        let claims = json!({"jti": self.count, "iat": now, "exp": now + self.life.unwrap_or(LIFE)});
        jws::sign_hs256(b"a key", &jws::SignHeader { typ, ..Default::default() }, &claims)
    }
}

impl Peer {
    /// Ends every access token of an app password at once.
    pub fn expire_legacy_tokens(&self) {
        self.state.pairs.lock().pairs.iter_mut().for_each(|pair| pair.expired = true);
    }

    /// Ends every session of an app password.
    pub fn end_legacy_sessions(&self) {
        self.state.pairs.lock().pairs.iter_mut().for_each(|pair| pair.over = true);
    }

    /// How many sessions of app passwords are good.
    pub fn legacy_sessions(&self) -> usize {
        self.state.pairs.lock().pairs.iter().filter(|pair| !pair.over).count()
    }

    /// How long access tokens last from now on, in seconds.
    pub fn legacy_life(&self, seconds: i64) {
        self.state.pairs.lock().life = Some(seconds);
    }

    /// Says in `didDoc` that accounts are kept at another host.
    pub fn legacy_host(&self, origin: &str) {
        self.state.pairs.lock().host = Some(origin.to_owned());
    }

    /// Takes the app password no more, and ends what came of it.
    pub fn revoke_app_password(&self) {
        self.state.pairs.lock().password_is_gone = true;
        self.end_legacy_sessions();
    }
}

type Host = State<Arc<Inner>>;

fn answer(peer: &Inner, pair: &Pair, host: Option<String>) -> Response {
    let handle =
        peer.told.lock().handles.iter().find(|(_, did)| **did == pair.did).map(|(handle, _)| handle.clone());
    let mut body = json!({
        "accessJwt": pair.access, "refreshJwt": pair.refresh, "did": pair.did, "active": true,
        "handle": handle.unwrap_or_default(),
    });
    if let Some(host) = host {
        let service =
            json!([{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": host}]);
        body["didDoc"] = json!({"id": pair.did, "service": service});
    }
    Json(body).into_response()
}

pub(super) async fn create(State(peer): Host, Json(input): Json<Value>) -> Response {
    let identifier = input["identifier"].as_str().unwrap_or_default();
    let did = peer
        .told
        .lock()
        .handles
        .iter()
        .find(|(handle, did)| *handle == identifier || *did == identifier)
        .map(|(_, did)| did.clone());
    let mut pairs = peer.pairs.lock();
    let Some(did) = did.filter(|_| input["password"] == PASSWORD && !pairs.password_is_gone) else {
        drop(pairs);
        return peer.refuse(StatusCode::UNAUTHORIZED, "AuthenticationRequired");
    };
    let (access, refresh) = (pairs.token("at+jwt"), pairs.token("refresh+jwt"));
    let pair = Pair { did, access, refresh, ..Pair::default() };
    pairs.pairs.push(pair.clone());
    let host = pairs.host.clone();
    drop(pairs);
    answer(&peer, &pair, host)
}

fn bearer(headers: &HeaderMap) -> String {
    let value = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.strip_prefix("Bearer ").unwrap_or_default().to_owned()
}

pub(super) async fn refresh(State(peer): Host, headers: HeaderMap) -> Response {
    let token = bearer(&headers);
    let mut pairs = peer.pairs.lock();
    let found =
        pairs.pairs.iter().position(|pair| pair.refresh == token || pair.before.as_ref() == Some(&token));
    let Some(index) = found.filter(|index| pairs.pairs.get(*index).is_some_and(|pair| !pair.over)) else {
        drop(pairs);
        return peer.refuse(StatusCode::BAD_REQUEST, "ExpiredToken");
    };
    let (access, refresh) = (pairs.token("at+jwt"), pairs.token("refresh+jwt"));
    let host = pairs.host.clone();
    let Some(pair) = pairs.pairs.get_mut(index) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    pair.access = access;
    pair.expired = false;
    if pair.refresh == token {
        pair.before = Some(std::mem::replace(&mut pair.refresh, refresh));
    }
    let pair = pair.clone();
    drop(pairs);
    answer(&peer, &pair, host)
}

pub(super) async fn delete(State(peer): Host, headers: HeaderMap) -> Response {
    let token = bearer(&headers);
    let mut pairs = peer.pairs.lock();
    let Some(pair) = pairs.pairs.iter_mut().find(|pair| pair.refresh == token) else {
        drop(pairs);
        return peer.refuse(StatusCode::BAD_REQUEST, "InvalidToken");
    };
    pair.over = true;
    StatusCode::OK.into_response()
}

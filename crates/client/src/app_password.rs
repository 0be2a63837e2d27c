//! Signing in with an app password (SESS-6 … SESS-13), never near the limits of hosts (B8).

use std::time::Duration;

use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::json;
use gatewright_protocol::syntax::{Development, Did, Handle};
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::fetch::Answer;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::dpop::text;
use crate::endpoint::retry_after;
use crate::error::{CallError, printable};
use crate::event::Event;
use crate::keep::Sessions;
use crate::record::{AppPasswordGrant, Grant, Record, SessionId, Tokens};
use crate::secret::{AppPassword, Secret};
use crate::session::Session;
use crate::sessions::{Allowance, Spent};
use crate::tokens::Age;
use crate::xrpc::bearer;

/// Hosts take 30 sign-ins in five minutes and 300 a day, failures counted. A third of either is plenty.
const ALLOWANCES: [Allowance; 2] = [
    Allowance { most: 10, within: Duration::from_mins(5) },
    Allowance { most: 100, within: Duration::from_hours(24) },
];

/// A sign-in with a password, for once.
#[derive(Debug)]
pub struct AppSignIn {
    identifier: String,
    password: AppPassword,
    service: Option<String>,
    factor: Option<Secret>,
}

impl AppSignIn {
    /// As whom, and with what. The identifier is a handle, a DID or, where the host is named, an e-mail address.
    pub fn new(identifier: impl Into<String>, password: impl Into<AppPassword>) -> Self {
        Self { identifier: identifier.into(), password: password.into(), service: None, factor: None }
    }

    /// The host to sign in at, by its URL. Default: the one that the account is kept at.
    #[must_use]
    pub fn at_host(mut self, url: impl Into<String>) -> Self {
        self.service = Some(url.into());
        self
    }

    /// The code that the host has sent by mail, if it asked for one.
    #[must_use]
    pub fn factor_token(mut self, code: &str) -> Self {
        self.factor = Some(code.into());
        self
    }
}

impl Sessions {
    /// Signs in with a password and keeps the session under a new name.
    ///
    /// # Errors
    /// [`PasswordRefused`](CallError::PasswordRefused), [`FactorTokenRequired`](CallError::FactorTokenRequired),
    /// [`RateLimited`](CallError::RateLimited) by our own count or the host's, and what can happen on the way.
    pub async fn sign_in(&self, sign_in: AppSignIn) -> Result<Session, CallError> {
        let id = SessionId::generate(self.random());
        let service = sign_in.service.as_deref().map(origin_of).transpose()?;
        let request = Request {
            identifier: &sign_in.identifier,
            password: &sign_in.password,
            service: service.as_deref(),
            factor: sign_in.factor.as_ref(),
        };
        let record = create_session(self, id, &request).await?;
        self.put_record(&record).await?;
        self.tell(&Event::Created(record.subject()));
        Ok(Session::share_app_password(self, record, None))
    }

    /// Comes back to a session of an app password by its name. Sessions of OAuth need their
    /// [`Client`](crate::Client::resume).
    ///
    /// # Errors
    /// [`SignedOut`](CallError::SignedOut): there is none. The errors of a session that is over, and of the store.
    pub async fn resume(&self, id: &SessionId) -> Result<Session, CallError> {
        let record = self.find_record(id).await?.ok_or(CallError::SignedOut)?;
        match &record.grant {
            Grant::AppPassword(_) => Ok(Session::share_app_password(self, record, None)),
            Grant::Ended { cause, .. } => Err((*cause).into()),
            Grant::Oauth(_) => Err(CallError::Client("it is a session of OAuth: resume it with its client")),
        }
    }
}

/// The origin of a URL that somebody configured; a tail `/xrpc` is forgiven (CL-42).
pub(crate) fn origin_of(text: &str) -> Result<String, CallError> {
    let bad = CallError::Request("the host is not named by the URL of its origin");
    let url = Url::parse(text.trim()).map_err(|_| bad.clone())?;
    let bare = matches!(url.path().trim_end_matches('/'), "" | "/xrpc") && url.query().is_none();
    let sound =
        bare && url.has_host() && url.username().is_empty() && matches!(url.scheme(), "https" | "http");
    if sound { Ok(url.origin().ascii_serialization()) } else { Err(bad) }
}

/// Signs in and gives the record to keep.
pub(crate) async fn sign_in(
    sessions: &Sessions,
    id: SessionId,
    identifier: &str,
    password: &AppPassword,
    service: Option<&str>,
) -> Result<Record, CallError> {
    create_session(sessions, id, &Request { identifier, password, service, factor: None }).await
}

struct Request<'a> {
    identifier: &'a str,
    password: &'a AppPassword,
    service: Option<&'a str>,
    factor: Option<&'a Secret>,
}

async fn create_session(
    sessions: &Sessions,
    id: SessionId,
    request: &Request<'_>,
) -> Result<Record, CallError> {
    let typed = request.identifier.trim();
    // As hosts compare them: a handle in lower case, without the mark that people put before it.
    let handle = Handle::from_input(typed).ok().map(|handle| handle.to_string());
    let identifier = handle.as_deref().unwrap_or(typed);
    let (expected, host) = if let Some(service) = request.service {
        (identifier.parse::<Did>().ok(), service.to_owned())
    } else {
        let (did, host) = find(sessions, identifier).await?;
        (Some(did), host)
    };
    spend(sessions, &host, identifier).await?;
    let mut input = json!({"identifier": identifier, "password": request.password.expose()});
    if let (Some(factor), Some(members)) = (request.factor, input.as_object_mut()) {
        members.insert("authFactorToken".to_owned(), json!(factor.expose()));
    }
    let url = Url::parse(&format!("{host}/xrpc/com.atproto.server.createSession"))
        .map_err(|_| CallError::Request("the host is no origin"))?;
    let answer =
        bearer(sessions, Method::POST, &url, None, Some(&input)).await.map_err(CallError::Network)?;
    if answer.status != 200 {
        return Err(refused(&answer));
    }
    let pair = Pair::read(&answer).ok_or(CallError::Answer("it is no session"))?;
    if expected.is_some_and(|expected| expected != pair.did) {
        return Err(CallError::Answer("it is for another account"));
    }
    let (now, development) = (sessions.now(), sessions.resolver().development());
    let (did, handle) = (pair.did.clone(), pair.handle.clone());
    let host = pair.host(development).unwrap_or(host);
    let grant = Grant::AppPassword(AppPasswordGrant { tokens: pair.into_tokens(now, Age::New) });
    let mut record = Record::new(id, did, host, now, grant);
    record.handle = handle;
    Ok(record)
}

/// The account of an identifier, and the host that it is kept at.
async fn find(sessions: &Sessions, identifier: &str) -> Result<(Did, String), CallError> {
    let resolver = sessions.resolver();
    let identity = if identifier.starts_with("did:") {
        let did = identifier.parse().map_err(|_| CallError::Request("the identifier is no DID"))?;
        resolver.identity(&did).await
    } else {
        let handle = Handle::from_input(identifier).map_err(|_| {
            CallError::Request(
                "the identifier is no handle and no DID; an e-mail address needs the host beside it",
            )
        })?;
        resolver.identity_by_handle(&handle).await
    };
    let identity = identity.map_err(CallError::Resolve)?;
    let host = identity.pds.ok_or(CallError::Answer("the account's DID document names no host"))?;
    Ok((identity.did, host))
}

/// Counts the sign-in in the store, for all processes that share it.
async fn spend(sessions: &Sessions, host: &str, identifier: &str) -> Result<(), CallError> {
    let name = identifier.to_lowercase();
    let key = sessions.ring().lookup(&[b"sign-in", host.as_bytes(), name.as_bytes()]);
    match sessions.store().spend(&key, sessions.now(), &ALLOWANCES).await? {
        Spent::Allowed => Ok(()),
        Spent::Refused { until } => {
            Err(CallError::RateLimited { retry_after: Some(until.since(sessions.now())) })
        }
    }
}

fn refused(answer: &Answer) -> CallError {
    let status = answer.status.as_u16();
    let name = text(answer, "error").unwrap_or_default();
    match (status, name.as_str()) {
        (429, _) => CallError::RateLimited { retry_after: retry_after(answer) },
        (300..=399 | 500.., _) => CallError::Server { status },
        (_, "AuthFactorTokenRequired") => CallError::FactorTokenRequired,
        (_, "AccountTakedown" | "AccountDeactivated" | "AccountSuspended") => {
            CallError::Account { error: name }
        }
        (401, _) => CallError::PasswordRefused,
        _ => CallError::Refused {
            status,
            error: printable(&name),
            message: text(answer, "message").map(|message| printable(&message)).unwrap_or_default(),
        },
    }
}

/// What createSession and refreshSession answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pair {
    access_jwt: Secret,
    refresh_jwt: Secret,
    pub(crate) did: Did,
    #[serde(default)]
    did_doc: Option<Value>,
    #[serde(skip)]
    pub(crate) handle: Option<Handle>,
}

impl Pair {
    pub(crate) fn read(answer: &Answer) -> Option<Self> {
        let mut pair: Self = json::from_slice(&answer.body).ok()?;
        pair.handle = text(answer, "handle").and_then(|text| text.parse().ok());
        let sound = !pair.access_jwt.expose().is_empty() && !pair.refresh_jwt.expose().is_empty();
        (sound && pair.did.is_atproto()).then_some(pair)
    }

    /// Where the host says that the account is kept (SESS-13).
    pub(crate) fn host(&self, development: Development) -> Option<String> {
        DidDocument::from_value(&self.did, self.did_doc.as_ref()?).ok()?.pds(development)
    }

    pub(crate) fn into_tokens(self, now: UnixTime, age: Age) -> Tokens {
        Tokens::of_pair(self.access_jwt, self.refresh_jwt, now, age)
    }
}

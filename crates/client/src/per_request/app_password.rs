//! `x-atproto-handle` with `x-atproto-password`: a session at the host of the identity.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::Identity;

use super::cache::Begun;
use super::host::{NamedHost, is_same_origin};
use super::{Inner, Refused};
use crate::bot::resume_or_begin;
use crate::keep::Sessions;
use crate::record::SessionId;
use crate::secret::AppPassword;
use crate::session::{Again, Session};

/// How long a session is at hand before it is looked up again where the identity is kept. That costs no sign-in.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// Who is named, as hosts compare names.
#[derive(Clone, Debug)]
enum Identifier {
    Did(Did),
    /// Not resolvable: it says something only to a host that is named beside it.
    Email(String),
    Handle(Handle),
}

impl Identifier {
    fn parse(text: &str) -> Result<Self, Refused> {
        if text.starts_with("did:") {
            let did: Did = text.parse().map_err(|_| Refused::Identifier)?;
            return if did.is_atproto() { Ok(Self::Did(did)) } else { Err(Refused::Identifier) };
        }
        match Handle::from_input(text) {
            Ok(handle) => Ok(Self::Handle(handle)),
            Err(_) if text.contains('@') => Ok(Self::Email(text.to_lowercase())),
            Err(_) => Err(Refused::Identifier),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Did(did) => did.as_str(),
            Self::Email(text) => text,
            Self::Handle(handle) => handle.as_str(),
        }
    }

    /// The identity; none for an address, which leads to none.
    async fn resolve(&self, sessions: &Sessions) -> Result<Option<Identity>, Refused> {
        let resolver = sessions.resolver();
        Ok(match self {
            Self::Did(did) => Some(resolver.identity(did).await?),
            Self::Email(_) => None,
            Self::Handle(handle) => Some(resolver.identity_by_handle(handle).await?),
        })
    }
}

/// The session of a pair, and of nobody else's pair: the key is made of all of it.
pub(super) async fn session(
    inner: &Inner,
    identifier: &str,
    password: AppPassword,
    host: Option<&str>,
) -> Result<Session, Refused> {
    if !inner.main_passwords && !password.has_app_form() {
        return Err(Refused::MainPassword);
    }
    let identifier = Identifier::parse(identifier)?;
    let host = host.map(|text| inner.hosts.judge(text)).transpose()?;
    if matches!((&identifier, &host), (Identifier::Email(_), None | Some(NamedHost::MustBeOwn(_)))) {
        return Err(Refused::Identifier);
    }
    let named = host.as_ref().map_or("", NamedHost::origin);
    let parts: [&[u8]; 4] = [
        b"per-request app password",
        named.as_bytes(),
        identifier.as_str().as_bytes(),
        password.expose().as_bytes(),
    ];
    let key = inner.sessions.ring().lookup(&parts);
    let sessions = inner.sessions.clone();
    inner.cache.session(key, || begin(sessions, identifier, password, host)).await
}

/// Where somebody signs in, and as whom.
struct Place {
    identifier: String,
    origin: String,
    expected: Option<Did>,
}

async fn begin(
    sessions: Sessions,
    identifier: Identifier,
    password: AppPassword,
    host: Option<NamedHost>,
) -> Result<Begun, Refused> {
    let place = place(&sessions, &identifier, host).await?;
    // However the account was named: the same account, host and password have one session, also between processes.
    let id = SessionId::of_caller(&sessions.ring().lookup(&[
        b"per-request session",
        place.origin.as_bytes(),
        place.identifier.as_bytes(),
        password.expose().as_bytes(),
    ]));
    let again = Again {
        identifier: place.identifier,
        password,
        service: Some(place.origin),
        refused: AtomicBool::new(false),
    };
    let record = resume_or_begin(&sessions, &id, &again).await?;
    if place.expected.is_some_and(|expected| expected != record.did) {
        return Err(Refused::UnknownAccount);
    }
    // Without the password: it is gone when this returns, and the next request brings it again.
    let session = Session::share_app_password(&sessions, record, None);
    Ok(Begun { session, until: sessions.now().plus(LOOK_AGAIN) })
}

async fn place(
    sessions: &Sessions,
    identifier: &Identifier,
    host: Option<NamedHost>,
) -> Result<Place, Refused> {
    if let Some(NamedHost::Allowed(origin)) = host {
        // The operator trusts this host to know its accounts, also those that cannot be looked up from here.
        let expected = match identifier.resolve(sessions).await {
            Ok(identity) => identity.map(|identity| identity.did),
            Err(_) => None,
        };
        return Ok(Place { identifier: identifier.as_str().to_owned(), origin, expected });
    }
    let identity = identifier.resolve(sessions).await?.ok_or(Refused::Identifier)?;
    let own = identity.pds.ok_or(Refused::UnknownAccount)?;
    if host.is_some_and(|host| !is_same_origin(host.origin(), &own)) {
        return Err(Refused::ForeignHost);
    }
    // By the DID: what is signed in to is the account that was found, whatever the host makes of its handle.
    Ok(Place { identifier: identity.did.to_string(), origin: own, expected: Some(identity.did) })
}

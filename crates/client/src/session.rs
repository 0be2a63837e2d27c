//! [`Session`]: acting for one account, always with tokens that are good.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use gatewright_protocol::random::random_bytes;
use gatewright_protocol::scope::{Need, Permissions, Scopes};
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_protocol::time::UnixTime;
use http::HeaderValue;
use parking_lot::RwLock;
use url::Url;

use crate::call::Call;
use crate::client::Client;
use crate::dpop::{ProofKey, secret_header};
use crate::error::CallError;
use crate::keep::{Sessions, over};
use crate::limit::Limit;
use crate::record::{Grant, Kind, Record, SessionId};
use crate::scope::covers;
use crate::secret::AppPassword;
use crate::sessions::RowKey;

/// An access token with less time left than this is renewed first, give or take (CL-26).
const EARLY: Duration = Duration::from_secs(10);
/// What is added at random, so that many sessions of one moment are not renewed at one moment.
const SPREAD_MILLIS: u64 = 30_000;

/// An account that somebody is signed in as, by OAuth or with an app password.
///
/// Cheap to clone. All clones, and all handles on the same session in this process, share its tokens; other processes
/// share them through the store. Calls are made with tokens that are good: they are renewed before they expire and when
/// the host says that they did, by one task of one process at a time.
#[derive(Clone)]
pub struct Session(pub(crate) Arc<Shared>, Option<Arc<Limit>>);

/// The state of one session in this process.
pub(crate) struct Shared {
    pub(crate) sessions: Sessions,
    pub(crate) key: RowKey,
    pub(crate) id: SessionId,
    pub(crate) account: Did,
    pub(crate) way: Way,
    state: RwLock<State>,
    /// What was asked for and what was granted; known after the end too.
    scopes: RwLock<(Scopes, Scopes)>,
    /// Whose turn it is to renew.
    pub(crate) turn: tokio::sync::Mutex<()>,
    /// How many renewals have ended, and how the last one failed, if it did.
    pub(crate) landed: parking_lot::Mutex<(u64, Option<CallError>)>,
    /// Not renewed ahead of time before then, because that failed a moment ago; in milliseconds.
    pub(crate) not_before: AtomicI64,
    /// Whether somebody has looked for a new host lately; in milliseconds.
    pub(crate) looked: AtomicI64,
}

/// What a session is renewed with.
pub(crate) enum Way {
    AppPassword(Option<Again>),
    Oauth(Client),
}

/// How a bot signs in again when its session is over.
pub(crate) struct Again {
    pub(crate) identifier: String,
    pub(crate) password: AppPassword,
    pub(crate) service: Option<String>,
    /// The host does not take the password: not tried again until the program starts anew.
    pub(crate) refused: AtomicBool,
}

#[derive(Clone)]
enum State {
    Live(Arc<Current>),
    Over(CallError),
}

/// A record, ready to be used.
pub(crate) struct Current {
    pub(crate) record: Record,
    pub(crate) host: Url,
    pub(crate) origin: String,
    pub(crate) access: [u8; 32],
    pub(crate) authorization: HeaderValue,
    pub(crate) proof: Option<Arc<ProofKey>>,
    /// When the access token is to be renewed.
    due: Option<UnixTime>,
}

impl Current {
    /// `None` for a session that is over, or a record that cannot be used.
    fn of(record: Record, sessions: &Sessions, key: &RowKey) -> Result<Self, CallError> {
        if let Some(error) = over(&record) {
            return Err(error);
        }
        let damaged = || CallError::Store(crate::sessions::SessionStoreError::Damaged);
        let tokens = record.tokens().ok_or_else(damaged)?;
        let host = Url::parse(&record.host).map_err(|_| damaged())?;
        let (scheme, proof) = match &record.grant {
            Grant::Oauth(grant) => {
                let proof = sessions.proof_key(key, &grant.key).ok_or_else(damaged)?;
                ("DPoP", Some(proof))
            }
            _ => ("Bearer", None),
        };
        let authorization =
            secret_header(&format!("{scheme} {}", tokens.access.expose())).ok_or_else(damaged)?;
        let (access, due) =
            (tokens.access.hash(), tokens.expires.map(|expires| due(expires, tokens.life(), sessions)));
        let origin = host.origin().ascii_serialization();
        Ok(Self { record, host, origin, access, authorization, proof, due })
    }

    pub(crate) fn is_due(&self, now: UnixTime) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Is the access token over, as far as is known?
    pub(crate) fn is_expired(&self, now: UnixTime) -> bool {
        self.record.tokens().and_then(|tokens| tokens.expires).is_some_and(|expires| expires <= now)
    }
}

/// Some time before the end, but never more than a quarter of the whole life.
fn due(expires: UnixTime, life: Option<Duration>, sessions: &Sessions) -> UnixTime {
    let spread = u64::from_be_bytes(random_bytes(sessions.random())) % SPREAD_MILLIS;
    let early = EARLY + Duration::from_millis(spread);
    expires.minus(life.map_or(early, |life| early.min(life / 4)))
}

impl Shared {
    pub(crate) fn new(sessions: &Sessions, key: RowKey, record: Record, way: Way) -> Self {
        let (id, account) = (record.id.clone(), record.did.clone());
        let scopes = RwLock::new(record.scopes());
        let state = match Current::of(record, sessions, &key) {
            Ok(current) => State::Live(Arc::new(current)),
            Err(error) => State::Over(error),
        };
        Self {
            sessions: sessions.clone(),
            key,
            id,
            account,
            way,
            state: RwLock::new(state),
            scopes,
            turn: tokio::sync::Mutex::default(),
            landed: parking_lot::Mutex::new((0, None)),
            not_before: AtomicI64::new(i64::MIN),
            looked: AtomicI64::new(i64::MIN),
        }
    }

    pub(crate) fn current(&self) -> Result<Arc<Current>, CallError> {
        match &*self.state.read() {
            State::Live(current) => Ok(Arc::clone(current)),
            State::Over(error) => Err(error.clone()),
        }
    }

    /// Takes over a record that was read or written.
    pub(crate) fn adopt(&self, record: Record) -> Result<Arc<Current>, CallError> {
        if record.tokens().is_some() {
            *self.scopes.write() = record.scopes();
        }
        let mut state = self.state.write();
        match Current::of(record, &self.sessions, &self.key) {
            Ok(current) => {
                let current = Arc::new(current);
                *state = State::Live(Arc::clone(&current));
                self.not_before.store(i64::MIN, Ordering::Relaxed);
                Ok(current)
            }
            Err(error) => {
                *state = State::Over(error.clone());
                Err(error)
            }
        }
    }

    /// From now on every call fails with this.
    pub(crate) fn end(&self, error: CallError) {
        self.sessions.forget_proof_key(&self.key);
        *self.state.write() = State::Over(error);
    }
}

impl Session {
    /// A session that was just signed in to.
    pub(crate) fn adopt_oauth(client: &Client, record: Record) -> Self {
        let session = Self::share_oauth(client, record.clone());
        // Somebody in this process may hold the session that this one replaces.
        let _ = session.0.adopt(record);
        session
    }

    pub(crate) fn share_oauth(client: &Client, record: Record) -> Self {
        let fits = |shared: &Shared| matches!(&shared.way, Way::Oauth(other) if other.is_same(client));
        Self::share(client.sessions(), record, fits, || Way::Oauth(client.clone()))
    }

    /// `again`: how it is signed in to anew. A handle that knows how is as good as one that does not need to.
    pub(crate) fn share_app_password(sessions: &Sessions, record: Record, again: Option<Again>) -> Self {
        let needs = again.is_some();
        let fits =
            move |shared: &Shared| matches!(&shared.way, Way::AppPassword(has) if has.is_some() || !needs);
        Self::share(sessions, record, fits, || Way::AppPassword(again))
    }

    fn share(
        sessions: &Sessions,
        record: Record,
        fits: impl FnOnce(&Shared) -> bool,
        way: impl FnOnce() -> Way,
    ) -> Self {
        let key = sessions.row_key(&record.id);
        let made = || Shared::new(sessions, key, record.clone(), way());
        let shared = sessions.share(&key, fits, made);
        if shared.current().is_err() {
            // What was over here has been begun anew, perhaps by another process.
            let _ = shared.adopt(record);
        }
        Self(shared, None)
    }

    /// Its name: what an application keeps to come back to it with [`Client::resume`].
    pub fn id(&self) -> &SessionId {
        &self.0.id
    }

    /// Whose session it is.
    pub fn account(&self) -> &Did {
        &self.0.account
    }

    /// What the account was called when somebody signed in. A handle may change hands: look it up again before it
    /// matters.
    pub fn handle(&self) -> Option<Handle> {
        self.0.current().ok()?.record.handle.clone()
    }

    /// The origin of the host that is called; nothing if the session is over.
    pub fn host(&self) -> Option<String> {
        Some(self.0.current().ok()?.origin.clone())
    }

    /// How it came about.
    pub fn kind(&self) -> Kind {
        match &self.0.way {
            Way::AppPassword(_) => Kind::AppPassword,
            Way::Oauth(_) => Kind::Oauth,
        }
    }

    /// What was granted; nothing for an app password, whose powers are not scopes. A session that came by a reference
    /// has what the reference has of it.
    pub fn granted(&self) -> Scopes {
        let granted = self.0.scopes.read().1.clone();
        match &self.1 {
            None => granted,
            Some(limit) => {
                let held = Permissions::of(&granted);
                limit.scopes.filter(|scope| covers(&held, &granted, scope))
            }
        }
    }

    /// A handle that may be used for less.
    pub(crate) fn limited(self, limit: Arc<Limit>) -> Self {
        Self(self.0, Some(limit))
    }

    /// # Errors
    /// The call needs more than this handle may be used for.
    pub(crate) fn check_limit(&self, call: &Call, nsid: &str) -> Result<(), CallError> {
        self.1.as_ref().map_or(Ok(()), |limit| limit.check(call, nsid))
    }

    /// Is it not over, as far as is known here?
    pub(crate) fn is_good(&self) -> bool {
        matches!(&*self.0.state.read(), State::Live(_))
    }

    /// What was asked for, permission sets as such.
    pub fn asked(&self) -> Scopes {
        self.0.scopes.read().0.clone()
    }

    /// Was this granted, as far as scopes tell? The host has the last word.
    pub fn allows(&self, need: &Need<'_>) -> bool {
        Permissions::of(&self.granted()).allows(need)
    }
}

/// Who, and nothing of how.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.0.id)
            .field("account", &self.0.account)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("id", &self.id).finish_non_exhaustive()
    }
}

//! Sessions at hand, by a keyed hash of what was presented. Bounded; one sign-in for a key at a time; no lock is held
//! while anybody waits.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use gatewright_protocol::time::UnixTime;
use parking_lot::Mutex;

use super::Refused;
use super::counters::Counters;
use crate::keep::Sessions;
use crate::session::Session;

/// For how long a password or token that its host does not take is not tried again.
const REFUSED_FOR: Duration = Duration::from_mins(5);
/// The most sign-ins under way at once.
const MOST_BEGINNING: usize = 256;

/// A keyed hash of host, identifier and secret. Nothing can be told from it without the key ring.
pub(super) type Key = [u8; 32];
type Outcome = Result<Session, Refused>;
type Flight = Shared<BoxFuture<'static, Outcome>>;

/// What was begun for a key: a session, and until when it is at hand before it is begun anew.
pub(super) struct Begun {
    pub(super) session: Session,
    pub(super) until: UnixTime,
}

#[derive(Clone)]
pub(super) struct Cache(Arc<Inner>);

struct Inner {
    sessions: Sessions,
    counters: Arc<Counters>,
    most: usize,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    entries: HashMap<Key, Entry>,
    /// Rises with each use: what has the lowest is what was not used for longest.
    uses: u64,
    beginning: usize,
}

struct Entry {
    state: State,
    used: u64,
}

enum State {
    Beginning(Flight),
    Ready(Begun),
    Refused { why: Refused, until: UnixTime },
}

enum Found {
    Flight(Flight),
    Session(Session),
}

impl Cache {
    pub(super) fn new(sessions: Sessions, counters: Arc<Counters>, most: usize) -> Self {
        Self(Arc::new(Inner { sessions, counters, most: most.max(1), table: Mutex::default() }))
    }

    /// The session of a key: the one at hand, or what comes of `begin`, for everybody who waits for it.
    pub(super) async fn session<F>(&self, key: Key, begin: impl FnOnce() -> F) -> Outcome
    where
        F: Future<Output = Result<Begun, Refused>> + Send + 'static,
    {
        match self.find(key, begin)? {
            Found::Session(session) => Ok(session),
            Found::Flight(flight) => flight.await,
        }
    }

    fn find<F>(&self, key: Key, begin: impl FnOnce() -> F) -> Result<Found, Refused>
    where
        F: Future<Output = Result<Begun, Refused>> + Send + 'static,
    {
        let now = self.0.sessions.now();
        let mut table = self.0.table.lock();
        table.uses += 1;
        let uses = table.uses;
        if let Some(entry) = table.entries.get_mut(&key) {
            entry.used = uses;
            match &entry.state {
                State::Beginning(flight) => return Ok(Found::Flight(flight.clone())),
                State::Ready(ready) if now < ready.until && ready.session.is_good() => {
                    self.0.counters.cached();
                    return Ok(Found::Session(ready.session.clone()));
                }
                State::Refused { why, until } if now < *until => return Err(why.clone()),
                State::Ready(_) | State::Refused { .. } => {}
            }
        }
        if table.beginning >= MOST_BEGINNING {
            return Err(Refused::Unavailable("too many sign-ins are under way"));
        }
        self.0.counters.begun();
        table.beginning += 1;
        table.make_room(self.0.most, &key);
        let flight = self.depart(key, begin());
        table.entries.insert(key, Entry { state: State::Beginning(flight.clone()), used: uses });
        Ok(Found::Flight(flight))
    }

    /// A task of its own: whoever asked may go away, the others still get their session.
    fn depart<F>(&self, key: Key, begun: F) -> Flight
    where
        F: Future<Output = Result<Begun, Refused>> + Send + 'static,
    {
        let cache = self.clone();
        let task = tokio::spawn(async move {
            let landing = Landing { cache, key, outcome: None };
            landing.land(begun.await)
        });
        let ended = Refused::Unavailable("the sign-in was broken off");
        async move { task.await.unwrap_or(Err(ended)) }.boxed().shared()
    }

    pub(super) fn forget(&self, key: &Key) {
        let mut table = self.0.table.lock();
        if table.entries.get(key).is_some_and(|entry| !matches!(entry.state, State::Beginning(_))) {
            table.entries.remove(key);
        }
    }

    /// How many are at hand.
    pub(super) fn len(&self) -> usize {
        self.0.table.lock().entries.len()
    }
}

/// Ends a flight in the table, also when the task panics.
struct Landing {
    cache: Cache,
    key: Key,
    outcome: Option<State>,
}

impl Landing {
    fn land(mut self, outcome: Result<Begun, Refused>) -> Outcome {
        match outcome {
            Ok(begun) => {
                let session = begun.session.clone();
                self.outcome = Some(State::Ready(begun));
                Ok(session)
            }
            Err(why) => {
                if why.is_final() {
                    let until = self.cache.0.sessions.now().plus(REFUSED_FOR);
                    self.outcome = Some(State::Refused { why: why.clone(), until });
                }
                Err(why)
            }
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut table = self.cache.0.table.lock();
        table.beginning = table.beginning.saturating_sub(1);
        match self.outcome.take() {
            Some(state) => {
                let used = table.uses;
                table.entries.insert(self.key, Entry { state, used });
            }
            None => {
                table.entries.remove(&self.key);
            }
        }
    }
}

impl Table {
    /// What was refused goes first, then what was not used for longest; never what is under way.
    fn make_room(&mut self, most: usize, key: &Key) {
        while self.entries.len() >= most && !self.entries.contains_key(key) {
            let oldest = self
                .entries
                .iter()
                .filter(|(_, entry)| !matches!(entry.state, State::Beginning(_)))
                .min_by_key(|(_, entry)| (matches!(entry.state, State::Ready(_)), entry.used))
                .map(|(key, _)| *key);
            let Some(oldest) = oldest else { return };
            self.entries.remove(&oldest);
        }
    }
}

impl Refused {
    /// Is it the credentials' own fault, so that trying them again in a moment comes to the same?
    const fn is_final(&self) -> bool {
        matches!(self, Self::PasswordRefused | Self::Token | Self::TokenExpired | Self::Audience)
    }
}

/// How many, and nothing of whom.
impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({} entries)", self.len())
    }
}

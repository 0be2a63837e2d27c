//! Permission sets as their authors publish them: resolved with proof, and kept in the store for every node (PS-15 …
//! PS-19).
//!
//! Fresh: what is kept serves. Stale: it is fetched again first, and if that fails the copy serves. Expired: the copy
//! serves sessions that run, and no new ones. Of each set one fetch is under way at a time, for all who wait. What is
//! remembered of failures, and for how long, is in `failures.rs` and in decision 0007.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use gatewright_protocol::permission_set::PermissionSet;
use gatewright_protocol::syntax::Nsid;
use gatewright_protocol::time::{Clock, UnixTime};
use gatewright_resolve::{FetchError, Lexicon, ResolveError, Resolver};
use gatewright_store::StoreError;
use gatewright_store::lexicon::{CurrentLexicon, LexiconKept, LexiconStore, LexiconVersion};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::permission_sets::{FindSetError, KnownSet, PermissionSets, Purpose};

mod failures;
#[cfg(test)]
mod tests;

use failures::{Failures, Pause};

/// How long a resolution may take: a little less than what a pushed request gives it (PS-27).
const BUDGET: Duration = Duration::from_millis(7500);
/// How long somebody waits for a newer version who has a copy that would do.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a set in memory needs no look into the store, where another node may have put a newer one.
const REREAD: Duration = Duration::from_secs(10);
/// Sets that are remembered ready for use.
const MOST_REMEMBERED: u64 = 1000;
/// Sets that are fetched at one time.
const MOST_FETCHES: usize = 128;
/// The bounds of [`Freshness::stale`] (PS-17).
const STALE: (Duration, Duration) = (Duration::from_mins(15), Duration::from_hours(24));

/// Where lexicons come from: [`Resolver`] in a server, a table in tests.
#[async_trait]
pub trait LexiconSource: Send + Sync {
    /// The lexicon as its author publishes it now, its proof checked.
    async fn lexicon(&self, nsid: &Nsid) -> Result<Lexicon, ResolveError>;
}

#[async_trait]
impl LexiconSource for Resolver {
    async fn lexicon(&self, nsid: &Nsid) -> Result<Lexicon, ResolveError> {
        Self::lexicon(self, nsid).await
    }
}

/// For how long a copy is good (PS-17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// A copy that was seen at its author's longer ago than this is asked for again; 15 minutes to 24 hours, else the
    /// nearer of these.
    pub stale: Duration,
    /// A copy that was seen at its author's longer ago than this begins no session.
    pub expired: Duration,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { stale: Duration::from_hours(1), expired: Duration::from_hours(90 * 24) }
    }
}

/// Permission sets, resolved and kept. Cheap to clone.
#[derive(Clone)]
pub struct Lexicons(Arc<Inner>);

struct Inner {
    source: Arc<dyn LexiconSource>,
    store: Arc<dyn LexiconStore>,
    clock: Arc<dyn Clock>,
    freshness: Freshness,
    remembered: moka::sync::Cache<Nsid, Remembered>,
    failures: Failures,
    flights: Mutex<HashMap<Nsid, Flight>>,
    fetches: Semaphore,
}

/// A set that is kept in the store, ready for use.
#[derive(Clone)]
struct Remembered {
    set: Arc<KnownSet>,
    /// When it was last seen at its author's.
    checked_at: UnixTime,
    /// When it was last seen in the store.
    read_at: UnixTime,
}

/// A fetch that is under way.
type Flight = Shared<BoxFuture<'static, Outcome>>;
type Outcome = Result<Arc<KnownSet>, FindSetError>;

impl Lexicons {
    /// Sets from `source`, kept in `store`.
    pub fn new(
        source: Arc<dyn LexiconSource>,
        store: Arc<dyn LexiconStore>,
        clock: Arc<dyn Clock>,
        freshness: Freshness,
    ) -> Self {
        let stale = freshness.stale.clamp(STALE.0, STALE.1);
        Self(Arc::new(Inner {
            source,
            store,
            clock,
            freshness: Freshness { stale, ..freshness },
            remembered: moka::sync::Cache::new(MOST_REMEMBERED),
            failures: Failures::new(),
            flights: Mutex::default(),
            fetches: Semaphore::new(MOST_FETCHES),
        }))
    }

    /// The set as its author publishes it now, by the fetch that is under way or by a new one; the reason why not,
    /// where that was tried a moment ago.
    async fn refresh(&self, nsid: &Nsid, copy: Option<&Remembered>) -> Outcome {
        let flight = {
            let mut flights = self.0.flights.lock();
            if let Some(flight) = flights.get(nsid) {
                flight.clone()
            } else if let Some(why) = self.0.failures.recent(nsid, self.0.clock.now()) {
                return Err(why);
            } else {
                let flight = self.depart(nsid.clone(), copy.is_some());
                flights.insert(nsid.clone(), flight.clone());
                flight
            }
        };
        match copy {
            None => flight.await,
            Some(_) => timeout(PATIENCE, flight).await.unwrap_or_else(|_| Err(too_slow(nsid))),
        }
    }

    /// Starts a fetch. It goes on when nobody waits for it any more: what it brings serves the next who ask.
    fn depart(&self, nsid: Nsid, has_copy: bool) -> Flight {
        let this = self.clone();
        let landing = tokio::spawn(async move {
            // Whatever happens, also a panic: whoever comes later starts a flight of its own.
            let _landed = Landed { lexicons: &this, nsid: &nsid };
            this.0.fetch(&nsid, has_copy).await
        });
        let landed = landing.map(|landed| {
            landed.unwrap_or_else(|_| Err(FindSetError::Ours("resolving a permission set failed".to_owned())))
        });
        landed.boxed().shared()
    }
}

/// Takes a flight off the list when it ends.
struct Landed<'a> {
    lexicons: &'a Lexicons,
    nsid: &'a Nsid,
}

impl Drop for Landed<'_> {
    fn drop(&mut self) {
        self.lexicons.0.flights.lock().remove(self.nsid);
    }
}

#[async_trait]
impl PermissionSets for Lexicons {
    async fn find(&self, nsid: &Nsid, purpose: Purpose) -> Result<Arc<KnownSet>, FindSetError> {
        // The authority of a name is a domain, which has no case; its record has the lower one.
        let nsid = nsid.authority_lowercased();
        let known = self.0.known(&nsid).await.map_err(|error| ours(&error))?;
        if let Some(known) = &known
            && self.0.is_fresh(known)
        {
            return Ok(Arc::clone(&known.set));
        }
        let unexpired = known.as_ref().filter(|known| !self.0.is_expired(known));
        match (self.refresh(&nsid, unexpired).await, purpose) {
            (Ok(set), _) => Ok(set),
            (Err(error), Purpose::NewSession) => unexpired.map(|known| Arc::clone(&known.set)).ok_or(error),
            (Err(error), Purpose::RunningSession) => known.map(|known| known.set).ok_or(error),
        }
    }
}

impl Inner {
    /// The version in force, from memory or from the store.
    async fn known(&self, nsid: &Nsid) -> Result<Option<Remembered>, StoreError> {
        let now = self.clock.now();
        let remembered = self.remembered.get(nsid);
        if let Some(remembered) = &remembered
            && is_younger(remembered.read_at, REREAD, now)
        {
            return Ok(Some(remembered.clone()));
        }
        let Some(kept) = self.store.find_lexicon(nsid).await? else { return Ok(None) };
        let set = match remembered.map(|remembered| remembered.set) {
            Some(set) if is_version(&set, &kept.version) => set,
            _ => match read(&kept) {
                Some(set) => Arc::new(set),
                None => return Ok(None),
            },
        };
        let known = Remembered { set, checked_at: kept.checked_at, read_at: now };
        self.remembered.insert(nsid.clone(), known.clone());
        Ok(Some(known))
    }

    fn is_fresh(&self, known: &Remembered) -> bool {
        is_younger(known.checked_at, self.freshness.stale, self.clock.now())
    }

    fn is_expired(&self, known: &Remembered) -> bool {
        self.clock.now().since(known.checked_at) >= self.freshness.expired
    }

    /// Resolves a set and keeps it, or remembers why that failed.
    async fn fetch(&self, nsid: &Nsid, has_copy: bool) -> Outcome {
        let resolved = timeout(BUDGET, async {
            let _permit = self.fetches.acquire().await;
            self.source.lexicon(nsid).await
        });
        let outcome = match resolved.await {
            Ok(Ok(lexicon)) => self.keep(nsid, lexicon).await,
            Ok(Err(error)) => Err((Pause::after(&error), refusal(nsid, &error))),
            Err(_) => Err((Pause::Long, too_slow(nsid))),
        };
        match outcome {
            Ok(set) => {
                self.failures.forget(nsid);
                Ok(set)
            }
            Err((pause, why)) => {
                tracing::warn!(lexicon.nsid = %nsid, copy = has_copy, "{why}");
                let pause = if has_copy { Pause::Longest } else { pause };
                self.failures.remember(nsid, why.clone(), pause, self.clock.now());
                Err(why)
            }
        }
    }

    async fn keep(&self, nsid: &Nsid, lexicon: Lexicon) -> Result<Arc<KnownSet>, (Pause, FindSetError)> {
        let unresolved = |why: String| (Pause::Short, FindSetError::Unresolved { nsid: nsid.clone(), why });
        let set = PermissionSet::from_document(&lexicon.document)
            .map_err(|error| unresolved(format!("it is not a permission set: {error}")))?;
        let now = self.clock.now();
        let version = LexiconVersion {
            nsid: nsid.clone(),
            did: lexicon.did,
            cid: lexicon.cid,
            rev: lexicon.rev,
            document: lexicon.document.to_string().into(),
            resolved_at: now,
        };
        let known = known_set(set, &version);
        match self.store.keep_lexicon(version).await {
            Ok(LexiconKept::RolledBack) => {
                Err(unresolved("its host answered with an older version than it did before".to_owned()))
            }
            Ok(LexiconKept::New) => {
                let set = Arc::new(known);
                tracing::info!(lexicon.nsid = %nsid, lexicon.cid = %set.cid, "new version of `{nsid}`");
                let remembered = Remembered { set: Arc::clone(&set), checked_at: now, read_at: now };
                self.remembered.insert(nsid.clone(), remembered);
                Ok(set)
            }
            Ok(LexiconKept::Unchanged) => {
                // The store knows when it first came into force.
                self.remembered.invalidate(nsid);
                let kept = self.known(nsid).await.map_err(|error| (Pause::Short, ours(&error)))?;
                Ok(kept.map_or_else(|| Arc::new(known), |kept| kept.set))
            }
            // There is no room for it: it is as good as those that are kept, only asked for each time.
            Err(StoreError::Full { .. }) => Ok(Arc::new(known)),
            Err(error) => Err((Pause::Short, ours(&error))),
        }
    }
}

/// A point in time that lies ahead is of a clock that was set back: its age cannot be told.
fn is_younger(time: UnixTime, than: Duration, now: UnixTime) -> bool {
    time <= now && now.since(time) < than
}

fn is_version(set: &KnownSet, version: &LexiconVersion) -> bool {
    set.resolved_at == version.resolved_at && set.cid == version.cid.to_string()
}

/// What was kept was a set when it was resolved; a later program may be stricter.
fn read(kept: &CurrentLexicon) -> Option<KnownSet> {
    let document = serde_json::from_slice(&kept.version.document).ok();
    let set = document.and_then(|document| PermissionSet::from_document(&document).ok());
    if set.is_none() {
        tracing::error!(lexicon.nsid = %kept.version.nsid, "what is kept of `{}` is no permission set", kept.version.nsid);
    }
    Some(known_set(set?, &kept.version))
}

fn known_set(set: PermissionSet, version: &LexiconVersion) -> KnownSet {
    KnownSet {
        set,
        cid: version.cid.to_string(),
        rev: version.rev.to_string(),
        resolved_at: version.resolved_at,
    }
}

fn too_slow(nsid: &Nsid) -> FindSetError {
    FindSetError::Unresolved {
        nsid: nsid.clone(),
        why: "its author's host did not answer in time".to_owned(),
    }
}

fn refusal(nsid: &Nsid, error: &ResolveError) -> FindSetError {
    let why = chain(error);
    match error {
        ResolveError::Fetch { source: FetchError::Busy | FetchError::NoRootCertificates, .. } => {
            FindSetError::Ours(why)
        }
        _ => FindSetError::Unresolved { nsid: nsid.clone(), why },
    }
}

fn ours(error: &StoreError) -> FindSetError {
    FindSetError::Ours(chain(error))
}

/// An error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl fmt::Debug for Lexicons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lexicons").field("freshness", &self.0.freshness).finish_non_exhaustive()
    }
}

//! [`Sessions`]: a store, the keys that seal it, and everything else that sessions need.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use gatewright_protocol::random::Random;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_protocol::time::{Clock, UnixTime};
use gatewright_resolve::Resolver;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use parking_lot::Mutex;
use url::Url;

use crate::dpop::ProofKey;
use crate::error::CallError;
use crate::event::{Event, Listeners, Subject};
use crate::record::{Grant, Kind, Record, SessionId};
use crate::secret::Secret;
use crate::session::Shared;
use crate::sessions::{Keep, KeyRing, RowKey, RowKind, SessionStore, SessionStoreError};

/// How long it is remembered who was signed in, after a session is over.
const MEMORY_OF_THE_ENDED: Duration = Duration::from_hours(24 * 30);
/// How many rows are read at once.
const PAGE: usize = 100;

/// Where sessions are kept, and what they need to go on. Cheap to clone.
///
/// Whoever listens is named here, before anything can happen: no change of a session can be missed.
///
/// ```no_run
/// use gatewright_client::Sessions;
/// use gatewright_client::sessions::{KeyRing, file::FolderStore};
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let random = gatewright_resolve::system::SystemRandom;
/// let ring = KeyRing::load_or_create("state/session.keys".as_ref(), &random)?;
/// let sessions = Sessions::builder(FolderStore::open("state/sessions")?, ring)
///     .on_event(|event| eprintln!("{} {}", event.name(), event.subject().account))
///     .build();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Sessions(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn SessionStore>,
    ring: KeyRing,
    resolver: Resolver,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    listeners: Listeners,
    /// The sessions in use, so that two handles on one session share its tokens and its refresh.
    open: Mutex<HashMap<RowKey, Weak<Shared>>>,
    /// Proof keys that were used lately, with the nonces of their servers: a web application comes back to a session
    /// with each request, and should not have to ask for a nonce each time.
    proofs: Mutex<HashMap<RowKey, Arc<ProofKey>>>,
}

/// Makes [`Sessions`].
#[derive(Debug)]
pub struct Builder {
    store: Arc<dyn SessionStore>,
    ring: KeyRing,
    resolver: Option<Resolver>,
    plc: Option<Url>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    listeners: Listeners,
}

impl Builder {
    /// The PLC directory that accounts are looked up in. Default: the public one. One over plain HTTP, such as
    /// `gatewright dev` has, makes hosts on this machine count too. Has no effect beside
    /// [`resolver`](Self::resolver).
    #[must_use]
    pub fn plc(mut self, directory: Url) -> Self {
        self.plc = Some(directory);
        self
    }

    /// What accounts and servers are looked up with, and every request goes through. Default: the public network.
    #[must_use]
    pub fn resolver(mut self, resolver: Resolver) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// The time. Default: the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Randomness. Default: the machine's.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Somebody who is told of everything that happens to sessions. It is called on the way of whatever caused it, so
    /// it should not take long. May be called several times.
    #[must_use]
    pub fn on_event(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.listeners.add(listener);
        self
    }

    /// The sessions. Nothing is read before the first question.
    pub fn build(self) -> Sessions {
        let resolver = self.resolver.unwrap_or_else(|| {
            let mut resolver = Resolver::builder(Arc::clone(&self.clock));
            if let Some(plc) = self.plc {
                resolver = resolver.directory(plc);
            }
            resolver.build()
        });
        Sessions(Arc::new(Inner {
            store: self.store,
            ring: self.ring,
            resolver,
            clock: self.clock,
            random: self.random,
            listeners: self.listeners,
            open: Mutex::default(),
            proofs: Mutex::default(),
        }))
    }
}

/// What can be told of a kept session without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub account: Did,
    /// What the account was called when it signed in; to be checked before it is relied upon.
    pub handle: Option<Handle>,
    /// The origin of the host that is called.
    pub host: String,
    /// How it came about.
    pub kind: Kind,
    /// What was asked for; known after the end too, so that signing in again can ask for the same.
    pub asked: Scopes,
    /// What was granted; empty for an app password, and after the end.
    pub scope: Scopes,
    /// Whether it can still be used, as far as is known here.
    pub is_over: bool,
    /// When somebody signed in.
    pub created: UnixTime,
}

impl Summary {
    fn of(record: &Record) -> Self {
        let (asked, scope) = record.scopes();
        Self {
            id: record.id.clone(),
            account: record.did.clone(),
            handle: record.handle.clone(),
            host: record.host.clone(),
            kind: record.kind(),
            asked,
            scope,
            is_over: record.tokens().is_none(),
            created: record.created,
        }
    }
}

impl Sessions {
    /// A builder, with the machine's clock and entropy and the public network unless it is told otherwise.
    pub fn builder(store: impl SessionStore + 'static, ring: KeyRing) -> Builder {
        Self::builder_shared(Arc::new(store), ring)
    }

    /// The same with a store that is chosen while the program runs.
    pub fn builder_shared(store: Arc<dyn SessionStore>, ring: KeyRing) -> Builder {
        Builder {
            store,
            ring,
            resolver: None,
            plc: None,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            listeners: Listeners::default(),
        }
    }

    /// All sessions that the keys of this ring open, in no particular order. Others are passed over.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn list(&self) -> Result<Vec<Summary>, SessionStoreError> {
        let mut summaries = Vec::new();
        let mut after = None;
        loop {
            let page = self.store().list(RowKind::Session, after.as_ref(), PAGE, self.now()).await?;
            let Some((last, _)) = page.last() else { return Ok(summaries) };
            after = Some(*last);
            for (key, sealed) in &page {
                match self.open_record(key, sealed) {
                    Ok(record) => summaries.push(Summary::of(&record)),
                    Err(error) => tracing::warn!(%error, "a kept session is passed over"),
                }
            }
        }
    }

    /// Removes what has passed: unfinished sign-ins, counts, the memory of sessions that are long over. To be called
    /// now and then, say every few minutes.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn sweep(&self) -> Result<(), SessionStoreError> {
        while self.store().sweep(self.now(), PAGE).await? > 0 {}
        Ok(())
    }

    /// What accounts and servers are looked up with.
    pub fn resolver(&self) -> &Resolver {
        &self.0.resolver
    }

    pub(crate) fn store(&self) -> &dyn SessionStore {
        &*self.0.store
    }

    pub(crate) fn ring(&self) -> &KeyRing {
        &self.0.ring
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.0.random
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.0.clock.now()
    }

    pub(crate) fn tell(&self, event: &Event) {
        self.0.listeners.tell(event);
    }

    pub(crate) fn row_key(&self, id: &SessionId) -> RowKey {
        self.0.ring.row_key(RowKind::Session, id.as_str())
    }

    pub(crate) fn open_record(&self, key: &RowKey, sealed: &[u8]) -> Result<Record, SessionStoreError> {
        Record::from_json(&self.0.ring.open(key.as_bytes(), sealed)?)
    }

    /// A record as a row of the store. What is over goes by itself after a while, and so does what a caller brings the
    /// credentials for, if they do not come for that long.
    pub(crate) fn seal_record(&self, key: &RowKey, record: &Record) -> (Vec<u8>, Option<UnixTime>) {
        let sealed = self.0.ring.seal(key.as_bytes(), &record.to_json(), self.random());
        let passes = record.tokens().is_none() || record.id.is_of_caller();
        (sealed, passes.then(|| record.updated.plus(MEMORY_OF_THE_ENDED)))
    }

    /// Keeps a new record, in place of whatever has its name.
    pub(crate) async fn put_record(&self, record: &Record) -> Result<(), SessionStoreError> {
        let key = self.row_key(&record.id);
        let (sealed, until) = self.seal_record(&key, record);
        self.store().put(&key, Keep { sealed: &sealed, until }, self.now()).await
    }

    pub(crate) async fn find_record(&self, id: &SessionId) -> Result<Option<Record>, SessionStoreError> {
        let key = self.row_key(id);
        let sealed = self.store().find(&key, self.now()).await?;
        sealed.map(|sealed| self.open_record(&key, &sealed)).transpose()
    }

    /// The one state of a session in this process: that which is open, if it `fits`, or what is `made`.
    pub(crate) fn share(
        &self,
        key: &RowKey,
        fits: impl FnOnce(&Shared) -> bool,
        made: impl FnOnce() -> Shared,
    ) -> Arc<Shared> {
        let mut open = self.0.open.lock();
        if let Some(shared) = open.get(key).and_then(Weak::upgrade).filter(|shared| fits(shared)) {
            return shared;
        }
        // Whatever nobody holds any more makes room, once in a while.
        if open.len() >= 64 && open.len().is_power_of_two() {
            open.retain(|_, shared| shared.strong_count() > 0);
        }
        let shared = Arc::new(made());
        open.insert(*key, Arc::downgrade(&shared));
        shared
    }
}

/// How many proof keys are remembered with their nonces.
const MOST_PROOFS: usize = 4096;

impl Sessions {
    /// The proof key of a session, with the nonces that it had lately. `None` if the secret is none of a key.
    pub(crate) fn proof_key(&self, key: &RowKey, secret: &Secret) -> Option<Arc<ProofKey>> {
        let mut proofs = self.0.proofs.lock();
        if let Some(proof) = proofs.get(key).filter(|proof| proof.is(secret)) {
            return Some(Arc::clone(proof));
        }
        if proofs.len() >= MOST_PROOFS {
            proofs.clear();
        }
        let proof = Arc::new(ProofKey::from_secret(secret)?);
        proofs.insert(*key, Arc::clone(&proof));
        Some(proof)
    }

    /// Forgets a proof key: its session is over here (CL-33).
    pub(crate) fn forget_proof_key(&self, key: &RowKey) {
        self.0.proofs.lock().remove(key);
    }
}

impl Record {
    pub(crate) fn subject(&self) -> Subject {
        Subject { session: self.id.clone(), account: self.did.clone() }
    }
}

/// What a record says about its end, if it is over.
pub(crate) fn over(record: &Record) -> Option<CallError> {
    if let Grant::Ended { cause, .. } = &record.grant { Some((*cause).into()) } else { None }
}

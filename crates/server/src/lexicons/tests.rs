//! Sets from a table, in the memory store, under a clock that stands still.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use cid::Cid;
use cid::multihash::Multihash;
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::repo_proof::ProofFault;
use gatewright_protocol::syntax::Tid;
use gatewright_store::memory::Memory;
use gatewright_store::{Limits, lexicon::MOST_VERSIONS};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::*;

const NSID: &str = "com.example.music.authBasic";
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

#[derive(Debug)]
struct FakeClock(Mutex<UnixTime>);

impl FakeClock {
    fn advance(&self, by: Duration) {
        let mut now = self.0.lock();
        *now = now.plus(by);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> UnixTime {
        *self.0.lock()
    }
}

/// An author, or what stands between us and the author.
#[derive(Default)]
struct Author {
    answer: Mutex<Option<Result<Lexicon, ResolveError>>>,
    asked: AtomicUsize,
    /// While this is set, nobody is answered before it is notified.
    held: Mutex<Option<Arc<Notify>>>,
}

#[async_trait]
impl LexiconSource for Author {
    async fn lexicon(&self, nsid: &Nsid) -> Result<Lexicon, ResolveError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let held = self.held.lock().clone();
        if let Some(held) = held {
            held.notified().await;
        }
        let answer = self.answer.lock().clone().unwrap_or_else(|| Err(not_found()));
        answer.map(|lexicon| Lexicon { nsid: nsid.clone(), ..lexicon })
    }
}

struct World {
    author: Arc<Author>,
    store: Arc<Memory>,
    clock: Arc<FakeClock>,
    lexicons: Lexicons,
}

impl World {
    fn new() -> Self {
        Self::over(Arc::new(Memory::new()))
    }

    fn over(store: Arc<Memory>) -> Self {
        let author = Arc::new(Author::default());
        let clock = Arc::new(FakeClock(Mutex::new(UnixTime::from_seconds(1_800_000_000))));
        let lexicons = Lexicons::new(
            Arc::clone(&author) as _,
            Arc::clone(&store) as _,
            Arc::clone(&clock) as _,
            Freshness::default(),
        );
        Self { author, store, clock, lexicons }
    }

    fn publish(&self, revision: u64) {
        *self.author.answer.lock() = Some(Ok(version(revision)));
    }

    fn fail(&self, error: ResolveError) {
        *self.author.answer.lock() = Some(Err(error));
    }

    fn asked(&self) -> usize {
        self.author.asked.swap(0, Ordering::SeqCst)
    }

    async fn find(&self, purpose: Purpose) -> Outcome {
        self.lexicons.find(&nsid(), purpose).await
    }

    /// The revision that a new session would get.
    async fn new_session(&self) -> Result<String, FindSetError> {
        self.find(Purpose::NewSession).await.map(|set| set.rev.clone())
    }

    async fn running_session(&self) -> Result<String, FindSetError> {
        self.find(Purpose::RunningSession).await.map(|set| set.rev.clone())
    }
}

fn nsid() -> Nsid {
    NSID.parse().unwrap()
}

fn rev(revision: u64) -> String {
    Tid::new(revision, 0).to_string()
}

fn version(revision: u64) -> Lexicon {
    let title = format!("Version {revision}");
    document(revision, &json!({"type": "permission-set", "title": title, "permissions": []}))
}

fn document(revision: u64, main: &Value) -> Lexicon {
    let digest = sha256(main.to_string().as_bytes());
    Lexicon {
        nsid: nsid(),
        did: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap(),
        cid: Cid::new_v1(0x71, Multihash::wrap(0x12, &digest).unwrap()),
        rev: Tid::new(revision, 0),
        document: json!({"$type": "com.atproto.lexicon.schema", "lexicon": 1, "id": NSID, "defs": {"main": main}}),
    }
}

fn not_found() -> ResolveError {
    ResolveError::LexiconNotFound { did: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap() }
}

fn down() -> ResolveError {
    ResolveError::Fetch { what: "lexicon", source: FetchError::Connect }
}

fn is_unresolved(error: &FindSetError, part: &str) -> bool {
    matches!(error, FindSetError::Unresolved { nsid, why } if nsid.as_str() == NSID && why.contains(part))
}

#[tokio::test]
async fn a_set_is_fetched_once_an_hour() {
    let world = World::new();
    world.publish(1);
    let set = world.find(Purpose::NewSession).await.unwrap();
    assert_eq!(set.set.title(&["en"]), Some("Version 1"));
    assert_eq!((set.rev.as_str(), set.resolved_at), (rev(1).as_str(), world.clock.now()));
    world.publish(2);
    world.clock.advance(Duration::from_secs(3_599));
    assert_eq!(world.new_session().await, Ok(rev(1)));
    assert_eq!(world.asked(), 1);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.running_session().await, Ok(rev(2)));
    assert_eq!(world.asked(), 1);
    let versions = world.store.list_lexicon_versions(&nsid(), 9).await.unwrap();
    assert_eq!(versions.len(), 2, "the first is kept, to tell what it was");
}

#[tokio::test]
async fn a_name_has_no_case_where_it_is_a_domain() {
    let world = World::new();
    world.publish(1);
    let upper = "Com.Example.music.authBasic".parse().unwrap();
    assert!(world.lexicons.find(&upper, Purpose::NewSession).await.is_ok());
    assert!(world.new_session().await.is_ok());
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_set_that_did_not_change_is_the_same_version() {
    let world = World::new();
    world.publish(1);
    let first = world.find(Purpose::NewSession).await.unwrap();
    world.clock.advance(HOUR);
    let mut again = version(1);
    again.rev = Tid::new(7, 0);
    *world.author.answer.lock() = Some(Ok(again));
    assert_eq!(world.find(Purpose::NewSession).await, Ok(first));
    world.clock.advance(HOUR / 2);
    assert_eq!(world.new_session().await, Ok(rev(1)));
    assert_eq!(world.asked(), 2, "it was seen half an hour ago");
}

#[tokio::test]
async fn sec_60_an_older_revision_is_ignored() {
    let world = World::new();
    world.publish(5);
    world.new_session().await.unwrap();
    world.clock.advance(HOUR);
    world.publish(4);
    assert_eq!(world.new_session().await, Ok(rev(5)));
    assert_eq!(world.store.find_lexicon(&nsid()).await.unwrap().unwrap().version.rev.to_string(), rev(5));
    world.clock.advance(Duration::from_mins(1));
    world.publish(6);
    assert_eq!(world.new_session().await, Ok(rev(6)));
}

#[tokio::test]
async fn sec_60_a_copy_serves_while_its_author_is_away() {
    let world = World::new();
    world.publish(1);
    world.new_session().await.unwrap();
    world.fail(down());
    assert_eq!(world.new_session().await, Ok(rev(1)), "fresh");
    assert_eq!(world.asked(), 1);
    world.clock.advance(Duration::from_secs(90 * 86_400 - 1));
    assert_eq!(world.new_session().await, Ok(rev(1)), "stale");
    assert_eq!(world.asked(), 1);
    assert_eq!(world.new_session().await, Ok(rev(1)));
    assert_eq!(world.asked(), 0, "not tried again at once");

    world.clock.advance(Duration::from_secs(1));
    let refused = world.new_session().await.unwrap_err();
    assert!(is_unresolved(&refused, "no connection could be made"), "expired: {refused}");
    assert_eq!(world.running_session().await, Ok(rev(1)), "expired");
    world.clock.advance(1000 * DAY);
    assert_eq!(world.running_session().await, Ok(rev(1)), "however old");
    world.clock.advance(Duration::from_mins(1));
    world.publish(2);
    assert_eq!(world.new_session().await, Ok(rev(2)));
}

#[tokio::test]
async fn sec_59_a_set_that_was_never_resolved_is_refused_with_the_reason() {
    let world = World::new();
    for (error, part) in [
        (not_found(), "has no such lexicon"),
        (ProofFault::HighS.into(), "low-S"),
        (ProofFault::Signature.into(), "not signed by the account's key"),
        (down(), "the lexicon could not be fetched: no connection could be made"),
    ] {
        world.fail(error);
        for purpose in [Purpose::NewSession, Purpose::RunningSession] {
            let refused = world.find(purpose).await.unwrap_err();
            assert!(is_unresolved(&refused, part), "{refused}");
        }
        world.clock.advance(Duration::from_mins(1));
    }
    for main in [json!({"type": "record"}), json!({"type": "permission-set"}), json!(null)] {
        *world.author.answer.lock() = Some(Ok(document(1, &main)));
        let refused = world.new_session().await.unwrap_err();
        assert!(is_unresolved(&refused, "it is not a permission set"), "{refused}");
    }
    assert_eq!(world.store.find_lexicon(&nsid()).await.unwrap(), None);
    world.fail(ResolveError::Fetch { what: "lexicon", source: FetchError::Busy });
    world.clock.advance(Duration::from_mins(1));
    let ours = world.new_session().await.unwrap_err();
    assert!(matches!(ours, FindSetError::Ours(_)), "{ours}");
}

/// PS-30: the clock stands still between the refusal and the publication.
#[tokio::test]
async fn a_set_works_at_once_when_it_is_published() {
    let world = World::new();
    for _ in 0..4 {
        assert!(world.new_session().await.is_err());
    }
    assert_eq!(world.asked(), 4);
    world.publish(1);
    assert_eq!(world.new_session().await, Ok(rev(1)));
}

#[tokio::test]
async fn nobody_hammers_an_author_through_us() {
    let world = World::new();
    for _ in 0..50 {
        assert!(is_unresolved(&world.new_session().await.unwrap_err(), "has no such lexicon"));
    }
    assert_eq!(world.asked(), 5);
    world.clock.advance(Duration::from_secs(1));
    for _ in 0..50 {
        assert!(world.new_session().await.is_err());
    }
    assert_eq!(world.asked(), 1);
    world.fail(ResolveError::Fetch { what: "lexicon", source: FetchError::TimedOut });
    world.clock.advance(Duration::from_secs(1));
    assert!(world.new_session().await.is_err());
    world.publish(1);
    world.clock.advance(Duration::from_secs(29));
    assert!(is_unresolved(&world.new_session().await.unwrap_err(), "in time"));
    assert_eq!(world.asked(), 1);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.new_session().await, Ok(rev(1)));
}

#[tokio::test]
async fn many_who_want_the_same_wait_for_one_fetch() {
    let world = Arc::new(World::new());
    for copy in [false, true] {
        let held = Arc::new(Notify::new());
        *world.author.held.lock() = Some(Arc::clone(&held));
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let world = Arc::clone(&world);
            waiting.spawn(async move { world.new_session().await });
        }
        while world.author.asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        world.publish(if copy { 2 } else { 1 });
        held.notify_one();
        while let Some(found) = waiting.join_next().await {
            assert_eq!(found.unwrap(), Ok(rev(if copy { 2 } else { 1 })));
        }
        assert_eq!(world.asked(), 1);
        world.clock.advance(HOUR);
    }
}

#[tokio::test]
async fn who_leaves_takes_nothing_from_those_who_wait() {
    let world = Arc::new(World::new());
    let held = Arc::new(Notify::new());
    *world.author.held.lock() = Some(Arc::clone(&held));
    let first = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.new_session().await }
    });
    while world.author.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.is_err());
    world.publish(1);
    held.notify_one();
    assert_eq!(world.new_session().await, Ok(rev(1)));
    assert_eq!(world.asked(), 1, "what the first asked for");
}

#[tokio::test]
async fn who_has_a_copy_does_not_wait_for_long() {
    let world = World::new();
    world.publish(1);
    world.new_session().await.unwrap();
    world.clock.advance(HOUR);
    *world.author.held.lock() = Some(Arc::new(Notify::new()));
    let begun = Instant::now();
    assert_eq!(world.new_session().await, Ok(rev(1)));
    assert!(begun.elapsed() < PATIENCE + Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn nodes_share_what_was_resolved() {
    let store = Arc::new(Memory::new());
    let (one, other) = (World::over(Arc::clone(&store)), World::over(store));
    one.publish(1);
    one.new_session().await.unwrap();
    assert_eq!(other.new_session().await, Ok(rev(1)), "from the store");
    assert_eq!(other.asked(), 0);
    for world in [&one, &other] {
        world.clock.advance(HOUR);
    }
    one.publish(2);
    one.new_session().await.unwrap();
    assert_eq!(other.running_session().await, Ok(rev(2)), "the other's news");
    assert_eq!(other.asked(), 0);
}

#[tokio::test]
async fn sec_72_a_full_store_refuses_nobody() {
    let world = World::over(Arc::new(Memory::with_limits(Limits { lexicon_versions: 1, ..Limits::MEMORY })));
    world.publish(1);
    let other: Nsid = "com.example.music.authOther".parse().unwrap();
    let mut document = version(1);
    document.document["id"] = json!(other);
    *world.author.answer.lock() = Some(Ok(document));
    assert!(world.lexicons.find(&other, Purpose::NewSession).await.is_ok(), "kept");
    world.publish(1);
    assert_eq!(world.new_session().await, Ok(rev(1)), "served, and not kept");
    assert_eq!(world.store.find_lexicon(&nsid()).await.unwrap(), None);
}

#[tokio::test]
async fn versions_are_bounded() {
    let world = World::new();
    for revision in 1..=MOST_VERSIONS as u64 + 5 {
        world.publish(revision);
        assert_eq!(world.new_session().await, Ok(rev(revision)));
        world.clock.advance(HOUR);
    }
    let versions = world.store.list_lexicon_versions(&nsid(), 1000).await.unwrap();
    assert_eq!(versions.len(), MOST_VERSIONS);
}

#[test]
fn how_long_a_copy_is_fresh_has_bounds() {
    let fresh = |stale| {
        let (author, store) = (Arc::new(Author::default()), Arc::new(Memory::new()));
        let clock = Arc::new(FakeClock(Mutex::new(UnixTime::from_seconds(0))));
        Lexicons::new(author, store, clock, Freshness { stale, ..Freshness::default() }).0.freshness.stale
    };
    assert_eq!(fresh(Duration::ZERO), Duration::from_mins(15));
    assert_eq!(fresh(Duration::from_mins(20)), Duration::from_mins(20));
    assert_eq!(fresh(30 * DAY), DAY);
}

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::error::FetchError;
use crate::testing::TestClock;

const MINUTE: Duration = Duration::from_mins(1);
const GRACE: Duration = Duration::from_hours(1);

struct Setup {
    clock: Arc<TestClock>,
    cache: Arc<Cache<String, u32>>,
    fetches: AtomicUsize,
}

impl Setup {
    fn new() -> Self {
        let clock = Arc::new(TestClock::new());
        let cache = Arc::new(Cache::new(Arc::clone(&clock) as Arc<dyn Clock>, 1 << 20));
        Self { clock, cache, fetches: AtomicUsize::new(0) }
    }

    async fn get(&self, outcome: Result<u32, ResolveError>) -> Result<Found<u32>, ResolveError> {
        self.get_with(Need::Fresh, outcome).await
    }

    async fn get_with(
        &self,
        need: Need,
        outcome: Result<u32, ResolveError>,
    ) -> Result<Found<u32>, ResolveError> {
        let fetch = || async {
            self.fetches.fetch_add(1, Ordering::Relaxed);
            outcome.map(|value| Fresh { value, lasts: 10 * MINUTE, size: 10 })
        };
        self.cache.get(&"key".to_owned(), need, GRACE, fetch).await
    }

    fn fetches(&self) -> usize {
        self.fetches.swap(0, Ordering::Relaxed)
    }
}

fn down() -> ResolveError {
    ResolveError::Fetch { what: "document", source: FetchError::Connect }
}

#[tokio::test]
async fn fresh_serves_from_memory_and_stale_is_fetched_again() {
    let setup = Setup::new();
    assert_eq!(setup.get(Ok(1)).await.unwrap().value, 1);
    setup.clock.advance(Duration::from_secs(599));
    assert_eq!(setup.get(Ok(2)).await.unwrap().value, 1);
    assert_eq!(setup.fetches(), 1);
    setup.clock.advance(Duration::from_secs(1));
    assert_eq!(setup.get(Ok(3)).await.unwrap().value, 3);
    assert_eq!(setup.fetches(), 1);
}

#[tokio::test]
async fn sec_29_the_last_good_copy_serves_within_the_grace_and_is_gone_after_it() {
    let setup = Setup::new();
    setup.get(Ok(1)).await.unwrap();
    setup.clock.advance(20 * MINUTE);
    let found = setup.get(Err(down())).await.unwrap();
    assert!(found.stale && found.value == 1 && found.age == 20 * MINUTE);
    assert_eq!(setup.fetches(), 2);

    setup.get(Err(down())).await.unwrap();
    assert_eq!(setup.fetches(), 0, "a publisher that is down is not asked on every request");
    setup.clock.advance(PAUSE);
    setup.get(Err(down())).await.unwrap();
    assert_eq!(setup.fetches(), 1);

    setup.clock.advance(41 * MINUTE);
    assert_eq!(setup.get(Err(down())).await.unwrap_err(), down());
    let recovered = setup.get(Ok(2)).await.unwrap();
    assert!(!recovered.stale && recovered.value == 2);
}

#[tokio::test]
async fn a_publisher_that_answers_otherwise_takes_the_copy_away() {
    let setup = Setup::new();
    setup.get(Ok(1)).await.unwrap();
    setup.clock.advance(20 * MINUTE);
    let refused = ResolveError::DidNotFound;
    assert_eq!(setup.get(Err(refused.clone())).await.unwrap_err(), refused);
    assert_eq!(setup.get(Err(down())).await.unwrap_err(), down());
}

#[tokio::test]
async fn sec_51_errors_are_never_kept() {
    let setup = Setup::new();
    for _ in 0..3 {
        setup.get(Err(down())).await.unwrap_err();
    }
    assert_eq!(setup.fetches(), 3);
    assert_eq!(setup.cache.len(), 0);
    assert!(setup.cache.flights.0.lock().is_empty());
}

#[tokio::test]
async fn a_younger_copy_can_be_asked_for() {
    let setup = Setup::new();
    setup.get(Ok(1)).await.unwrap();
    setup.clock.advance(MINUTE);
    let found = setup.get_with(Need::YoungerThan(2 * MINUTE), Ok(2)).await.unwrap();
    assert_eq!(found.value, 1);
    let found = setup.get_with(Need::YoungerThan(MINUTE), Ok(2)).await.unwrap();
    assert_eq!(found.value, 2);
}

#[tokio::test]
async fn sec_73_a_clock_that_is_set_back_makes_nothing_fresh_for_ever() {
    let setup = Setup::new();
    setup.get(Ok(1)).await.unwrap();
    setup.clock.set(setup.clock.now().minus(GRACE));
    assert_eq!(setup.get(Ok(2)).await.unwrap().value, 2);
}

#[tokio::test]
async fn many_callers_share_one_fetch_and_its_error() {
    let setup = Setup::new();
    let fetches = Arc::new(AtomicUsize::new(0));
    let run = |outcome: Result<u32, ResolveError>| {
        let (cache, fetches) = (Arc::clone(&setup.cache), Arc::clone(&fetches));
        tokio::spawn(async move {
            let fetch = || async {
                fetches.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
                outcome.map(|value| Fresh { value, lasts: MINUTE, size: 1 })
            };
            cache.get(&"key".to_owned(), Need::Fresh, GRACE, fetch).await.map(|found| found.value)
        })
    };
    let failing: Vec<_> = (0..50).map(|_| run(Err(down()))).collect();
    for task in failing {
        assert_eq!(task.await.unwrap(), Err(down()));
    }
    assert_eq!(fetches.swap(0, Ordering::Relaxed), 1);
    let working: Vec<_> = (0..50).map(|_| run(Ok(7))).collect();
    for task in working {
        assert_eq!(task.await.unwrap(), Ok(7));
    }
    assert_eq!(fetches.load(Ordering::Relaxed), 1);
    assert!(setup.cache.flights.0.lock().is_empty());
}

#[tokio::test]
async fn an_abandoned_fetch_blocks_nobody() {
    let setup = Setup::new();
    let cache = Arc::clone(&setup.cache);
    let stuck = tokio::spawn(async move {
        let _ = cache.get(&"key".to_owned(), Need::Fresh, GRACE, std::future::pending).await;
    });
    tokio::task::yield_now().await;
    stuck.abort();
    assert_eq!(setup.get(Ok(1)).await.unwrap().value, 1);
}

#[tokio::test]
async fn sec_72_the_cache_is_bounded_in_bytes() {
    let cache: Cache<u32, u32> = Cache::new(Arc::new(TestClock::new()), 100 * 1024);
    for key in 0..5000 {
        let fetch = || async { Ok(Fresh { value: key, lasts: MINUTE, size: 4 * 1024 }) };
        cache.get(&key, Need::Fresh, GRACE, fetch).await.unwrap();
    }
    assert!(cache.len() <= 100 * 1024 / 4096, "{} entries", cache.len());
    assert!(cache.len() > 0);
}

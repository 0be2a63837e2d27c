//! The suite that every session store must pass.
//!
//! ```ignore
//! gatewright_client::session_contract_tests!(memory => Subject::new(Memory::new()));
//! ```
//! makes one test of each promise, each with a store of its own.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use gatewright_protocol::time::UnixTime;

use super::{
    Allowance, Fence, Holder, Keep, Lease, RowKey, RowKind, Saved, SessionStore, SessionStoreError, Spent,
};

/// How many tasks race.
pub const RACERS: usize = 32;
const LASTS: Duration = Duration::from_secs(4);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// A store under test, empty.
#[derive(Clone)]
pub struct Subject {
    store: Arc<dyn SessionStore>,
    /// What must live as long: a folder, a database server.
    _keep: Arc<dyn Any + Send + Sync>,
}

impl Subject {
    /// A store that needs nothing else.
    pub fn new(store: impl SessionStore + 'static) -> Self {
        Self::keeping(store, ())
    }

    /// A store that needs something else as long as it lives.
    pub fn keeping(store: impl SessionStore + 'static, keep: impl Any + Send + Sync) -> Self {
        Self::sharing(Arc::new(store), keep)
    }

    /// The same with a store that is shared already.
    pub fn sharing(store: Arc<dyn SessionStore>, keep: impl Any + Send + Sync) -> Self {
        Self { store, _keep: Arc::new(keep) }
    }

    async fn granted(&self, key: &RowKey, holder: u8, now: UnixTime) -> (Fence, Option<Vec<u8>>) {
        match self.lease(key, Holder::from([holder; 16]), now, LASTS).await {
            Ok(Lease::Granted { fence, sealed }) => (fence, sealed),
            other => panic!("the lease is granted: {other:?}"),
        }
    }

    async fn saved(&self, key: &RowKey, fence: Fence, sealed: &[u8], now: UnixTime) -> Saved {
        self.save(key, fence, Keep { sealed, until: None }, now).await.expect("it saves")
    }

    async fn found(&self, key: &RowKey, now: UnixTime) -> Option<Vec<u8>> {
        self.find(key, now).await.expect("it finds")
    }

    async fn kept(&self, key: &RowKey, sealed: &[u8], now: UnixTime) {
        self.put(key, Keep { sealed, until: None }, now).await.expect("it puts");
    }

    async fn race<T, F>(&self, step: impl Fn(Self, usize) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let barrier = Arc::new(tokio::sync::Barrier::new(RACERS));
        let tasks: Vec<_> = (0..RACERS)
            .map(|racer| {
                let (barrier, step) = (Arc::clone(&barrier), step(self.clone(), racer));
                tokio::spawn(async move {
                    barrier.wait().await;
                    step.await
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.expect("no task panics"));
        }
        outcomes
    }
}

impl Deref for Subject {
    type Target = dyn SessionStore;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject")
    }
}

fn now() -> UnixTime {
    UnixTime::from_seconds(1_790_000_000)
}

fn session(number: u8) -> RowKey {
    RowKey::new(RowKind::Session, [number; 32])
}

/// A row is found as it was put, and put again it is the new one.
pub async fn a_row_is_found_as_it_was_put(subject: Subject) {
    assert_eq!(subject.found(&session(1), now()).await, None);
    let bytes: Vec<u8> = (0..=255).collect();
    subject.kept(&session(1), &bytes, now()).await;
    assert_eq!(subject.found(&session(1), now()).await, Some(bytes));
    subject.kept(&session(1), b"", now()).await;
    assert_eq!(subject.found(&session(1), now()).await, Some(Vec::new()));
    assert_eq!(subject.found(&RowKey::new(RowKind::Browser, [1; 32]), now()).await, None);
}

/// A row with a time is there until it is over.
pub async fn a_row_with_a_time_goes_when_it_is_over(subject: Subject) {
    let until = now().plus(MINUTE);
    subject.put(&session(1), Keep { sealed: b"a", until: Some(until) }, now()).await.expect("it puts");
    assert!(subject.found(&session(1), until.minus(Duration::from_millis(1))).await.is_some());
    assert_eq!(subject.found(&session(1), until).await, None);
    let listed = subject.list(RowKind::Session, None, 9, until).await.expect("it lists");
    assert!(listed.is_empty());
    let (_, sealed) = subject.granted(&session(1), 1, until).await;
    assert_eq!(sealed, None);
}

/// Rows are listed by kind, in the order of their names, by pages.
pub async fn rows_are_listed_by_kind_and_pages(subject: Subject) {
    for number in [3, 1, 2, 0, 255] {
        subject.kept(&session(number), &[number], now()).await;
        subject.kept(&RowKey::new(RowKind::Browser, [number; 32]), b"browser", now()).await;
    }
    subject.delete(&session(2), now()).await.expect("it deletes");
    subject.granted(&session(7), 1, now()).await;
    let all = subject.list(RowKind::Session, None, 100, now()).await.expect("it lists");
    assert_eq!(numbers(&all), [0, 1, 3, 255]);
    let first = subject.list(RowKind::Session, None, 2, now()).await.expect("it lists");
    assert_eq!(first.len(), 2);
    let last = first.last().map(|(key, _)| key);
    let rest = subject.list(RowKind::Session, last, 100, now()).await.expect("it lists");
    assert_eq!(numbers(&rest), [3, 255]);
    assert!(
        subject.list(RowKind::Session, Some(&session(255)), 9, now()).await.expect("it lists").is_empty()
    );
    let browsers = subject.list(RowKind::Browser, None, 100, now()).await.expect("it lists");
    assert!(browsers.len() == 5 && browsers.iter().all(|(key, _)| key.kind() == RowKind::Browser));
}

fn numbers(rows: &[(RowKey, Vec<u8>)]) -> Vec<u8> {
    rows.iter().filter_map(|(_, sealed)| sealed.first().copied()).collect()
}

/// A lease is one holder's, and gives what the row holds.
pub async fn a_lease_is_one_holders(subject: Subject) {
    subject.kept(&session(1), b"a", now()).await;
    let (fence, sealed) = subject.granted(&session(1), 1, now()).await;
    assert_eq!(sealed.as_deref(), Some(b"a".as_slice()));
    let other = subject.lease(&session(1), Holder::from([2; 16]), now(), LASTS).await.expect("it answers");
    assert_eq!(other, Lease::Held { until: now().plus(LASTS) });
    subject.release(&session(1), fence).await.expect("it releases");
    let (next, _) = subject.granted(&session(1), 2, now()).await;
    assert!(next > fence, "{next:?} {fence:?}");
}

/// A lease can be had where there is no row yet, so that one of many makes it.
pub async fn a_lease_needs_no_row(subject: Subject) {
    let (fence, sealed) = subject.granted(&session(1), 1, now()).await;
    assert_eq!(sealed, None);
    assert_eq!(subject.found(&session(1), now()).await, None);
    assert_eq!(subject.saved(&session(1), fence, b"made", now()).await, Saved::Saved);
    subject.release(&session(1), fence).await.expect("it releases");
    let (_, sealed) = subject.granted(&session(1), 2, now().plus(DAY * 30)).await;
    assert_eq!(sealed.as_deref(), Some(b"made".as_slice()), "a row that was saved stays");
}

/// The holder renews its lease under the same number.
pub async fn a_holder_renews_its_lease(subject: Subject) {
    let (fence, _) = subject.granted(&session(1), 1, now()).await;
    let later = now().plus(LASTS / 2);
    let (again, _) = subject.granted(&session(1), 1, later).await;
    assert_eq!(again, fence);
    let still = now().plus(LASTS);
    let other = subject.lease(&session(1), Holder::from([2; 16]), still, LASTS).await.expect("it answers");
    assert_eq!(other, Lease::Held { until: later.plus(LASTS) });
}

/// A lease whose time is over is taken over, and its holder can write no more.
pub async fn a_late_writer_is_refused(subject: Subject) {
    subject.kept(&session(1), b"old", now()).await;
    let (slow, _) = subject.granted(&session(1), 1, now()).await;
    let later = now().plus(LASTS);
    let (quick, _) = subject.granted(&session(1), 2, later).await;
    assert!(quick > slow);
    assert_eq!(subject.saved(&session(1), slow, b"late", later).await, Saved::Late);
    assert_eq!(subject.saved(&session(1), quick, b"new", later).await, Saved::Saved);
    assert_eq!(subject.saved(&session(1), slow, b"late", later).await, Saved::Late);
    subject.release(&session(1), slow).await.expect("it answers");
    let other = subject.lease(&session(1), Holder::from([3; 16]), later, LASTS).await.expect("it answers");
    assert!(matches!(other, Lease::Held { .. }), "a lease that is another's stays: {other:?}");
    assert_eq!(subject.found(&session(1), later).await.as_deref(), Some(b"new".as_slice()));
}

/// A holder whose time is over may still write as long as nobody took over.
pub async fn an_overdue_holder_writes_while_nobody_took_over(subject: Subject) {
    let (fence, _) = subject.granted(&session(1), 1, now()).await;
    let later = now().plus(MINUTE);
    assert_eq!(subject.saved(&session(1), fence, b"a", later).await, Saved::Saved);
    assert_eq!(subject.found(&session(1), later).await.as_deref(), Some(b"a".as_slice()));
}

/// A lease that was given back writes nothing.
pub async fn a_released_lease_writes_nothing(subject: Subject) {
    let (fence, _) = subject.granted(&session(1), 1, now()).await;
    subject.release(&session(1), fence).await.expect("it releases");
    assert_eq!(subject.saved(&session(1), fence, b"a", now()).await, Saved::Late);
    assert_eq!(subject.found(&session(1), now()).await, None);
}

/// Deleting and putting end leases: who was writing does not bring back what is gone.
pub async fn deleting_and_putting_end_leases(subject: Subject) {
    subject.kept(&session(1), b"a", now()).await;
    let (fence, _) = subject.granted(&session(1), 1, now()).await;
    assert!(subject.delete(&session(1), now()).await.expect("it deletes"));
    assert_eq!(subject.saved(&session(1), fence, b"zombie", now()).await, Saved::Late);
    assert_eq!(subject.found(&session(1), now()).await, None);
    assert!(!subject.delete(&session(1), now()).await.expect("it answers"), "it is gone already");
    assert!(!subject.delete(&session(9), now()).await.expect("it answers"), "it never was");
    let (fence, _) = subject.granted(&session(1), 1, now()).await;
    subject.kept(&session(1), b"b", now()).await;
    assert_eq!(subject.saved(&session(1), fence, b"zombie", now()).await, Saved::Late);
    assert_eq!(subject.found(&session(1), now()).await.as_deref(), Some(b"b".as_slice()));
}

/// Of many that ask for one lease at once, one gets it.
pub async fn leases_race_and_one_wins(subject: Subject) {
    let outcomes = subject
        .race(|subject, racer| async move {
            let holder = Holder::from([u8::try_from(racer).expect("few racers"); 16]);
            matches!(
                subject.lease(&session(1), holder, now(), LASTS).await.expect("it answers"),
                Lease::Granted { .. }
            )
        })
        .await;
    assert_eq!(outcomes.into_iter().filter(|won| *won).count(), 1);
}

/// Counting under a lease loses nothing: a read, a write and a release at a time.
pub async fn writers_under_leases_lose_nothing(subject: Subject) {
    subject
        .race(|subject, racer| async move {
            let holder = Holder::from([u8::try_from(racer).expect("few racers"); 16]);
            loop {
                match subject.lease(&session(1), holder, now(), DAY).await.expect("it answers") {
                    Lease::Held { .. } => tokio::task::yield_now().await,
                    Lease::Granted { fence, sealed } => {
                        let count = sealed.and_then(|sealed| sealed.first().copied()).unwrap_or(0);
                        let saved = subject.saved(&session(1), fence, &[count + 1], now()).await;
                        assert_eq!(saved, Saved::Saved);
                        subject.release(&session(1), fence).await.expect("it releases");
                        break;
                    }
                }
            }
        })
        .await;
    assert_eq!(
        subject.found(&session(1), now()).await,
        Some(vec![u8::try_from(RACERS).expect("few racers")])
    );
}

/// An unfinished sign-in is taken once, and not after its time.
pub async fn sec_08_an_unfinished_sign_in_is_taken_once(subject: Subject) {
    let until = now().plus(MINUTE);
    subject.put_pending(&[1; 32], b"a", now(), until, 9).await.expect("it puts");
    subject.put_pending(&[2; 32], b"b", now(), until, 9).await.expect("it puts");
    assert_eq!(
        subject.take_pending(&[1; 32], now()).await.expect("it takes").as_deref(),
        Some(b"a".as_slice())
    );
    assert_eq!(subject.take_pending(&[1; 32], now()).await.expect("it answers"), None);
    assert_eq!(subject.take_pending(&[3; 32], now()).await.expect("it answers"), None);
    assert_eq!(subject.take_pending(&[2; 32], until).await.expect("it answers"), None, "too late");
    assert_eq!(subject.take_pending(&[2; 32], now()).await.expect("it answers"), None, "and used up");
}

/// Of many that take one unfinished sign-in at once, one gets it.
pub async fn sec_08_takers_race_and_one_wins(subject: Subject) {
    subject.put_pending(&[1; 32], b"a", now(), now().plus(MINUTE), 9).await.expect("it puts");
    let outcomes = subject
        .race(|subject, _| async move {
            subject.take_pending(&[1; 32], now()).await.expect("it answers").is_some()
        })
        .await;
    assert_eq!(outcomes.into_iter().filter(|won| *won).count(), 1);
}

/// Unfinished sign-ins are bounded; those whose time is over make room.
pub async fn sec_72_unfinished_sign_ins_are_bounded(subject: Subject) {
    let until = now().plus(MINUTE);
    for number in 0..3 {
        subject.put_pending(&[number; 32], b"a", now(), until, 3).await.expect("there is room");
    }
    let refused = subject.put_pending(&[9; 32], b"a", now(), until, 3).await;
    assert!(matches!(refused, Err(SessionStoreError::Full { .. })), "{refused:?}");
    subject.put_pending(&[9; 32], b"a", until, until.plus(MINUTE), 3).await.expect("there is room again");
}

/// Uses are counted over all callers, and nothing is taken where one allowance is full.
pub async fn uses_are_counted(subject: Subject) {
    let allowances =
        [Allowance { most: 5, within: MINUTE }, Allowance { most: 7, within: Duration::from_hours(1) }];
    let outcomes = subject
        .race(move |subject, _| async move {
            subject.spend(&[1; 32], now(), &allowances).await.expect("it answers")
        })
        .await;
    let refused = Spent::Refused { until: now().plus(MINUTE) };
    assert_eq!(outcomes.iter().filter(|spent| **spent == Spent::Allowed).count(), 5);
    assert!(outcomes.iter().all(|spent| *spent == Spent::Allowed || *spent == refused), "{outcomes:?}");
    assert_eq!(subject.spend(&[2; 32], now(), &allowances).await.expect("it answers"), Spent::Allowed);
    let later = now().plus(MINUTE);
    for _ in 0..2 {
        assert_eq!(subject.spend(&[1; 32], later, &allowances).await.expect("it answers"), Spent::Allowed);
    }
    let refused = subject.spend(&[1; 32], later, &allowances).await.expect("it answers");
    assert_eq!(refused, Spent::Refused { until: now().plus(Duration::from_hours(1)) });
}

/// A sweep takes what has passed, and leaves the rest.
pub async fn a_sweep_takes_what_has_passed(subject: Subject) {
    let until = now().plus(MINUTE);
    subject.kept(&session(1), b"for ever", now()).await;
    subject.put(&session(2), Keep { sealed: b"a", until: Some(until) }, now()).await.expect("it puts");
    subject
        .put(&session(3), Keep { sealed: b"b", until: Some(until.plus(DAY)) }, now())
        .await
        .expect("it puts");
    subject.put_pending(&[1; 32], b"a", now(), until, 9).await.expect("it puts");
    subject.put_pending(&[2; 32], b"b", now(), until.plus(DAY), 9).await.expect("it puts");
    let allowance = [Allowance { most: 1, within: MINUTE }];
    subject.spend(&[1; 32], now(), &allowance).await.expect("it answers");
    while subject.sweep(until, 2).await.expect("it sweeps") > 0 {}
    assert!(subject.found(&session(1), now()).await.is_some());
    assert!(subject.found(&session(2), now()).await.is_none());
    assert!(subject.found(&session(3), now()).await.is_some());
    assert!(subject.take_pending(&[1; 32], now()).await.expect("it answers").is_none());
    assert!(subject.take_pending(&[2; 32], now()).await.expect("it answers").is_some());
    assert_eq!(subject.spend(&[1; 32], until, &allowance).await.expect("it answers"), Spent::Allowed);
}

/// A row that somebody holds is not swept from under them.
pub async fn a_sweep_leaves_what_is_held(subject: Subject) {
    let until = now().plus(MINUTE);
    subject.put(&session(1), Keep { sealed: b"a", until: Some(until) }, now()).await.expect("it puts");
    let (fence, _) = subject.granted(&session(1), 1, until).await;
    while subject.sweep(until, 9).await.expect("it sweeps") > 0 {}
    assert_eq!(subject.saved(&session(1), fence, b"b", until).await, Saved::Saved);
}

/// All of it, one after the other, each with a store that is made for it: for stores that are servers.
pub async fn all(make: impl AsyncFn() -> Subject) {
    a_row_is_found_as_it_was_put(make().await).await;
    a_row_with_a_time_goes_when_it_is_over(make().await).await;
    rows_are_listed_by_kind_and_pages(make().await).await;
    a_lease_is_one_holders(make().await).await;
    a_lease_needs_no_row(make().await).await;
    a_holder_renews_its_lease(make().await).await;
    a_late_writer_is_refused(make().await).await;
    an_overdue_holder_writes_while_nobody_took_over(make().await).await;
    a_released_lease_writes_nothing(make().await).await;
    deleting_and_putting_end_leases(make().await).await;
    leases_race_and_one_wins(make().await).await;
    writers_under_leases_lose_nothing(make().await).await;
    sec_08_an_unfinished_sign_in_is_taken_once(make().await).await;
    sec_08_takers_race_and_one_wins(make().await).await;
    sec_72_unfinished_sign_ins_are_bounded(make().await).await;
    uses_are_counted(make().await).await;
    a_sweep_takes_what_has_passed(make().await).await;
    a_sweep_leaves_what_is_held(make().await).await;
}

/// Makes a module of tests for a store: one for each promise. The expression yields a new [`Subject`] each time.
#[macro_export]
macro_rules! session_contract_tests {
    ($store:ident => $subject:expr) => {
        mod $store {
            #[allow(unused_imports, reason = "what the expression needs is the caller's matter")]
            use super::*;

            $crate::session_contract_tests! { @promises $subject =>
                a_row_is_found_as_it_was_put,
                a_row_with_a_time_goes_when_it_is_over,
                rows_are_listed_by_kind_and_pages,
                a_lease_is_one_holders,
                a_lease_needs_no_row,
                a_holder_renews_its_lease,
                a_late_writer_is_refused,
                an_overdue_holder_writes_while_nobody_took_over,
                a_released_lease_writes_nothing,
                deleting_and_putting_end_leases,
                leases_race_and_one_wins,
                writers_under_leases_lose_nothing,
                sec_08_an_unfinished_sign_in_is_taken_once,
                sec_08_takers_race_and_one_wins,
                sec_72_unfinished_sign_ins_are_bounded,
                uses_are_counted,
                a_sweep_takes_what_has_passed,
                a_sweep_leaves_what_is_held,
            }
        }
    };
    (@promises $subject:expr => $($promise:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::sessions::contract::$promise($subject).await;
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    /// A promise that the list above forgets would never be tested.
    #[test]
    fn every_promise_is_listed() {
        let source = include_str!("contract.rs");
        let promises = source.lines().filter_map(|line| line.strip_prefix("pub async fn "));
        let mut count = 0;
        for promise in promises {
            let (name, _) = promise.split_once('(').expect("a function has parameters");
            if name == "all" {
                continue;
            }
            assert!(source.contains(&format!("                {name},\n")), "`{name}` is not listed");
            assert!(
                source.contains(&format!("    {name}(make().await).await;\n")),
                "`{name}` is not in `all`"
            );
            count += 1;
        }
        assert!(count > 15, "{count}");
    }
}

//! How many requests may be under way: in all, to one host, and for one who asks.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use gatewright_protocol::crypto::sha256;
use gatewright_protocol::syntax::Did;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many at once.
#[derive(Clone, Copy, Debug)]
struct Most {
    overall: usize,
    /// To one host that strangers name.
    host: usize,
    /// To a host of our own configuration.
    own_host: usize,
    /// For one peer.
    peer: usize,
}

/// Documents, and other requests of ours.
const DOCUMENTS: Most = Most { overall: 256, host: 8, own_host: 64, peer: 16 };
/// Calls of accounts that are passed on to services.
const CALLS: Most = Most { overall: 1024, host: 32, own_host: 512, peer: 32 };

/// On whose behalf something is fetched: one network address, or the /64 that an IPv6 address lies in; or an account.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer([u8; 8]);

impl Peer {
    /// The peer that a request came from.
    pub fn new(address: IpAddr) -> Self {
        let mut network = [0; 8];
        match address.to_canonical() {
            IpAddr::V4(v4) => network[4..].copy_from_slice(&v4.octets()),
            IpAddr::V6(v6) => network.copy_from_slice(&v6.octets()[..8]),
        }
        Self(network)
    }

    /// The account that somebody acts as, wherever that is known better than an address. A digest: no address is like it.
    pub fn of_account(account: &Did) -> Self {
        Self(sha256(account.as_str().as_bytes()).first_chunk().copied().unwrap_or_default())
    }
}

/// Says nothing of the address: it may reach a log.
impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Peer(…)")
    }
}

/// The counters of one [`Fetcher`](crate::fetch::Fetcher).
#[derive(Debug)]
pub(crate) struct Limits {
    most: Most,
    overall: Arc<Semaphore>,
    hosts: Arc<Counters<String>>,
    peers: Arc<Counters<Peer>>,
}

/// Held while a request is under way.
#[derive(Debug)]
pub(crate) struct Permit {
    _host: Counted<String>,
    _peer: Option<Counted<Peer>>,
    _overall: OwnedSemaphorePermit,
}

impl Limits {
    /// Those of documents, and of other requests of ours.
    pub(crate) fn of_documents() -> Self {
        Self::new(DOCUMENTS)
    }

    /// Those of calls that are passed on.
    pub(crate) fn of_calls() -> Self {
        Self::new(CALLS)
    }

    fn new(most: Most) -> Self {
        let overall = Arc::new(Semaphore::new(most.overall));
        Self { most, overall, hosts: Arc::default(), peers: Arc::default() }
    }

    /// Takes a place, waiting for one at this host and in all. The caller bounds the wait.
    /// `None` if the peer has as many under way as it may: it is told so instead of waiting.
    pub(crate) async fn enter(&self, host: &str, own: bool, peer: Option<Peer>) -> Option<Permit> {
        let peer = match peer {
            Some(peer) => Some(self.peers.try_enter(peer, self.most.peer)?),
            None => None,
        };
        let most = if own { self.most.own_host } else { self.most.host };
        let host = self.hosts.enter(host.to_owned(), most).await?;
        let overall = Arc::clone(&self.overall).acquire_owned().await.ok()?;
        Some(Permit { _host: host, _peer: peer, _overall: overall })
    }
}

/// A semaphore for each key that is in use, and none for the others.
#[derive(Debug)]
struct Counters<K>(Mutex<HashMap<K, Arc<Semaphore>>>);

impl<K> Default for Counters<K> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

/// One use of a key; the last one to go takes the key's semaphore with it.
#[derive(Debug)]
struct Counted<K: Hash + Eq> {
    counters: Arc<Counters<K>>,
    key: K,
    places: Option<Arc<Semaphore>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl<K: Hash + Eq + Clone> Counters<K> {
    fn join(self: &Arc<Self>, key: K, most: usize) -> Counted<K> {
        let places =
            Arc::clone(self.0.lock().entry(key.clone()).or_insert_with(|| Arc::new(Semaphore::new(most))));
        Counted { counters: Arc::clone(self), key, places: Some(places), permit: None }
    }

    fn try_enter(self: &Arc<Self>, key: K, most: usize) -> Option<Counted<K>> {
        let mut counted = self.join(key, most);
        counted.permit = Some(Arc::clone(counted.places.as_ref()?).try_acquire_owned().ok()?);
        Some(counted)
    }

    async fn enter(self: &Arc<Self>, key: K, most: usize) -> Option<Counted<K>> {
        let mut counted = self.join(key, most);
        counted.permit = Some(Arc::clone(counted.places.as_ref()?).acquire_owned().await.ok()?);
        Some(counted)
    }
}

impl<K: Hash + Eq> Drop for Counted<K> {
    fn drop(&mut self) {
        let mut counters = self.counters.0.lock();
        self.permit = None;
        self.places = None;
        // Every user holds one reference beside the map's own, and joins only under this lock.
        if counters.get(&self.key).is_some_and(|places| Arc::strong_count(places) == 1) {
            counters.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sec_72_a_peer_has_a_bounded_number_of_fetches_and_leaves_nothing_behind() {
        let limits = Limits::of_documents();
        let peer = Peer::new("198.51.100.7".parse().unwrap());
        let mut held = Vec::new();
        for n in 0..DOCUMENTS.peer {
            held.push(limits.enter(&format!("h{n}.net"), false, Some(peer)).await.unwrap());
        }
        assert!(limits.enter("other.net", false, Some(peer)).await.is_none());
        assert!(limits.enter("other.net", false, None).await.is_some());
        drop(held);
        assert!(limits.enter("other.net", false, Some(peer)).await.is_some());
        assert!(limits.hosts.0.lock().is_empty() && limits.peers.0.lock().is_empty());
    }

    #[tokio::test]
    async fn a_host_is_asked_by_a_bounded_number_at_once() {
        let limits = Limits::of_documents();
        let mut held = Vec::new();
        for _ in 0..DOCUMENTS.host {
            held.push(limits.enter("one.net", false, None).await.unwrap());
        }
        let waiting =
            tokio::time::timeout(std::time::Duration::from_millis(20), limits.enter("one.net", false, None));
        assert!(waiting.await.is_err(), "a ninth waits");
        assert!(limits.enter("two.net", false, None).await.is_some());
        held.pop();
        assert!(limits.enter("one.net", false, None).await.is_some());
    }

    #[test]
    fn a_peer_is_an_ipv4_address_or_an_ipv6_network() {
        let peer = |text: &str| Peer::new(text.parse().unwrap());
        assert_eq!(peer("2a00:1::1"), peer("2a00:1::ffff:2"));
        assert_ne!(peer("2a00:1::1"), peer("2a00:1:0:1::1"));
        assert_eq!(peer("::ffff:9.9.9.9"), peer("9.9.9.9"));
        assert_eq!(format!("{:?}", peer("9.9.9.9")), "Peer(…)");
    }
}

//! Which DPoP proofs were seen: in the memory of the process for every back end, because it is asked on every request
//! and may be forgotten at a restart, the nonce in each proof being forgotten with it (DP-9).

use std::collections::{HashSet, VecDeque};
use std::hash::{Hash, Hasher};

use gatewright_protocol::time::UnixTime;
use parking_lot::Mutex;

use crate::StoreError;

/// Keys that were used once. A key's first byte picks its shard; in a shard, keys lie in buckets by the time at which
/// they may be forgotten, and a bucket is freed as a whole.
#[derive(Debug)]
pub(crate) struct ReplayMemory {
    engine: &'static str,
    shards: Box<[Mutex<Shard>; SHARDS]>,
    shard_capacity: usize,
}

const SHARDS: usize = 64;
/// How much longer than asked a key may be remembered.
const BUCKET_MILLIS: i64 = 16_000;

#[derive(Debug, Default)]
struct Shard {
    /// In the order of their ends.
    buckets: VecDeque<Bucket>,
    length: usize,
}

#[derive(Debug)]
struct Bucket {
    /// When all of its keys may be forgotten.
    end: UnixTime,
    keys: HashSet<Key>,
}

/// The first half of a SHA-256. Two uses that agree in it by chance, or by 2^64 attempts, only cost their maker the
/// second one; a use that was seen is always found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key([u64; 2]);

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let [first, _] = self.0;
        hasher.write_u64(first);
    }
}

impl ReplayMemory {
    pub(crate) fn new(engine: &'static str, capacity: usize) -> Self {
        let shards = Box::new(std::array::from_fn(|_| Mutex::default()));
        Self { engine, shards, shard_capacity: capacity.div_ceil(SHARDS) }
    }

    pub(crate) fn remember(&self, key: [u8; 32], until: UnixTime, now: UnixTime) -> Result<bool, StoreError> {
        let (shard, key) = place(key);
        let Some(shard) = self.shards.get(shard) else { return Ok(false) };
        let mut shard = shard.lock();
        shard.forget(now);
        if shard.buckets.iter().any(|bucket| bucket.keys.contains(&key)) {
            return Ok(false);
        }
        if shard.length >= self.shard_capacity {
            return Err(StoreError::Full { engine: self.engine, what: "proofs" });
        }
        shard.insert(key, until.max(now));
        Ok(true)
    }

    /// Frees what may be forgotten; how many keys that were.
    pub(crate) fn sweep(&self, now: UnixTime) -> u64 {
        self.shards.iter().map(|shard| shard.lock().forget(now)).sum()
    }
}

impl Shard {
    fn forget(&mut self, now: UnixTime) -> u64 {
        let mut forgotten = 0;
        while self.buckets.front().is_some_and(|bucket| bucket.end <= now) {
            forgotten += self.buckets.pop_front().map_or(0, |bucket| bucket.keys.len());
        }
        self.length -= forgotten;
        forgotten as u64
    }

    fn insert(&mut self, key: Key, until: UnixTime) {
        let end = UnixTime::from_millis(
            until.millis().div_euclid(BUCKET_MILLIS).saturating_add(1).saturating_mul(BUCKET_MILLIS),
        );
        let place = self.buckets.partition_point(|bucket| bucket.end < end);
        if self.buckets.get(place).is_none_or(|bucket| bucket.end != end) {
            self.buckets.insert(place, Bucket { end, keys: HashSet::new() });
        }
        if let Some(bucket) = self.buckets.get_mut(place) {
            bucket.keys.insert(key);
            self.length += 1;
        }
    }
}

fn place(key: [u8; 32]) -> (usize, Key) {
    let half = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes).unwrap_or_default();
    let (first, rest) = key.split_at(8);
    let (second, rest) = rest.split_at(8);
    let shard = rest.first().map_or(0, |byte| usize::from(*byte) % SHARDS);
    (shard, Key([half(first), half(second)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> [u8; 32] {
        gatewright_protocol::crypto::sha256(&number.to_be_bytes())
    }

    #[test]
    fn a_key_counts_once_until_its_time_is_over() {
        let memory = ReplayMemory::new("test", 1000);
        let now = UnixTime::from_seconds(1_700_000_000);
        let until = UnixTime::from_seconds(1_700_000_198);
        assert!(memory.remember(key(1), until, now).expect("there is room"));
        assert!(!memory.remember(key(1), until, now).expect("it is known"));
        let later = UnixTime::from_seconds(1_700_000_197);
        assert!(!memory.remember(key(1), UnixTime::from_seconds(1_700_000_500), later).expect("it is known"));
        let over = UnixTime::from_seconds(1_700_000_198 + 17);
        assert!(memory.remember(key(1), over, over).expect("it was forgotten"));
    }

    #[test]
    fn sec_72_a_full_replay_memory_refuses_and_forgets_nothing() {
        let memory = ReplayMemory::new("test", 640);
        let now = UnixTime::from_seconds(1_700_000_000);
        let until = UnixTime::from_seconds(1_700_000_198);
        let kept: Vec<u64> = (0..10_000)
            .filter(|number| matches!(memory.remember(key(*number), until, now), Ok(true)))
            .collect();
        assert_eq!(kept.len(), 640);
        for number in &kept {
            assert!(matches!(memory.remember(key(*number), until, now), Ok(false)), "forgot {number}");
        }
        assert_eq!(memory.sweep(UnixTime::from_seconds(1_700_000_300)), 640);
        assert!(memory.shards.iter().all(|shard| shard.lock().buckets.is_empty()));
    }
}

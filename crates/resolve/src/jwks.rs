//! Published keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gatewright_protocol::jose::{Jwk, JwkSet};
use parking_lot::Mutex;
use url::Url;

use crate::cache::{Cache, Found, Fresh, Need};
use crate::client_metadata::{KEY_GRACE, lasts};
use crate::error::{FetchError, ResolveError};
use crate::fetch::Get;
use crate::url_rules::UrlRules;
use crate::{Peer, Resolver};

/// An unknown `kid` makes keys be fetched again, but not more often than this (CM-33).
pub(crate) const REFETCH: Duration = Duration::from_secs(30);

/// The keys of one authorization server: what a resource server checks access tokens with.
///
/// Kept for ten minutes, or for the shorter time that their publisher says; the last good copy serves for an hour
/// while the publisher cannot be reached.
#[derive(Debug)]
pub struct JwksSource {
    resolver: Resolver,
    url: Url,
    kept: Cache<(), Arc<JwkSet>>,
    /// What was had last, to see what is missing in the next.
    last: Mutex<Arc<JwkSet>>,
    withdrawals: AtomicU64,
}

impl JwksSource {
    pub(crate) fn new(resolver: Resolver, url: Url) -> Self {
        let kept = Cache::new(Arc::clone(&resolver.shared.clock), usize::MAX >> 1);
        Self { resolver, url, kept, last: Mutex::default(), withdrawals: AtomicU64::new(0) }
    }

    /// Where the keys are published.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// All keys.
    ///
    /// # Errors
    /// They cannot be fetched or read, and no good copy is young enough.
    pub async fn keys(&self) -> Result<Arc<JwkSet>, ResolveError> {
        self.get(Need::Fresh).await.map(|found| found.value)
    }

    /// The key of this name. An unknown one makes the keys be fetched again, twice a minute at most.
    ///
    /// # Errors
    /// As [`keys`](Self::keys). A key that a last good copy does not have is an error too, not an absence.
    pub async fn key(&self, kid: &str) -> Result<Option<Jwk>, ResolveError> {
        let found = self.get(Need::Fresh).await?;
        if let Some(key) = found.value.find(kid) {
            return Ok(Some(key.clone()));
        }
        absent_or(&self.get(Need::YoungerThan(REFETCH)).await?, kid)
    }

    /// How often a key of before was missing, or another one, when the keys were fetched. Asks nobody.
    pub fn withdrawals(&self) -> u64 {
        self.withdrawals.load(Ordering::Acquire)
    }

    async fn get(&self, need: Need) -> Result<Found<Arc<JwkSet>>, ResolveError> {
        let fetch = || fetch(&self.resolver, &self.url, UrlRules::CONFIGURED, None);
        let found = self.kept.get(&(), need, KEY_GRACE, fetch).await?;
        self.note(&found.value);
        Ok(found)
    }

    fn note(&self, keys: &Arc<JwkSet>) {
        let mut last = self.last.lock();
        if Arc::ptr_eq(&last, keys) {
            return;
        }
        if !last.usable().all(|key| keys.usable().any(|published| published == key)) {
            self.withdrawals.fetch_add(1, Ordering::AcqRel);
        }
        *last = Arc::clone(keys);
    }
}

/// The key, or the certainty that it is not published. A stale copy gives no such certainty.
pub(crate) fn absent_or(found: &Found<Arc<JwkSet>>, kid: &str) -> Result<Option<Jwk>, ResolveError> {
    match found.value.find(kid) {
        Some(key) => Ok(Some(key.clone())),
        None if found.stale => Err(ResolveError::fetching("key set")(FetchError::Unreachable)),
        None => Ok(None),
    }
}

pub(crate) async fn fetch(
    resolver: &Resolver,
    url: &Url,
    rules: UrlRules,
    peer: Option<Peer>,
) -> Result<Fresh<Arc<JwkSet>>, ResolveError> {
    let get = Get { types: &["application/json", "application/jwk-set+json"], rules, peer, ..Get::json(url) };
    let document = resolver.shared.fetcher.get(get).await.map_err(ResolveError::fetching("key set"))?;
    let value = serde_json::from_slice(&document.bytes)
        .map_err(|_| ResolveError::document("key set", "it is not JSON"))?;
    let keys = JwkSet::parse(&value).map_err(|error| ResolveError::document("key set", error))?;
    let size = document.bytes.len().saturating_mul(4);
    Ok(Fresh { value: Arc::new(keys), lasts: lasts(&document), size })
}

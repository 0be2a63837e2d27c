//! What was read or written last, in memory.
//!
//! Only the thread that writes changes what is known, after its commit and in the order of commits. A reader that found
//! nothing here and read the file may offer what it read; the offer counts only if nothing was written to the same shard
//! meanwhile, so an old row never takes the place of a new one.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::Arc;

use gatewright_protocol::legacy::LegacySessionId;
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::secret::{CodeHash, RefreshTokenHash};
use gatewright_protocol::syntax::Did;
use parking_lot::{Mutex, MutexGuard};

use super::Options;
use super::kept_token::KeptToken;
use crate::account::Account;
use crate::legacy_session::{LegacyAccess, LegacySession};
use crate::request::{Request, RequestId, Stage};
use crate::token::{Token, TokenId};

/// Everything that is remembered.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) accounts: Cache<Did, Arc<Account>>,
    pub(super) legacy_sessions: Cache<LegacySessionId, Arc<LegacySession>>,
    pub(super) requests: Cache<RequestId, Arc<Request>>,
    /// Which request a code belongs to. A code belongs to one request for ever, so this is never wrong, only to be
    /// compared with the request.
    pub(super) by_code: Cache<CodeHash, RequestId>,
    pub(super) tokens: Cache<TokenId, Arc<KeptToken>>,
    /// Which token a refresh token belongs to: never wrong, as above.
    pub(super) by_refresh: Cache<RefreshTokenHash, TokenId>,
    clients: Shared<ClientId>,
    client_auths: Shared<Arc<ClientAuth>>,
    scopes: Shared<Scopes>,
    audiences: Shared<Did>,
}

/// What a step changed, to be known once it is committed.
#[derive(Debug)]
pub(super) enum Change {
    AccountGone(Did),
    LegacySession(Box<LegacySession>),
    LegacySessionGone(LegacySessionId),
    Request(Arc<Request>),
    RequestGone(RequestId),
    Token(Box<Token>),
    TokenGone(TokenId),
}

impl Remembered {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            accounts: Cache::new(options.remembered_accounts),
            legacy_sessions: Cache::new(options.remembered_legacy_sessions),
            requests: Cache::new(options.remembered_requests),
            by_code: Cache::new(options.remembered_requests),
            tokens: Cache::new(options.remembered_tokens),
            by_refresh: Cache::new(options.remembered_tokens.saturating_mul(2)),
            clients: Shared::default(),
            client_auths: Shared::default(),
            scopes: Shared::default(),
            audiences: Shared::default(),
        }
    }

    /// Lets a token point to the texts that other tokens have too, before it is remembered.
    pub(super) fn share(&self, token: &mut Token) {
        if let Ok(account) = self.accounts.find(&token.account) {
            token.account = account.did.clone();
        }
        self.clients.share(&mut token.client);
        self.scopes.share(&mut token.approved);
        self.scopes.share(&mut token.granted);
        self.audiences.share(&mut token.audience);
    }

    /// What is remembered of a token.
    pub(super) fn kept(&self, token: Token) -> Arc<KeptToken> {
        let mut client_auth = Arc::new(token.client_auth.clone());
        self.client_auths.share(&mut client_auth);
        Arc::new(KeptToken::new(token, client_auth))
    }

    /// What is remembered of a legacy session: its texts are those that others have too.
    pub(super) fn kept_session(&self, mut session: LegacySession) -> Arc<LegacySession> {
        if let Ok(account) = self.accounts.find(&session.account) {
            session.account = account.did.clone();
        }
        if let LegacyAccess::AppPassword(access) = &mut session.access {
            access
                .approved
                .iter_mut()
                .chain(&mut access.granted)
                .for_each(|scopes| self.scopes.share(scopes));
        }
        Arc::new(session)
    }

    pub(super) fn apply(&self, change: Change) {
        match change {
            Change::AccountGone(did) => self.accounts.remove(&did),
            Change::LegacySession(session) => {
                self.legacy_sessions.put(session.id, self.kept_session(*session));
            }
            Change::LegacySessionGone(id) => self.legacy_sessions.remove(&id),
            Change::Request(request) => {
                self.note_code(&request);
                self.requests.put(request.id.clone(), request);
            }
            Change::RequestGone(id) => self.requests.remove(&id),
            Change::Token(token) => {
                self.note_refresh(&token);
                self.tokens.put(token.id, self.kept(*token));
            }
            Change::TokenGone(id) => self.tokens.remove(&id),
        }
    }

    pub(super) fn note_code(&self, request: &Request) {
        if let Stage::Approved { code, .. } = &request.stage {
            self.by_code.put(*code, request.id.clone());
        }
    }

    pub(super) fn note_refresh(&self, token: &Token) {
        for hash in token.refresh.iter().chain(&token.previous_refresh) {
            self.by_refresh.put(*hash, token.id);
        }
    }

    /// Another process wrote: nothing is known any more.
    pub(super) fn forget_all(&self) {
        self.accounts.clear();
        self.legacy_sessions.clear();
        self.requests.clear();
        self.by_code.clear();
        self.tokens.clear();
        self.by_refresh.clear();
    }
}

/// Texts that many rows have, each kept once as long as it is among the last few.
#[derive(Debug)]
struct Shared<T>(Mutex<HashSet<T>>);

const SHARED: usize = 256;

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(Mutex::new(HashSet::new()))
    }
}

impl<T: Clone + Eq + Hash> Shared<T> {
    fn share(&self, text: &mut T) {
        let mut known = self.0.lock();
        if let Some(same) = known.get(text) {
            text.clone_from(same);
            return;
        }
        if known.len() >= SHARED {
            known.clear();
        }
        known.insert(text.clone());
    }
}

/// A bounded map. Each shard has two generations: when the young one is full it becomes the old one, and what was in
/// that and was not asked for meanwhile is forgotten.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    shards: Box<[Mutex<Shard<K, V>>; SHARDS]>,
    hasher: RandomState,
    generation: usize,
}

const SHARDS: usize = 16;

#[derive(Debug)]
struct Shard<K, V> {
    version: u64,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

/// When a reader found nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Missed(u64);

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    fn new(capacity: usize) -> Self {
        let shard = |_| Mutex::new(Shard { version: 0, young: HashMap::new(), old: HashMap::new() });
        Self {
            shards: Box::new(std::array::from_fn(shard)),
            hasher: RandomState::new(),
            generation: capacity.div_ceil(2 * SHARDS),
        }
    }

    /// What is known; otherwise what to offer a row from the file with.
    pub(super) fn find(&self, key: &K) -> Result<V, Missed> {
        let mut shard = self.shard(key);
        if let Some(value) = shard.young.get(key) {
            return Ok(value.clone());
        }
        let Some(value) = shard.old.remove(key) else { return Err(Missed(shard.version)) };
        shard.insert(key.clone(), value.clone(), self.generation);
        Ok(value)
    }

    /// What was read from the file after [`find`](Self::find) missed it.
    pub(super) fn offer(&self, key: K, value: V, missed: Missed) {
        let mut shard = self.shard(&key);
        if shard.version == missed.0 {
            shard.insert(key, value, self.generation);
        }
    }

    fn put(&self, key: K, value: V) {
        let mut shard = self.shard(&key);
        shard.version += 1;
        shard.insert(key, value, self.generation);
    }

    fn remove(&self, key: &K) {
        let mut shard = self.shard(key);
        shard.version += 1;
        shard.young.remove(key);
        shard.old.remove(key);
    }

    fn clear(&self) {
        for shard in &*self.shards {
            let mut shard = shard.lock();
            shard.version += 1;
            shard.young = HashMap::new();
            shard.old = HashMap::new();
        }
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, V>> {
        // The upper bits: the maps themselves go by the lower ones, of another hasher.
        let place = usize::try_from(self.hasher.hash_one(key) >> 60).unwrap_or(0);
        let [first, ..] = &*self.shards;
        self.shards.get(place).unwrap_or(first).lock()
    }
}

impl<K: Eq + Hash, V> Shard<K, V> {
    fn insert(&mut self, key: K, value: V, generation: usize) {
        if self.young.len() >= generation && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        // A generation of none: nothing is to be remembered.
        if generation > 0 {
            self.young.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_that_was_overtaken_by_a_write_does_not_count() {
        let cache: Cache<u8, u8> = Cache::new(100);
        let missed = cache.find(&1).expect_err("nothing is known");
        cache.put(1, 2);
        cache.offer(1, 1, missed);
        assert_eq!(cache.find(&1).ok(), Some(2));
        cache.remove(&1);
        cache.offer(1, 1, missed);
        assert!(cache.find(&1).is_err(), "a row that was deleted came back");
        let missed = cache.find(&1).expect_err("it was deleted");
        cache.offer(1, 3, missed);
        assert_eq!(cache.find(&1).ok(), Some(3));
        cache.clear();
        cache.offer(1, 3, missed);
        assert!(cache.find(&1).is_err(), "what was forgotten came back");
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_asked_for() {
        let cache: Cache<u32, u32> = Cache::new(320);
        cache.put(0, 0);
        for number in 1..10_000 {
            cache.put(number, number);
            assert_eq!(cache.find(&0).ok(), Some(0), "forgot what is asked for all the time, at {number}");
        }
        let known = (0..10_000).filter(|number| cache.find(number).is_ok()).count();
        assert!((16..=320).contains(&known), "{known}");
        let sizes =
            cache.shards.iter().map(|shard| shard.lock()).map(|shard| shard.young.len() + shard.old.len());
        let held: usize = sizes.sum();
        assert!(held <= 320, "{held}");
    }

    #[test]
    fn an_older_value_never_shows_again() {
        let cache: Cache<u32, u32> = Cache::new(32);
        for round in 0..100 {
            cache.put(1, round);
            (100..200).for_each(|number| cache.put(number, number));
            assert!(cache.find(&1).is_ok_and(|value| value == round) || cache.find(&1).is_err(), "{round}");
        }
    }
}

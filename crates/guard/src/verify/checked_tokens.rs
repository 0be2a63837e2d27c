//! Tokens that were checked before.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use gatewright_protocol::crypto::sha256;
use gatewright_protocol::scope::{Permissions, Scopes};
use gatewright_protocol::time::UnixTime;
use parking_lot::Mutex;

use super::access_token::CheckedToken;
use crate::error::TokenError;

/// The most checked tokens that are remembered; at least half of them are those that came last.
const MOST: usize = 40_000;
/// How long at most.
const LONGEST: Duration = Duration::from_mins(15);
const SHARDS: usize = 16;
/// The most texts that are shared.
const SHARED: usize = 256;

/// Tokens that were checked before, by SHA-256 of their text: the same token comes with each request of a client, and
/// its signature stays right. Everything else about it is looked at each time.
///
/// Each shard has two generations: when the young one is full or [`LONGEST`] old it becomes the old one, and what was in
/// that and did not come again meanwhile is forgotten.
pub(super) struct CheckedTokens {
    shards: Box<[Mutex<Shard>; SHARDS]>,
    /// Of each shard.
    generation: usize,
    clients: Mutex<HashSet<Arc<str>>>,
    grants: Mutex<HashMap<Scopes, Arc<Grant>>>,
}

/// Scopes, and what they came to when they were parsed.
pub(super) struct Grant {
    scopes: Scopes,
    is_atproto: bool,
    permissions: Arc<Permissions>,
}

#[derive(Default)]
struct Shard {
    young: HashSet<Entry>,
    old: HashSet<Entry>,
    /// When the young generation began.
    began: UnixTime,
}

/// SHA-256 of the text of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct TextHash([u8; 32]);

/// A token in the place of its hash.
struct Entry(Arc<CheckedToken>);

impl TextHash {
    pub(super) fn of(text: &str) -> Self {
        Self(sha256(text.as_bytes()))
    }

    fn shard(self) -> usize {
        let [.., last] = self.0;
        usize::from(last) % SHARDS
    }
}

/// A part is as good as the whole, for it is a SHA-256.
impl Hash for TextHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if let Some((part, _)) = self.0.split_first_chunk() {
            state.write_u64(u64::from_ne_bytes(*part));
        }
    }
}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash.hash(state);
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.0.hash == other.0.hash
    }
}

impl Eq for Entry {}

impl Borrow<TextHash> for Entry {
    fn borrow(&self) -> &TextHash {
        &self.0.hash
    }
}

impl CheckedTokens {
    pub(super) fn new() -> Self {
        Self::of_size(MOST)
    }

    fn of_size(most: usize) -> Self {
        Self {
            shards: Box::new(std::array::from_fn(|_| Mutex::default())),
            generation: most / (2 * SHARDS),
            clients: Mutex::default(),
            grants: Mutex::default(),
        }
    }

    pub(super) fn find(&self, hash: TextHash, now: UnixTime) -> Option<Arc<CheckedToken>> {
        let mut shard = self.shards.get(hash.shard())?.lock();
        let token = if let Some(entry) = shard.young.get(&hash) {
            Arc::clone(&entry.0)
        } else {
            let entry = shard.old.take(&hash)?;
            let token = Arc::clone(&entry.0);
            shard.insert(entry, self.generation, now);
            token
        };
        // A clock that was set back does not make it last (SEC-73).
        (token.since <= now && now < token.since.plus(LONGEST)).then_some(token)
    }

    pub(super) fn keep(&self, mut token: CheckedToken, now: UnixTime) -> Arc<CheckedToken> {
        self.share_client(&mut token.client);
        let token = Arc::new(token);
        if let Some(shard) = self.shards.get(token.hash.shard()) {
            shard.lock().insert(Entry(Arc::clone(&token)), self.generation, now);
        }
        token
    }

    /// Forgets all of them.
    pub(super) fn clear(&self) {
        for shard in &*self.shards {
            let mut shard = shard.lock();
            shard.young.clear();
            shard.old.clear();
        }
    }

    /// What the scopes of its row permit a token.
    pub(super) fn permissions(
        &self,
        token: &CheckedToken,
        scopes: &Scopes,
    ) -> Result<Arc<Permissions>, TokenError> {
        let known = token.grant.load();
        let grant = match &*known {
            Some(grant) if grant.scopes == *scopes => Arc::clone(grant),
            _ => {
                let grant = self.grant(scopes);
                token.grant.store(Some(Arc::clone(&grant)));
                grant
            }
        };
        grant.permissions()
    }

    /// Notes what a token that says itself what it grants does grant. One that says nothing grants nothing, not even
    /// `atproto`.
    pub(super) fn grant_for_good(&self, token: &CheckedToken, scope: Option<Scopes>) {
        token.grant.store(Some(self.grant(&scope.unwrap_or_else(Scopes::empty))));
    }

    fn grant(&self, scopes: &Scopes) -> Arc<Grant> {
        if let Some(grant) = self.grants.lock().get(scopes) {
            return Arc::clone(grant);
        }
        let grant = Arc::new(Grant {
            scopes: scopes.clone(),
            is_atproto: scopes.contains("atproto"),
            permissions: Arc::new(Permissions::of(scopes)),
        });
        let mut grants = self.grants.lock();
        if grants.len() >= SHARED {
            grants.clear();
        }
        grants.insert(scopes.clone(), Arc::clone(&grant));
        grant
    }

    fn share_client(&self, client: &mut Arc<str>) {
        let mut clients = self.clients.lock();
        if let Some(same) = clients.get(client) {
            *client = Arc::clone(same);
            return;
        }
        if clients.len() >= SHARED {
            clients.clear();
        }
        clients.insert(Arc::clone(client));
    }
}

impl Grant {
    pub(super) fn permissions(&self) -> Result<Arc<Permissions>, TokenError> {
        if self.is_atproto { Ok(Arc::clone(&self.permissions)) } else { Err(TokenError::NotAtproto) }
    }
}

impl Shard {
    fn insert(&mut self, entry: Entry, generation: usize, now: UnixTime) {
        let is_over = now < self.began || self.began.plus(LONGEST) <= now;
        if self.young.len() >= generation || is_over {
            self.old = std::mem::take(&mut self.young);
            self.began = now;
        }
        self.young.replace(entry);
    }
}

impl fmt::Debug for CheckedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedTokens").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use arc_swap::ArcSwapOption;
    use gatewright_protocol::jose::Thumbprint;
    use gatewright_protocol::scope::Permission;

    use super::*;

    const START: UnixTime = UnixTime::from_seconds(1_700_000_000);

    fn token(number: usize) -> CheckedToken {
        CheckedToken {
            hash: TextHash::of(&number.to_string()),
            since: START,
            account: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap(),
            client: "https://app.example.dev/client.json".into(),
            jkt: Thumbprint([0; 32]),
            id: None,
            expires_at: START.plus(LONGEST),
            grant: ArcSwapOption::empty(),
        }
    }

    fn held(tokens: &CheckedTokens) -> usize {
        tokens.shards.iter().map(|shard| shard.lock()).map(|shard| shard.young.len() + shard.old.len()).sum()
    }

    #[test]
    fn sec_72_many_tokens_take_bounded_memory_and_one_in_use_stays() {
        let tokens = CheckedTokens::of_size(320);
        let used = tokens.keep(token(0), START);
        for number in 1..2_000 {
            let one = tokens.keep(token(number), START);
            let scopes = format!("atproto repo:com.example.n{number}").parse().unwrap();
            tokens.permissions(&one, &scopes).unwrap();
            let found = tokens.find(used.hash, START).expect("it was asked for all the time");
            assert!(Arc::ptr_eq(&found, &used));
            assert!(held(&tokens) <= 320);
        }
        assert!(tokens.grants.lock().len() <= SHARED);
        assert!(tokens.find(TextHash::of("1"), START).is_none());
    }

    #[test]
    fn a_token_is_forgotten_with_time_however_often_it_comes() {
        let tokens = CheckedTokens::of_size(320);
        let hash = tokens.keep(token(0), START).hash;
        for minute in 0..15 {
            assert!(tokens.find(hash, START.plus(Duration::from_mins(minute))).is_some(), "{minute}");
        }
        assert!(tokens.find(hash, START.plus(LONGEST)).is_none());
        assert!(tokens.find(hash, START.minus(Duration::from_secs(1))).is_none());
        // Two turns of every shard later, nothing of it takes memory.
        for turn in 1..=2_u32 {
            for number in 1..100 {
                tokens.keep(token(number), START.plus(LONGEST * turn));
            }
        }
        assert!(tokens.shards.iter().all(|shard| {
            let shard = shard.lock();
            !shard.young.contains(&hash) && !shard.old.contains(&hash)
        }));
    }

    #[test]
    fn tokens_share_what_is_the_same_and_only_that() {
        let tokens = CheckedTokens::new();
        let (first, second) = (tokens.keep(token(1), START), tokens.keep(token(2), START));
        assert!(Arc::ptr_eq(&first.client, &second.client));
        let permissions =
            |token: &CheckedToken, scope: &str| tokens.permissions(token, &scope.parse().unwrap());
        let scope = "atproto repo:com.example.one";
        let granted = permissions(&first, scope).unwrap();
        assert!(Arc::ptr_eq(&granted, &permissions(&second, scope).unwrap()));
        assert!(matches!(permissions(&second, "repo:com.example.one"), Err(TokenError::NotAtproto)));
        // What is granted may change with a rotation.
        let need: Permission = "repo:com.example.one?action=create".parse().unwrap();
        let allows = |permissions: &Permissions| need.needs().iter().all(|need| permissions.allows(need));
        assert!(allows(&granted));
        assert!(!allows(&permissions(&first, "atproto").unwrap()));
        assert!(allows(&permissions(&first, scope).unwrap()));
        // With the counts of its `Arc`, what allocators give out for 160 bytes.
        assert!(size_of::<CheckedToken>() <= 144, "{}", size_of::<CheckedToken>());
    }
}

//! One account's repository as it stands, kept at hand between writes.
//!
//! A write needs the head, the signing key and the nodes on the way to its keys. They are remembered here, so that
//! the next write reads nothing; the store's compare-and-swap on the head is what makes it right. Writes to one
//! account wait for each other; what is remembered is bounded and may be forgotten at any time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cid::Cid;
use gatewright_protocol::crypto::{PrivateKey, SealKey};
use gatewright_protocol::syntax::{Did, Nsid, RecordKey, Tid};
use gatewright_store::repo::{Committed, NewCommit, Record, RecordChange, RepoHead};
use gatewright_store::{HostStore, StoreError};
use moka::sync::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::commit;
use super::node::Node;
use super::tree::{Missing, Tree, Written};
use crate::signing_key;

/// Accounts whose repositories are at hand.
const MAX_DESKS: u64 = 512;
const MAX_IDLE: Duration = Duration::from_mins(10);
/// Nodes at hand for one account.
const MAX_NODES: usize = 64;
/// More keys of one layer beside each other than chance brings about: only keys chosen to slow the host down.
const MAX_ENTRIES: usize = 512;
/// How often a write starts again because somebody else was faster: another process, for here writes wait for each other.
const MAX_TRIES: usize = 64;

/// The repositories at hand.
#[derive(Debug)]
pub struct Desks {
    table: Cache<Did, Arc<Desk>>,
}

/// `None` before the first write and after one that failed.
type Desk = Mutex<Option<Open>>;

/// A repository at hand.
#[derive(Debug)]
struct Open {
    head: RepoHead,
    key: PrivateKey,
    nodes: HashMap<Cid, Arc<Node>>,
}

/// Changes of one commit.
#[derive(Clone, Debug)]
pub struct Change {
    /// In which collection.
    pub collection: Nsid,
    /// Of which record.
    pub key: RecordKey,
    /// What shall happen to it.
    pub kind: ChangeKind,
    /// What the record must be now: this value, or nothing.
    pub swap: Option<Option<Cid>>,
}

/// What shall happen to a record.
#[derive(Clone, Debug)]
pub enum ChangeKind {
    /// It must not be there yet.
    Create(NewRecord),
    /// It must be there.
    Delete,
    /// Nothing happens if it is not there.
    DeleteIfPresent,
    /// Whether it is there or not.
    Put(NewRecord),
    /// It must be there.
    Update(NewRecord),
}

/// A value for a record.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// Its address.
    pub cid: Cid,
    /// The value as DAG-CBOR.
    pub block: Bytes,
    /// The blobs it names.
    pub blobs: Vec<Cid>,
}

/// What a write came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A new commit.
    Committed(Box<RepoHead>),
    /// The records were like this already.
    Unchanged,
}

/// Why a write was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A record to be changed or deleted is not there.
    #[error("there is no record {0}")]
    Absent(String),
    /// A record names a blob that was not uploaded.
    #[error("the blob {0} was not uploaded")]
    BlobMissing(Cid),
    /// The head moved away under the write, again and again.
    #[error("the repository is being written to by too many at once")]
    Busy,
    /// The keys are chosen so that the tree would degenerate.
    #[error("too many record keys that fall into one node of the tree; use other keys, such as TIDs")]
    Crowded,
    /// A record to be created is there already.
    #[error("there is a record {0} already")]
    Exists(String),
    /// The signing key cannot be opened.
    #[error("the signing key of the account cannot be opened")]
    Key,
    /// The account has no repository here.
    #[error("the account has no repository here")]
    NoRepo,
    /// The head is not what the caller thought.
    #[error("commit was at {0}")]
    SwapCommit(Cid),
    /// The record is not what the caller thought.
    #[error("record was at {}", .0.map_or_else(|| "null".to_owned(), |cid| cid.to_string()))]
    SwapRecord(Option<Cid>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A node of the tree is not in the store, or is not a node.
    #[error("the block {0} of the tree cannot be read")]
    Tree(Cid),
}

/// What a write is done with.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Where repositories are kept.
    pub store: &'a dyn HostStore,
    /// What opens signing keys.
    pub seal: &'a SealKey,
    /// The revision of the commit, unless the head is already newer.
    pub rev: &'a Tid,
}

impl std::fmt::Debug for Means<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Means").field("rev", self.rev).finish_non_exhaustive()
    }
}

impl Default for Desks {
    fn default() -> Self {
        Self { table: Cache::builder().max_capacity(MAX_DESKS).time_to_idle(MAX_IDLE).build() }
    }
}

impl Desks {
    /// Holds up writes to one account.
    pub async fn hold(&self, did: &Did) -> Held {
        Held { _slot: self.table.get_with_by_ref(did, Arc::default).lock_owned().await }
    }

    /// Forgets what is at hand of an account: whose repository begins anew may have had another, with another key.
    pub fn forget(&self, did: &Did) {
        self.table.invalidate(did);
    }

    /// Makes one commit of all changes, or none. `swap` is the commit that the head must be.
    ///
    /// # Errors
    /// A condition of a change or of `swap` does not hold, or the store failed.
    pub async fn write(
        &self,
        means: Means<'_>,
        did: &Did,
        changes: &[Change],
        swap: Option<Cid>,
    ) -> Result<Outcome, WriteError> {
        let desk = self.table.get_with_by_ref(did, Arc::default);
        let mut slot = desk.lock().await;
        let mut lost = None;
        for _ in 0..MAX_TRIES {
            // Out of the slot while the store works: a write that is given up half-way leaves nothing doubtful behind.
            let mut open = match slot.take() {
                Some(open) => open,
                None => Open::load(means, did).await?,
            };
            let attempt = open.attempt(means, did, changes, swap).await;
            // A commit is compared with the head that the store has; every other answer came from what is at hand, which may
            // be old where another process writes too.
            if rests_on_what_is_at_hand(&attempt) && open.is_old(means, did).await? {
                continue;
            }
            match attempt {
                Ok(Some(outcome)) => {
                    *slot = Some(open);
                    return Ok(outcome);
                }
                Ok(None) => {}
                // Somebody else's commit took the block away, or it is really gone: look again.
                Err(WriteError::Tree(cid)) => lost = Some(cid),
                Err(error @ WriteError::Store(_)) => return Err(error),
                Err(error) => {
                    *slot = Some(open);
                    return Err(error);
                }
            }
        }
        Err(lost.map_or(WriteError::Busy, WriteError::Tree))
    }
}

/// Whether the store was not asked what the head is.
fn rests_on_what_is_at_hand(attempt: &Result<Option<Outcome>, WriteError>) -> bool {
    match attempt {
        Ok(Some(Outcome::Unchanged)) => true,
        Err(error) => matches!(
            error,
            WriteError::Absent(_)
                | WriteError::Crowded
                | WriteError::Exists(_)
                | WriteError::SwapCommit(_)
                | WriteError::SwapRecord(_)
        ),
        Ok(_) => false,
    }
}

/// No write of the account happens in this process while this is held.
#[derive(Debug)]
pub struct Held {
    _slot: OwnedMutexGuard<Option<Open>>,
}

impl Open {
    async fn load(means: Means<'_>, did: &Did) -> Result<Self, WriteError> {
        let sealed = means.store.find_signing_key(did).await?.ok_or(WriteError::NoRepo)?;
        let key = signing_key::open(means.seal, did, &sealed).ok_or(WriteError::Key)?;
        let head = match means.store.find_repo(did).await? {
            Some(head) => head,
            // An account begins with a key; its repository is made here, also if the process died in between.
            None => first_commit(means, did, &key).await?,
        };
        Ok(Self { head, key, nodes: HashMap::new() })
    }

    /// Whether the store has another head than the one at hand.
    async fn is_old(&self, means: Means<'_>, did: &Did) -> Result<bool, StoreError> {
        Ok(means.store.find_repo(did).await?.is_none_or(|head| head.commit != self.head.commit))
    }

    /// `None` if the head is not the one at hand any more.
    async fn attempt(
        &mut self,
        means: Means<'_>,
        did: &Did,
        changes: &[Change],
        swap: Option<Cid>,
    ) -> Result<Option<Outcome>, WriteError> {
        if let Some(swap) = swap
            && swap != self.head.commit
        {
            return Err(WriteError::SwapCommit(self.head.commit));
        }
        self.gather(means, did, changes).await?;
        let (written, records) = loop {
            match self.apply(changes) {
                Ok(Err(error)) => return Err(error),
                Ok(Ok(done)) => break done,
                Err(Missing(cid)) => self.fetch(means, did, cid).await?,
            }
        };
        if written.root == self.head.data {
            return Ok(Some(Outcome::Unchanged));
        }
        if written.widest > MAX_ENTRIES {
            return Err(WriteError::Crowded);
        }
        let rev = means.rev.max(&self.head.rev.next()).clone();
        let (cid, block) = commit::sign(did, &rev, &written.root, &self.key);
        let head = RepoHead { commit: cid, rev, data: written.root };
        let mut blocks = Vec::with_capacity(written.added.len() + 1);
        blocks.push((cid, block));
        blocks.extend(written.added.iter().map(|(cid, (block, _))| (*cid, block.clone())));
        let mut removed = Vec::with_capacity(written.removed.len() + 1);
        removed.push(self.head.commit);
        removed.extend(&written.removed);
        let commit = NewCommit {
            did: did.clone(),
            previous: Some(self.head.commit),
            head: head.clone(),
            blocks,
            removed,
            changes: records,
        };
        match means.store.commit_repo(commit).await? {
            Committed::BlobMissing(cid) => Err(WriteError::BlobMissing(cid)),
            Committed::Stale => Ok(None),
            Committed::Committed => {
                self.head = head.clone();
                self.remember(written);
                Ok(Some(Outcome::Committed(Box::new(head))))
            }
        }
    }

    /// Fetches the nodes on the way to every key, so that the changes themselves seldom stop for one.
    async fn gather(&mut self, means: Means<'_>, did: &Did, changes: &[Change]) -> Result<(), WriteError> {
        for change in changes {
            let path = path_of(change);
            loop {
                let tree = Tree::open(self.head.data, &self.nodes);
                match tree.and_then(|tree| tree.find(&path, &self.nodes)) {
                    Ok(_) => break,
                    Err(Missing(cid)) => self.fetch(means, did, cid).await?,
                }
            }
        }
        Ok(())
    }

    async fn fetch(&mut self, means: Means<'_>, did: &Did, cid: Cid) -> Result<(), WriteError> {
        let block = means.store.find_block(did, &cid).await?.ok_or(WriteError::Tree(cid))?;
        let node = Node::parse(&block).ok_or(WriteError::Tree(cid))?;
        self.nodes.insert(cid, Arc::new(node));
        Ok(())
    }

    fn apply(&self, changes: &[Change]) -> Result<Result<(Written, Vec<RecordChange>), WriteError>, Missing> {
        let mut tree = Tree::open(self.head.data, &self.nodes)?;
        let mut records = Vec::with_capacity(changes.len());
        for change in changes {
            let path = path_of(change);
            if let Some(wanted) = change.swap {
                let found = tree.find(&path, &self.nodes)?;
                if found != wanted {
                    return Ok(Err(WriteError::SwapRecord(found)));
                }
            }
            let (before, put) = match &change.kind {
                ChangeKind::Create(record) | ChangeKind::Put(record) | ChangeKind::Update(record) => {
                    (tree.put(&path, record.cid, &self.nodes)?, Some(record))
                }
                ChangeKind::Delete | ChangeKind::DeleteIfPresent => (tree.delete(&path, &self.nodes)?, None),
            };
            match (&change.kind, before) {
                (ChangeKind::Create(_), Some(_)) => return Ok(Err(WriteError::Exists(path))),
                (ChangeKind::Delete | ChangeKind::Update(_), None) => {
                    return Ok(Err(WriteError::Absent(path)));
                }
                _ => {}
            }
            records.push(row_of(change, put));
        }
        Ok(Ok((tree.write(), records)))
    }

    fn remember(&mut self, written: Written) {
        for cid in &written.removed {
            self.nodes.remove(cid);
        }
        if self.nodes.len() + written.added.len() > MAX_NODES {
            self.nodes.clear();
        }
        // The most recent path is what the next write most often needs.
        let fit = written.added.len() <= MAX_NODES;
        let added = written.added.into_iter().filter(|(cid, _)| fit || *cid == written.root);
        self.nodes.extend(added.map(|(cid, (_, node))| (cid, node)));
    }
}

/// Keeps the commit of an empty tree, unless somebody else was faster.
async fn first_commit(means: Means<'_>, did: &Did, key: &PrivateKey) -> Result<RepoHead, WriteError> {
    let tree = Tree::empty().write();
    let (cid, block) = commit::sign(did, means.rev, &tree.root, key);
    let head = RepoHead { commit: cid, rev: means.rev.clone(), data: tree.root };
    let mut blocks = vec![(cid, block)];
    blocks.extend(tree.added.into_iter().map(|(cid, (block, _))| (cid, block)));
    let commit = NewCommit {
        did: did.clone(),
        previous: None,
        head: head.clone(),
        blocks,
        removed: Vec::new(),
        changes: Vec::new(),
    };
    match means.store.commit_repo(commit).await? {
        Committed::Committed => Ok(head),
        _ => means.store.find_repo(did).await?.ok_or(WriteError::Busy),
    }
}

fn path_of(change: &Change) -> String {
    format!("{}/{}", change.collection, change.key)
}

fn row_of(change: &Change, put: Option<&NewRecord>) -> RecordChange {
    let (collection, key) = (change.collection.clone(), change.key.clone());
    match put {
        None => RecordChange::Delete { collection, key },
        Some(new) => RecordChange::Put {
            record: Record { collection, key, cid: new.cid, value: new.block.clone() },
            blobs: new.blobs.clone(),
        },
    }
}

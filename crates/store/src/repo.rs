//! Repositories: the signed tree of an account's records, as blocks, and an index of the records in it.

use async_trait::async_trait;
use bytes::Bytes;
use cid::Cid;
use gatewright_protocol::syntax::{Did, Nsid, RecordKey, Tid};

use crate::StoreError;

/// Where a repository stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoHead {
    /// CID of the signed commit.
    pub commit: Cid,
    /// Its revision.
    pub rev: Tid,
    /// CID of the root of the tree of records.
    pub data: Cid,
}

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its collection.
    pub collection: Nsid,
    /// Its key.
    pub key: RecordKey,
    /// The CID of its value.
    pub cid: Cid,
    /// Its value as DAG-CBOR.
    pub value: Bytes,
}

/// What a commit does to one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordChange {
    /// It is no more.
    Delete {
        /// Its collection.
        collection: Nsid,
        /// Its key.
        key: RecordKey,
    },
    /// It is new, or has a new value.
    Put {
        /// The record, with the blobs that its value names.
        record: Record,
        /// The blobs it names.
        blobs: Vec<Cid>,
    },
}

/// A commit to be kept.
#[derive(Clone, Debug)]
pub struct NewCommit {
    /// Whose repository.
    pub did: Did,
    /// The head it was made from; `None` for the first.
    pub previous: Option<Cid>,
    /// The head it makes.
    pub head: RepoHead,
    /// New blocks: the commit and the nodes of the tree. Values of records are not among them: they come with
    /// `changes` and are kept with their records, because two records may have one value and one of them may go.
    pub blocks: Vec<(Cid, Bytes)>,
    /// The old commit, and the nodes that are not in the new tree any more.
    pub removed: Vec<Cid>,
    /// What happened to records.
    pub changes: Vec<RecordChange>,
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is kept.
    Committed,
    /// A record names a blob that was never uploaded; nothing was changed.
    BlobMissing(Cid),
    /// The head is not `previous` any more; nothing was changed.
    Stale,
}

/// Which records to list, and from where.
#[derive(Clone, Debug)]
pub struct ListRecords {
    /// Of which collection.
    pub collection: Nsid,
    /// The last key of the page before: keys below it are listed, or keys above it when `reverse`.
    pub cursor: Option<RecordKey>,
    /// At most this many.
    pub limit: usize,
    /// Ascending keys when true. The order of the method is newest first, so descending, when false.
    pub reverse: bool,
}

/// How much there is of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepoCounts {
    /// Blobs that were uploaded.
    pub blobs: u64,
    /// Blocks of the repository: commit, nodes of the tree and values of records.
    pub blocks: u64,
    /// Blobs that records name, each once.
    pub named_blobs: u64,
    /// Records.
    pub records: u64,
}

/// Repositories, their blocks and their records.
#[async_trait]
pub trait RepoStore: Send + Sync {
    /// Where the repository stands; `None` when the account has none here.
    async fn find_repo(&self, did: &Did) -> Result<Option<RepoHead>, StoreError>;
    /// Up to `limit` repositories in the order of their DIDs, after `after`.
    async fn list_repos(&self, after: Option<&Did>, limit: usize)
    -> Result<Vec<(Did, RepoHead)>, StoreError>;
    /// Keeps a commit: its blocks, the head and the index of records, all or nothing.
    async fn commit_repo(&self, commit: NewCommit) -> Result<Committed, StoreError>;
    /// One commit or node of the tree (values of records: [`find_record`](Self::find_record)).
    async fn find_block(&self, did: &Did, cid: &Cid) -> Result<Option<Bytes>, StoreError>;
    /// The commit and all nodes of the tree, for `getRepo`, after the CID `after` in byte order, at most `limit`.
    async fn list_blocks(
        &self,
        did: &Did,
        after: Option<&Cid>,
        limit: usize,
    ) -> Result<Vec<(Cid, Bytes)>, StoreError>;
    /// One record.
    async fn find_record(
        &self,
        did: &Did,
        collection: &Nsid,
        key: &RecordKey,
    ) -> Result<Option<Record>, StoreError>;
    /// Records of one collection.
    async fn list_records(&self, did: &Did, list: ListRecords) -> Result<Vec<Record>, StoreError>;
    /// How much there is of the account; zeros where there is nothing.
    async fn count_repo(&self, did: &Did) -> Result<RepoCounts, StoreError>;
    /// The collections that have records, in order.
    async fn list_collections(&self, did: &Did) -> Result<Vec<Nsid>, StoreError>;
}

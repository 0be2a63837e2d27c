//! Repositories, their blocks and their records.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use async_trait::async_trait;
use bytes::Bytes;
use cid::Cid;
use gatewright_protocol::syntax::{Did, Nsid, RecordKey};

use super::{Memory, blob};
use crate::StoreError;
use crate::repo::{Committed, ListRecords, NewCommit, Record, RecordChange, RepoCounts, RepoHead, RepoStore};

#[derive(Debug, Default)]
pub(super) struct Repos {
    rows: BTreeMap<Did, Repo>,
}

#[derive(Debug)]
struct Repo {
    head: RepoHead,
    /// In the order of the bytes of their CIDs.
    blocks: BTreeMap<Vec<u8>, (Cid, Bytes)>,
    collections: BTreeMap<Nsid, BTreeMap<RecordKey, Row>>,
}

#[derive(Debug)]
struct Row {
    cid: Cid,
    value: Bytes,
    blobs: Vec<Cid>,
}

impl Repos {
    pub(super) fn remove(&mut self, did: &Did) -> bool {
        self.rows.remove(did).is_some()
    }

    /// The blobs that records name, by the text of their CIDs.
    pub(super) fn named_blobs(&self, did: &Did) -> BTreeMap<String, Cid> {
        let records = self
            .rows
            .get(did)
            .into_iter()
            .flat_map(|repo| repo.collections.values().flat_map(BTreeMap::values));
        records.flat_map(|row| &row.blobs).map(|cid| (cid.to_string(), *cid)).collect()
    }

    fn commit(&mut self, commit: NewCommit, known: &blob::Blobs) -> Committed {
        if self.rows.get(&commit.did).map(|repo| repo.head.commit) != commit.previous {
            return Committed::Stale;
        }
        let missing = |blob: &&Cid| !known.contains(&commit.did, blob);
        if let Some(cid) = commit.changes.iter().flat_map(named_in).find(missing) {
            return Committed::BlobMissing(*cid);
        }
        let empty =
            || Repo { head: commit.head.clone(), blocks: BTreeMap::new(), collections: BTreeMap::new() };
        let repo = self.rows.entry(commit.did).or_insert_with(empty);
        repo.head = commit.head;
        for cid in &commit.removed {
            repo.blocks.remove(&cid.to_bytes());
        }
        repo.blocks.extend(commit.blocks.into_iter().map(|(cid, bytes)| (cid.to_bytes(), (cid, bytes))));
        for change in commit.changes {
            repo.change(change);
        }
        Committed::Committed
    }
}

fn named_in(change: &RecordChange) -> &[Cid] {
    match change {
        RecordChange::Delete { .. } => &[],
        RecordChange::Put { blobs, .. } => blobs,
    }
}

impl Repo {
    fn change(&mut self, change: RecordChange) {
        match change {
            RecordChange::Delete { collection, key } => {
                let records = self.collections.entry(collection.clone()).or_default();
                records.remove(&key);
                if records.is_empty() {
                    self.collections.remove(&collection);
                }
            }
            RecordChange::Put { record, blobs } => {
                let row = Row { cid: record.cid, value: record.value, blobs };
                self.collections.entry(record.collection).or_default().insert(record.key, row);
            }
        }
    }
}

impl Row {
    fn record(&self, collection: &Nsid, key: &RecordKey) -> Record {
        Record { collection: collection.clone(), key: key.clone(), cid: self.cid, value: self.value.clone() }
    }
}

#[async_trait]
impl RepoStore for Memory {
    async fn find_repo(&self, did: &Did) -> Result<Option<RepoHead>, StoreError> {
        Ok(self.tables().repos.rows.get(did).map(|repo| repo.head.clone()))
    }

    async fn list_repos(
        &self,
        after: Option<&Did>,
        limit: usize,
    ) -> Result<Vec<(Did, RepoHead)>, StoreError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let tables = self.tables();
        let rows = tables.repos.rows.range::<Did, _>((start, Bound::Unbounded));
        Ok(rows.take(limit).map(|(did, repo)| (did.clone(), repo.head.clone())).collect())
    }

    async fn commit_repo(&self, commit: NewCommit) -> Result<Committed, StoreError> {
        let tables = &mut *self.tables();
        Ok(tables.repos.commit(commit, &tables.blobs))
    }

    async fn find_block(&self, did: &Did, cid: &Cid) -> Result<Option<Bytes>, StoreError> {
        let tables = self.tables();
        let block = tables.repos.rows.get(did).and_then(|repo| repo.blocks.get(&cid.to_bytes()));
        Ok(block.map(|(_, bytes)| bytes.clone()))
    }

    async fn list_blocks(
        &self,
        did: &Did,
        after: Option<&Cid>,
        limit: usize,
    ) -> Result<Vec<(Cid, Bytes)>, StoreError> {
        let start = after.map_or(Bound::Unbounded, |cid| Bound::Excluded(cid.to_bytes()));
        let tables = self.tables();
        let Some(repo) = tables.repos.rows.get(did) else { return Ok(Vec::new()) };
        Ok(repo.blocks.range((start, Bound::Unbounded)).take(limit).map(|(_, block)| block.clone()).collect())
    }

    async fn find_record(
        &self,
        did: &Did,
        collection: &Nsid,
        key: &RecordKey,
    ) -> Result<Option<Record>, StoreError> {
        let tables = self.tables();
        let Some(repo) = tables.repos.rows.get(did) else { return Ok(None) };
        let Some(row) = repo.collections.get(collection).and_then(|records| records.get(key)) else {
            return Ok(None);
        };
        Ok(Some(row.record(collection, key)))
    }

    async fn list_records(&self, did: &Did, list: ListRecords) -> Result<Vec<Record>, StoreError> {
        let tables = self.tables();
        let Some(repo) = tables.repos.rows.get(did) else { return Ok(Vec::new()) };
        let Some(records) = repo.collections.get(&list.collection) else { return Ok(Vec::new()) };
        let edge = list.cursor.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let record = |(key, row): (&RecordKey, &Row)| Ok(row.record(&list.collection, key));
        if list.reverse {
            records.range((edge, Bound::Unbounded)).take(list.limit).map(record).collect()
        } else {
            records.range((Bound::Unbounded, edge)).rev().take(list.limit).map(record).collect()
        }
    }

    async fn count_repo(&self, did: &Did) -> Result<RepoCounts, StoreError> {
        let tables = self.tables();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let blobs = count(tables.blobs.count(did));
        let Some(repo) = tables.repos.rows.get(did) else {
            return Ok(RepoCounts { blobs, ..RepoCounts::default() });
        };
        let records = || repo.collections.values().flat_map(BTreeMap::values);
        let values: BTreeSet<Vec<u8>> = records().map(|row| row.cid.to_bytes()).collect();
        Ok(RepoCounts {
            blobs,
            blocks: count(repo.blocks.len() + values.len()),
            named_blobs: count(tables.repos.named_blobs(did).len()),
            records: count(records().count()),
        })
    }

    async fn list_collections(&self, did: &Did) -> Result<Vec<Nsid>, StoreError> {
        Ok(self
            .tables()
            .repos
            .rows
            .get(did)
            .map(|repo| repo.collections.keys().cloned().collect())
            .unwrap_or_default())
    }
}

//! Repositories, their blocks and their records.

use async_trait::async_trait;
use bytes::Bytes;
use cid::Cid;
use gatewright_protocol::syntax::{Did, Nsid, RecordKey};
use rusqlite::{Row, params};

use super::account::{clamp, own};
use super::row::{Columns, all, one};
use super::writer::Write;
use super::{Sqlite, blob, statements};
use crate::StoreError;
use crate::repo::{Committed, ListRecords, NewCommit, Record, RecordChange, RepoCounts, RepoHead, RepoStore};

#[async_trait]
impl RepoStore for Sqlite {
    async fn find_repo(&self, did: &Did) -> Result<Option<RepoHead>, StoreError> {
        self.point(|connection| {
            one(connection, FIND, [did.as_str()], |row| read_head(row).map(|(_, head)| head))
        })
        .await
    }

    async fn list_repos(
        &self,
        after: Option<&Did>,
        limit: usize,
    ) -> Result<Vec<(Did, RepoHead)>, StoreError> {
        let after = after.map_or("", Did::as_str).to_owned();
        self.scan(move |connection| all(connection, LIST, params![after, clamp(limit)], read_head)).await
    }

    async fn commit_repo(&self, commit: NewCommit) -> Result<Committed, StoreError> {
        self.write(move |write| commit_in(write, &commit)).await
    }

    async fn find_block(&self, did: &Did, cid: &Cid) -> Result<Option<Bytes>, StoreError> {
        let bytes = |row: &Row<'_>| Columns::new("block", row).bytes(1, "bytes").map(Bytes::copy_from_slice);
        let cid = cid.to_bytes();
        self.point(|connection| one(connection, FIND_BLOCK, params![did.as_str(), cid], bytes)).await
    }

    async fn list_blocks(
        &self,
        did: &Did,
        after: Option<&Cid>,
        limit: usize,
    ) -> Result<Vec<(Cid, Bytes)>, StoreError> {
        let (did, after) = (did.clone(), after.map(Cid::to_bytes).unwrap_or_default());
        let block = |row: &Row<'_>| {
            let columns = Columns::new("block", row);
            Ok((cid(&columns, 0)?, Bytes::copy_from_slice(columns.bytes(1, "bytes")?)))
        };
        self.scan(move |connection| {
            all(connection, LIST_BLOCKS, params![did.as_str(), after, clamp(limit)], block)
        })
        .await
    }

    async fn find_record(
        &self,
        did: &Did,
        collection: &Nsid,
        key: &RecordKey,
    ) -> Result<Option<Record>, StoreError> {
        let params = [did.as_str(), collection.as_str(), key.as_str()];
        self.point(|connection| one(connection, FIND_RECORD, params, |row| read_record(row, collection)))
            .await
    }

    async fn list_records(&self, did: &Did, list: ListRecords) -> Result<Vec<Record>, StoreError> {
        let did = did.clone();
        let listed = move |connection: &rusqlite::Connection| {
            let cursor = list.cursor.as_ref().map(RecordKey::as_str);
            let params = params![did.as_str(), list.collection.as_str(), cursor, clamp(list.limit)];
            let sql = match (&list.cursor, list.reverse) {
                (None, false) => LIST_LAST,
                (None, true) => LIST_FIRST,
                (Some(_), false) => LIST_BEFORE,
                (Some(_), true) => LIST_AFTER,
            };
            all(connection, sql, params, |row| read_record(row, &list.collection))
        };
        self.scan(listed).await
    }

    async fn count_repo(&self, did: &Did) -> Result<RepoCounts, StoreError> {
        let count = |columns: &Columns<'_, '_>, at| {
            let number: i64 = columns.value(at, "count")?;
            columns.read("count", u64::try_from(number).ok())
        };
        let counts = move |row: &Row<'_>| {
            let columns = Columns::new("repo", row);
            Ok(RepoCounts {
                blobs: count(&columns, 1)?,
                blocks: count(&columns, 2)?,
                named_blobs: count(&columns, 3)?,
                records: count(&columns, 4)?,
            })
        };
        let did = did.clone();
        let found = self.scan(move |connection| all(connection, COUNT, [did.as_str()], counts)).await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    async fn list_collections(&self, did: &Did) -> Result<Vec<Nsid>, StoreError> {
        let did = did.clone();
        let collection = |row: &Row<'_>| Columns::new("record", row).parse(0, "collection");
        self.scan(move |connection| all(connection, LIST_COLLECTIONS, [did.as_str()], collection)).await
    }
}

fn commit_in(write: &mut Write<'_>, commit: &NewCommit) -> Result<Committed, StoreError> {
    let current = one(write.connection, FIND_NUMBER, [commit.did.as_str()], |row| {
        let columns = Columns::new("repo", row);
        Ok((columns.value::<i64>(0, "number")?, cid(&columns, 1)?))
    })?;
    if current.map(|(_, head)| head) != commit.previous {
        return Ok(Committed::Stale);
    }
    // Everything is checked before anything is changed.
    if let Some(missing) = missing_blob(write, commit)? {
        return Ok(Committed::BlobMissing(missing));
    }
    let (head, data) = (commit.head.commit.to_bytes(), commit.head.data.to_bytes());
    let repo = if let Some((number, _)) = current {
        write.execute(MOVE_HEAD, params![number, head, commit.head.rev.as_str(), data])?;
        number
    } else {
        own(write, &commit.did)?;
        write.execute(INSERT, params![commit.did.as_str(), head, commit.head.rev.as_str(), data])?;
        write.connection.last_insert_rowid()
    };
    for cid in &commit.removed {
        write.execute(DELETE_BLOCK, params![repo, cid.to_bytes()])?;
    }
    for (cid, bytes) in &commit.blocks {
        write.execute(INSERT_BLOCK, params![repo, cid.to_bytes(), &**bytes])?;
    }
    commit.changes.iter().try_for_each(|change| change_in(write, repo, change))?;
    Ok(Committed::Committed)
}

fn missing_blob(write: &Write<'_>, commit: &NewCommit) -> Result<Option<Cid>, StoreError> {
    for change in &commit.changes {
        let RecordChange::Put { blobs, .. } = change else { continue };
        for named in blobs {
            if !blob::is_known(write, &commit.did, &named.to_string())? {
                return Ok(Some(*named));
            }
        }
    }
    Ok(None)
}

fn change_in(write: &Write<'_>, repo: i64, change: &RecordChange) -> Result<(), StoreError> {
    match change {
        RecordChange::Delete { collection, key } => {
            write.execute(DELETE_RECORD, params![repo, collection.as_str(), key.as_str()])?;
        }
        RecordChange::Put { record, blobs } => {
            let (collection, key) = (record.collection.as_str(), record.key.as_str());
            write
                .execute(PUT_RECORD, params![repo, collection, key, record.cid.to_bytes(), &*record.value])?;
            write.execute(FORGET_BLOBS, params![repo, collection, key])?;
            for named in blobs {
                write.execute(NAME_BLOB, params![repo, collection, key, named.to_string()])?;
            }
        }
    }
    Ok(())
}

fn cid(columns: &Columns<'_, '_>, at: usize) -> Result<Cid, StoreError> {
    columns.read("cid", Cid::try_from(columns.bytes(at, "cid")?).ok())
}

fn read_head(row: &Row<'_>) -> Result<(Did, RepoHead), StoreError> {
    let columns = Columns::new("repo", row);
    let head = RepoHead { commit: cid(&columns, 1)?, rev: columns.parse(2, "rev")?, data: cid(&columns, 3)? };
    Ok((columns.parse(0, "did")?, head))
}

fn read_record(row: &Row<'_>, collection: &Nsid) -> Result<Record, StoreError> {
    let columns = Columns::new("record", row);
    Ok(Record {
        collection: collection.clone(),
        key: columns.parse(0, "key")?,
        cid: cid(&columns, 1)?,
        value: Bytes::copy_from_slice(columns.bytes(2, "value")?),
    })
}

macro_rules! records {
    ($rest:literal) => {
        concat!(
            "SELECT key, cid, value FROM record \
             WHERE repo = (SELECT number FROM repo WHERE did = ?1) AND collection = ?2 ",
            $rest
        )
    };
}

statements! {
    FIND = "SELECT did, head, rev, data FROM repo WHERE did = ?1";
    FIND_NUMBER = "SELECT number, head FROM repo WHERE did = ?1";
    LIST = "SELECT did, head, rev, data FROM repo WHERE did > ?1 ORDER BY did LIMIT ?2";
    INSERT = "INSERT INTO repo (did, head, rev, data) VALUES (?1, ?2, ?3, ?4)";
    MOVE_HEAD = "UPDATE repo SET head = ?2, rev = ?3, data = ?4 WHERE number = ?1";
    FIND_BLOCK = "SELECT cid, bytes FROM block WHERE repo = (SELECT number FROM repo WHERE did = ?1) AND cid = ?2";
    LIST_BLOCKS = "SELECT cid, bytes FROM block WHERE repo = (SELECT number FROM repo WHERE did = ?1) AND cid > ?2 \
        ORDER BY cid LIMIT ?3";
    INSERT_BLOCK = "INSERT INTO block (repo, cid, bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    DELETE_BLOCK = "DELETE FROM block WHERE repo = ?1 AND cid = ?2";
    FIND_RECORD = records!("AND key = ?3");
    LIST_FIRST = records!("AND ?3 IS NULL ORDER BY key LIMIT ?4");
    LIST_LAST = records!("AND ?3 IS NULL ORDER BY key DESC LIMIT ?4");
    LIST_AFTER = records!("AND key > ?3 ORDER BY key LIMIT ?4");
    LIST_BEFORE = records!("AND key < ?3 ORDER BY key DESC LIMIT ?4");
    LIST_COLLECTIONS = "SELECT DISTINCT collection FROM record WHERE repo = (SELECT number FROM repo WHERE did = ?1) \
        ORDER BY collection";
    COUNT = "SELECT did, (SELECT count(*) FROM blob WHERE did = ?1), \
        (SELECT count(*) FROM block WHERE repo = (SELECT number FROM repo WHERE did = ?1)) \
        + (SELECT count(DISTINCT cid) FROM record WHERE repo = (SELECT number FROM repo WHERE did = ?1)), \
        (SELECT count(DISTINCT cid) FROM record_blob WHERE repo = (SELECT number FROM repo WHERE did = ?1)), \
        (SELECT count(*) FROM record WHERE repo = (SELECT number FROM repo WHERE did = ?1)) \
        FROM owner WHERE did = ?1";
    PUT_RECORD = "INSERT INTO record (repo, collection, key, cid, value) VALUES (?1, ?2, ?3, ?4, ?5) \
        ON CONFLICT DO UPDATE SET cid = excluded.cid, value = excluded.value";
    DELETE_RECORD = "DELETE FROM record WHERE repo = ?1 AND collection = ?2 AND key = ?3";
    FORGET_BLOBS = "DELETE FROM record_blob WHERE repo = ?1 AND collection = ?2 AND key = ?3";
    NAME_BLOB = "INSERT INTO record_blob (repo, collection, key, cid) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
}

//! Repositories, their blocks and their records.

use async_trait::async_trait;
use bytes::Bytes;
use cid::Cid;
use gatewright_protocol::syntax::{Did, Nsid, RecordKey};
use sqlx::postgres::PgRow;

use super::account::{clamp, own};
use super::row::{Columns, all, one, params};
use super::writer::{Write, at_once, atomic};
use super::{Postgres, blob, failed, read, statements};
use crate::StoreError;
use crate::repo::{Committed, ListRecords, NewCommit, Record, RecordChange, RepoCounts, RepoHead, RepoStore};

#[async_trait]
impl RepoStore for Postgres {
    async fn find_repo(&self, did: &Did) -> Result<Option<RepoHead>, StoreError> {
        read!(self, connection => {
            one(connection, FIND, params![did.as_str()], |row| read_head(row).map(|(_, head)| head)).await
        })
    }

    async fn list_repos(
        &self,
        after: Option<&Did>,
        limit: usize,
    ) -> Result<Vec<(Did, RepoHead)>, StoreError> {
        let after = after.map_or("", Did::as_str).to_owned();
        read!(self, connection => all(connection, LIST, params![after, clamp(limit)], read_head).await)
    }

    async fn commit_repo(&self, commit: NewCommit) -> Result<Committed, StoreError> {
        if self.commit_at_once(&commit).await? {
            return Ok(Committed::Committed);
        }
        atomic!(self, write => commit_in(write, &commit).await)
    }

    async fn find_block(&self, did: &Did, cid: &Cid) -> Result<Option<Bytes>, StoreError> {
        let bytes = |row: &PgRow| Columns::new("block", row).bytes(1, "bytes").map(Bytes::copy_from_slice);
        let cid = cid.to_bytes();
        read!(self, connection => one(connection, FIND_BLOCK, params![did.as_str(), cid], bytes).await)
    }

    async fn list_blocks(
        &self,
        did: &Did,
        after: Option<&Cid>,
        limit: usize,
    ) -> Result<Vec<(Cid, Bytes)>, StoreError> {
        let (did, after) = (did.clone(), after.map(Cid::to_bytes).unwrap_or_default());
        let block = |row: &PgRow| {
            let columns = Columns::new("block", row);
            Ok((cid(&columns, 0)?, Bytes::copy_from_slice(columns.bytes(1, "bytes")?)))
        };
        read!(self, connection => {
            all(connection, LIST_BLOCKS, params![did.as_str(), after, clamp(limit)], block).await
        })
    }

    async fn find_record(
        &self,
        did: &Did,
        collection: &Nsid,
        key: &RecordKey,
    ) -> Result<Option<Record>, StoreError> {
        let params = params![did.as_str(), collection.as_str(), key.as_str()];
        read!(self, connection => one(connection, FIND_RECORD, params, |row| read_record(row, collection)).await)
    }

    async fn list_records(&self, did: &Did, list: ListRecords) -> Result<Vec<Record>, StoreError> {
        let cursor = list.cursor.as_ref().map(RecordKey::as_str);
        let params = params![did.as_str(), list.collection.as_str(), cursor, clamp(list.limit)];
        let sql = match (&list.cursor, list.reverse) {
            (None, false) => LIST_LAST,
            (None, true) => LIST_FIRST,
            (Some(_), false) => LIST_BEFORE,
            (Some(_), true) => LIST_AFTER,
        };
        let record = |row: &PgRow| read_record(row, &list.collection);
        read!(self, connection => all(connection, sql, params, record).await)
    }

    async fn count_repo(&self, did: &Did) -> Result<RepoCounts, StoreError> {
        let count = |columns: &Columns<'_>, at| {
            let number: i64 = columns.value(at, "count")?;
            columns.read("count", u64::try_from(number).ok())
        };
        let counts = move |row: &PgRow| {
            let columns = Columns::new("repo", row);
            Ok(RepoCounts {
                blobs: count(&columns, 1)?,
                blocks: count(&columns, 2)?,
                named_blobs: count(&columns, 3)?,
                records: count(&columns, 4)?,
            })
        };
        let found = read!(self, connection => all(connection, COUNT, params![did.as_str()], counts).await)?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    async fn list_collections(&self, did: &Did) -> Result<Vec<Nsid>, StoreError> {
        let collection = |row: &PgRow| Columns::new("record", row).parse(0, "collection");
        read!(self, connection => all(connection, LIST_COLLECTIONS, params![did.as_str()], collection).await)
    }
}

impl Postgres {
    /// What most commits are, one record without blobs that is made or replaced, in one statement, which is a step of its own.
    /// False if it is another case, and nothing was done.
    async fn commit_at_once(&self, commit: &NewCommit) -> Result<bool, StoreError> {
        let ([RecordChange::Put { record, blobs }], Some(previous)) = (&*commit.changes, &commit.previous)
        else {
            return Ok(false);
        };
        if !blobs.is_empty() {
            return Ok(false);
        }
        let removed: Vec<Vec<u8>> = commit.removed.iter().map(Cid::to_bytes).collect();
        let (cids, blocks): (Vec<Vec<u8>>, Vec<Vec<u8>>) =
            commit.blocks.iter().map(|(cid, bytes)| (cid.to_bytes(), bytes.to_vec())).unzip();
        let params = params![
            commit.did.as_str(),
            previous.to_bytes(),
            commit.head.commit.to_bytes(),
            commit.head.rev.as_str(),
            commit.head.data.to_bytes(),
            removed,
            cids,
            blocks,
            record.collection.as_str(),
            record.key.as_str(),
            record.cid.to_bytes(),
            &*record.value,
        ];
        let moved = read!(self, connection => one(connection, COMMIT_AT_ONCE, params, |_| Ok(())).await);
        Ok(at_once(moved)?.is_some())
    }
}

async fn commit_in(write: &mut Write, commit: &NewCommit) -> Result<Committed, StoreError> {
    let current = one(&mut write.connection, FIND_NUMBER, params![commit.did.as_str()], |row| {
        let columns = Columns::new("repo", row);
        Ok((columns.value::<i64>(0, "number")?, cid(&columns, 1)?))
    })
    .await?;
    if current.map(|(_, head)| head) != commit.previous {
        return Ok(Committed::Stale);
    }
    // Everything is checked before anything is changed.
    if let Some(missing) = missing_blob(write, commit).await? {
        return Ok(Committed::BlobMissing(missing));
    }
    let (head, data) = (commit.head.commit.to_bytes(), commit.head.data.to_bytes());
    let repo = if let Some((number, _)) = current {
        write.execute(MOVE_HEAD, params![number, head, commit.head.rev.as_str(), data]).await?;
        number
    } else {
        own(write, &commit.did).await?;
        let new = params![commit.did.as_str(), head, commit.head.rev.as_str(), data];
        let number = |row: &PgRow| Columns::new("repo", row).value::<i64>(0, "number");
        let inserted = one(&mut write.connection, INSERT, new, number).await?;
        inserted.ok_or_else(|| failed("no row came back from an insertion"))?
    };
    for cid in &commit.removed {
        write.execute(DELETE_BLOCK, params![repo, cid.to_bytes()]).await?;
    }
    for (cid, bytes) in &commit.blocks {
        write.execute(INSERT_BLOCK, params![repo, cid.to_bytes(), &**bytes]).await?;
    }
    for change in &commit.changes {
        change_in(write, repo, change).await?;
    }
    Ok(Committed::Committed)
}

async fn missing_blob(write: &mut Write, commit: &NewCommit) -> Result<Option<Cid>, StoreError> {
    for change in &commit.changes {
        let RecordChange::Put { blobs, .. } = change else { continue };
        for named in blobs {
            if !blob::is_known(write, &commit.did, &named.to_string()).await? {
                return Ok(Some(*named));
            }
        }
    }
    Ok(None)
}

async fn change_in(write: &mut Write, repo: i64, change: &RecordChange) -> Result<(), StoreError> {
    match change {
        RecordChange::Delete { collection, key } => {
            write.execute(DELETE_RECORD, params![repo, collection.as_str(), key.as_str()]).await?;
        }
        RecordChange::Put { record, blobs } => {
            let (collection, key) = (record.collection.as_str(), record.key.as_str());
            write
                .execute(PUT_RECORD, params![repo, collection, key, record.cid.to_bytes(), &*record.value])
                .await?;
            write.execute(FORGET_BLOBS, params![repo, collection, key]).await?;
            for named in blobs {
                write.execute(NAME_BLOB, params![repo, collection, key, named.to_string()]).await?;
            }
        }
    }
    Ok(())
}

fn cid(columns: &Columns<'_>, at: usize) -> Result<Cid, StoreError> {
    columns.read("cid", Cid::try_from(columns.bytes(at, "cid")?).ok())
}

fn read_head(row: &PgRow) -> Result<(Did, RepoHead), StoreError> {
    let columns = Columns::new("repo", row);
    let head = RepoHead { commit: cid(&columns, 1)?, rev: columns.parse(2, "rev")?, data: cid(&columns, 3)? };
    Ok((columns.parse(0, "did")?, head))
}

fn read_record(row: &PgRow, collection: &Nsid) -> Result<Record, StoreError> {
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
             WHERE repo = (SELECT number FROM repo WHERE did = $1) AND collection = $2 ",
            $rest
        )
    };
}

statements! {
    FIND = "SELECT did, head, rev, data FROM repo WHERE did = $1";
    FIND_NUMBER = "SELECT number, head FROM repo WHERE did = $1";
    LIST = "SELECT did, head, rev, data FROM repo WHERE did > $1 ORDER BY did LIMIT $2";
    INSERT = "INSERT INTO repo (did, head, rev, data) VALUES ($1, $2, $3, $4) RETURNING number";
    MOVE_HEAD = "UPDATE repo SET head = $2, rev = $3, data = $4 WHERE number = $1";
    COMMIT_AT_ONCE = "WITH \
        moved AS (UPDATE repo SET head = $3, rev = $4, data = $5 WHERE did = $1 AND head = $2 RETURNING number), \
        dropped AS (DELETE FROM block USING moved WHERE repo = number AND cid = ANY ($6::bytea[])), \
        added AS (INSERT INTO block (repo, cid, bytes) SELECT number, new.cid, new.bytes \
            FROM moved, unnest($7::bytea[], $8::bytea[]) AS new (cid, bytes) ON CONFLICT DO NOTHING), \
        put AS (INSERT INTO record (repo, collection, key, cid, value) \
            SELECT number, $9::text, $10::text, $11::bytea, $12::bytea FROM moved \
            ON CONFLICT (repo, collection, key) DO UPDATE SET cid = excluded.cid, value = excluded.value), \
        forgotten AS (DELETE FROM record_blob USING moved WHERE repo = number AND collection = $9 AND key = $10) \
        SELECT number FROM moved";
    FIND_BLOCK = "SELECT cid, bytes FROM block WHERE repo = (SELECT number FROM repo WHERE did = $1) AND cid = $2";
    LIST_BLOCKS = "SELECT cid, bytes FROM block WHERE repo = (SELECT number FROM repo WHERE did = $1) AND cid > $2 \
        ORDER BY cid LIMIT $3";
    INSERT_BLOCK = "INSERT INTO block (repo, cid, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    DELETE_BLOCK = "DELETE FROM block WHERE repo = $1 AND cid = $2";
    FIND_RECORD = records!("AND key = $3");
    LIST_FIRST = records!("AND $3::text IS NULL ORDER BY key LIMIT $4");
    LIST_LAST = records!("AND $3::text IS NULL ORDER BY key DESC LIMIT $4");
    LIST_AFTER = records!("AND key > $3 ORDER BY key LIMIT $4");
    LIST_BEFORE = records!("AND key < $3 ORDER BY key DESC LIMIT $4");
    LIST_COLLECTIONS = "SELECT DISTINCT collection FROM record WHERE repo = (SELECT number FROM repo WHERE did = $1) \
        ORDER BY collection";
    COUNT = "SELECT did, (SELECT count(*) FROM blob WHERE did = $1), \
        (SELECT count(*) FROM block WHERE repo = (SELECT number FROM repo WHERE did = $1)) \
        + (SELECT count(DISTINCT cid) FROM record WHERE repo = (SELECT number FROM repo WHERE did = $1)), \
        (SELECT count(DISTINCT cid) FROM record_blob WHERE repo = (SELECT number FROM repo WHERE did = $1)), \
        (SELECT count(*) FROM record WHERE repo = (SELECT number FROM repo WHERE did = $1)) \
        FROM owner WHERE did = $1";
    PUT_RECORD = "INSERT INTO record (repo, collection, key, cid, value) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (repo, collection, key) DO UPDATE SET cid = excluded.cid, value = excluded.value";
    DELETE_RECORD = "DELETE FROM record WHERE repo = $1 AND collection = $2 AND key = $3";
    FORGET_BLOBS = "DELETE FROM record_blob WHERE repo = $1 AND collection = $2 AND key = $3";
    NAME_BLOB = "INSERT INTO record_blob (repo, collection, key, cid) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
}

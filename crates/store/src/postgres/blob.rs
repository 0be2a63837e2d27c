//! What is known about blobs.

use std::collections::BTreeSet;

use async_trait::async_trait;
use cid::Cid;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::PgRow;

use super::account::{clamp, own};
use super::row::{Columns, all, one, params};
use super::writer::{Write, atomic};
use super::{Postgres, read, statements};
use crate::StoreError;
use crate::blob::{Blob, BlobStore, BlobsSwept};

#[async_trait]
impl BlobStore for Postgres {
    async fn create_blob(&self, blob: Blob) -> Result<(), StoreError> {
        atomic!(self, write => {
            own(write, &blob.did).await?;
            let size = i64::try_from(blob.size).unwrap_or(i64::MAX);
            let params = params![
                blob.did.as_str(),
                blob.cid.to_string(),
                size,
                blob.declared_type,
                blob.sniffed_type,
                blob.created_at.millis()
            ];
            write.execute(INSERT, params).await.map(drop)
        })
    }

    async fn find_blob(&self, did: &Did, cid: &Cid) -> Result<Option<Blob>, StoreError> {
        read!(self, connection => one(connection, FIND, params![did.as_str(), cid.to_string()], read).await)
    }

    async fn list_blobs(&self, did: &Did, after: Option<&Cid>, limit: usize) -> Result<Vec<Cid>, StoreError> {
        let (did, after) = (did.clone(), after.map(ToString::to_string).unwrap_or_default());
        let cid = |row: &PgRow| Columns::new("record_blob", row).parse(0, "cid");
        read!(self, connection => all(connection, LIST, params![did.as_str(), after, clamp(limit)], cid).await)
    }

    async fn sweep_blobs(&self, before: UnixTime, limit: usize) -> Result<BlobsSwept, StoreError> {
        let before = before.millis();
        let owned = |row: &PgRow| {
            let columns = Columns::new("blob", row);
            Ok((columns.text(0, "did")?.to_owned(), columns.text(1, "cid")?.to_owned()))
        };
        // No index leads to them: they are looked for outside of the step, which looks again by key.
        let (found, has_orphans): (Vec<(String, String)>, bool) = read!(self, connection => {
            let found = all(connection, UNNAMED, params![before, clamp(limit)], owned).await?;
            (found, one(connection, HAS_ORPHANS, params![], |_| Ok(())).await?.is_some())
        });
        if found.is_empty() && !has_orphans {
            return Ok(BlobsSwept::default());
        }

        let forgotten = atomic!(self, write => {
            let cid = |row: &PgRow| Ok(Columns::new("orphan_blob", row).text(0, "cid")?.to_owned());
            let mut forgotten = all(&mut write.connection, TAKE_ORPHANS, params![clamp(limit)], cid).await?;
            for (did, cid) in &found {
                if write.execute(FORGET, params![did, cid, before]).await? > 0 {
                    forgotten.push(cid.clone());
                }
            }
            Ok(forgotten)
        })?;
        let uploads = forgotten.len();
        let kept = |row: &PgRow| Ok(Columns::new("blob", row).text(0, "cid")?.to_owned());
        let kept = read!(self, connection => all(connection, KEPT, params![forgotten], kept).await)?;
        let kept: BTreeSet<String> = kept.into_iter().collect();
        let gone: BTreeSet<String> = forgotten.into_iter().filter(|cid| !kept.contains(cid)).collect();
        // What is in no row any more was read from rows as text: a CID that cannot be read has no file either.
        Ok(BlobsSwept { uploads, gone: gone.iter().filter_map(|cid| cid.parse().ok()).collect() })
    }
}

/// Whether the account uploaded it.
pub(super) async fn is_known(write: &mut Write, did: &Did, cid: &str) -> Result<bool, StoreError> {
    Ok(one(&mut write.connection, FIND, params![did.as_str(), cid], |_| Ok(())).await?.is_some())
}

fn read(row: &PgRow) -> Result<Blob, StoreError> {
    let columns = Columns::new("blob", row);
    let size: i64 = columns.value(2, "size")?;
    Ok(Blob {
        cid: columns.parse(0, "cid")?,
        did: columns.parse(1, "did")?,
        size: columns.read("size", u64::try_from(size).ok())?,
        declared_type: columns.value(3, "declared_type")?,
        sniffed_type: columns.value(4, "sniffed_type")?,
        created_at: columns.time(5, "created_at")?,
    })
}

statements! {
    INSERT = "INSERT INTO blob (did, cid, size, declared_type, sniffed_type, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (did, cid) DO UPDATE \
        SET declared_type = excluded.declared_type, created_at = excluded.created_at";
    FIND = "SELECT cid, did, size, declared_type, sniffed_type, created_at FROM blob WHERE did = $1 AND cid = $2";
    LIST = "SELECT DISTINCT cid FROM record_blob WHERE repo = (SELECT number FROM repo WHERE did = $1) AND cid > $2 \
        ORDER BY cid LIMIT $3";
    UNNAMED = "SELECT did, cid FROM blob WHERE created_at < $1 AND NOT EXISTS (SELECT 1 FROM repo JOIN record_blob \
        ON record_blob.repo = repo.number WHERE repo.did = blob.did AND record_blob.cid = blob.cid) LIMIT $2";
    FORGET = "DELETE FROM blob WHERE did = $1 AND cid = $2 AND created_at < $3 AND NOT EXISTS (SELECT 1 FROM repo \
        JOIN record_blob ON record_blob.repo = repo.number WHERE repo.did = blob.did AND record_blob.cid = blob.cid)";
    HAS_ORPHANS = "SELECT 1 FROM orphan_blob LIMIT 1";
    TAKE_ORPHANS = "DELETE FROM orphan_blob WHERE cid IN (SELECT cid FROM orphan_blob LIMIT $1) RETURNING cid";
    /// Those of a list of CIDs that some account has.
    KEPT = "SELECT DISTINCT cid FROM blob WHERE cid IN (SELECT unnest($1::text[]))";
}

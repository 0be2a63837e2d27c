//! What is known about blobs.

use async_trait::async_trait;
use cid::Cid;
use gatewright_protocol::syntax::Did;
use rusqlite::{Row, params};

use super::account::{clamp, own};
use super::row::{Columns, all, one};
use super::writer::Write;
use super::{Sqlite, statements};
use crate::StoreError;
use crate::blob::{Blob, BlobStore};

#[async_trait]
impl BlobStore for Sqlite {
    async fn create_blob(&self, blob: Blob) -> Result<(), StoreError> {
        let step = move |write: &mut Write<'_>| {
            own(write, &blob.did)?;
            let size = i64::try_from(blob.size).unwrap_or(i64::MAX);
            let params = params![
                blob.did.as_str(),
                blob.cid.to_string(),
                size,
                blob.declared_type,
                blob.sniffed_type,
                blob.created_at.millis()
            ];
            write.execute(INSERT, params).map(drop)
        };
        self.write(step).await
    }

    async fn find_blob(&self, did: &Did, cid: &Cid) -> Result<Option<Blob>, StoreError> {
        self.point(|connection| one(connection, FIND, params![did.as_str(), cid.to_string()], read)).await
    }

    async fn list_blobs(&self, did: &Did, after: Option<&Cid>, limit: usize) -> Result<Vec<Cid>, StoreError> {
        let (did, after) = (did.clone(), after.map(ToString::to_string).unwrap_or_default());
        let cid = |row: &Row<'_>| Columns::new("record_blob", row).parse(0, "cid");
        self.scan(move |connection| all(connection, LIST, params![did.as_str(), after, clamp(limit)], cid))
            .await
    }
}

/// Whether the account uploaded it.
pub(super) fn is_known(write: &Write<'_>, did: &Did, cid: &str) -> Result<bool, StoreError> {
    Ok(one(write.connection, FIND, [did.as_str(), cid], |_| Ok(()))?.is_some())
}

fn read(row: &Row<'_>) -> Result<Blob, StoreError> {
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
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET declared_type = excluded.declared_type";
    FIND = "SELECT cid, did, size, declared_type, sniffed_type, created_at FROM blob WHERE did = ?1 AND cid = ?2";
    LIST = "SELECT DISTINCT cid FROM record_blob WHERE repo = (SELECT number FROM repo WHERE did = ?1) AND cid > ?2 \
        ORDER BY cid LIMIT ?3";
}

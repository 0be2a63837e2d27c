//! `com.atproto.repo.getRecord`.

use cid::Cid;
use gatewright_protocol::syntax::{AtUri, Nsid, RecordKey};
use gatewright_store::StoreError;
use gatewright_store::repo::Record;
use ipld_core::ipld::Ipld;

use super::access::{Identifier, ReadError, Viewer, readable};
use crate::context::Context;
use crate::repo::value::from_block;

/// A record as it is shown.
#[derive(Clone, Debug)]
pub struct ShownRecord {
    /// Where it is.
    pub uri: AtUri,
    /// The address of its value.
    pub cid: Cid,
    /// Its value.
    pub value: Ipld,
}

/// Why a record is not shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadRecordError {
    /// There is no such record, or not with this value.
    #[error("there is no record {collection}/{key}")]
    NotFound {
        /// In this collection.
        collection: Nsid,
        /// Under this key.
        key: RecordKey,
    },
    /// The repository cannot be read.
    #[error(transparent)]
    Repo(#[from] ReadError),
    /// What lies in the store cannot be read.
    #[error("the value of {0} is not DAG-CBOR")]
    Unreadable(AtUri),
}

impl From<StoreError> for ReadRecordError {
    fn from(error: StoreError) -> Self {
        Self::Repo(error.into())
    }
}

/// Reads one record; where `cid` is given, only if it has this value.
pub async fn read_record(
    context: &Context,
    repo: &Identifier,
    collection: Nsid,
    key: RecordKey,
    cid: Option<Cid>,
) -> Result<ShownRecord, ReadRecordError> {
    let account = readable(context, repo, Viewer::Anybody).await?;
    match context.store.find_record(&account.did, &collection, &key).await? {
        Some(record) if cid.is_none_or(|cid| cid == record.cid) => {
            let uri = AtUri::of_record(&account.did, &collection, &key);
            show(uri, &record)
        }
        _ => Err(ReadRecordError::NotFound { collection, key }),
    }
}

pub(super) fn show(uri: AtUri, record: &Record) -> Result<ShownRecord, ReadRecordError> {
    match from_block(&record.value) {
        Some(value) => Ok(ShownRecord { uri, cid: record.cid, value }),
        None => Err(ReadRecordError::Unreadable(uri)),
    }
}

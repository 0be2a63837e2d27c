//! `com.atproto.repo.putRecord`.

use cid::Cid;
use gatewright_protocol::syntax::{AtUri, Did, Nsid, RecordKey};
use serde_json::Value;

use super::access::{Identifier, writable};
use super::write::{Validate, WriteError, WrittenRecord, commit, prepare};
use crate::context::Context;
use crate::repo::desk::{Change, ChangeKind};

/// A record to be created or replaced.
#[derive(Clone, Debug)]
pub struct PutRecord {
    /// In whose repository.
    pub repo: Identifier,
    /// In which collection.
    pub collection: Nsid,
    /// Under which key.
    pub key: RecordKey,
    /// Whether it must be valid by its lexicon.
    pub validate: Validate,
    /// Its value.
    pub value: Value,
    /// What must be there now: this value, or nothing.
    pub swap_record: Option<Option<Cid>>,
    /// The commit that the repository must be at.
    pub swap_commit: Option<Cid>,
}

/// Creates a record or replaces the one that is there. The same value again makes no commit.
pub async fn put_record(
    context: &Context,
    caller: &Did,
    put: PutRecord,
) -> Result<WrittenRecord, WriteError> {
    let account = writable(context, caller, Some(&put.repo)).await?;
    let record = prepare(&put.collection, put.value, put.validate)?;
    let uri = AtUri::of_record(&account.did, &put.collection, &put.key);
    let cid = record.cid;
    let kind = ChangeKind::Put(record);
    let change = Change { collection: put.collection, key: put.key, kind, swap: put.swap_record };
    let commit = commit(context, &account.did, &[change], put.swap_commit).await?;
    Ok(WrittenRecord { uri, cid, commit, validation_status: put.validate.status() })
}

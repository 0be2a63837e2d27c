//! `com.atproto.repo.createRecord`.

use cid::Cid;
use gatewright_protocol::syntax::{AtUri, Did, Nsid, RecordKey};
use serde_json::Value;

use super::access::{Identifier, writable};
use super::write::{Validate, WriteError, WrittenRecord, commit, key_or_new, prepare};
use crate::context::Context;
use crate::repo::desk::{Change, ChangeKind};

/// A record to be created.
#[derive(Clone, Debug)]
pub struct CreateRecord {
    /// In whose repository.
    pub repo: Identifier,
    /// In which collection.
    pub collection: Nsid,
    /// Under which key; a TID of now if none is given.
    pub key: Option<RecordKey>,
    /// Whether it must be valid by its lexicon.
    pub validate: Validate,
    /// Its value.
    pub value: Value,
    /// The commit that the repository must be at.
    pub swap_commit: Option<Cid>,
}

/// Creates a record that must not be there yet.
pub async fn create_record(
    context: &Context,
    caller: &Did,
    create: CreateRecord,
) -> Result<WrittenRecord, WriteError> {
    let account = writable(context, caller, Some(&create.repo)).await?;
    let record = prepare(&create.collection, create.value, create.validate)?;
    let key = key_or_new(context, create.key);
    let uri = AtUri::of_record(&account.did, &create.collection, &key);
    let cid = record.cid;
    let change = Change { collection: create.collection, key, kind: ChangeKind::Create(record), swap: None };
    let commit = commit(context, &account.did, &[change], create.swap_commit).await?;
    Ok(WrittenRecord { uri, cid, commit, validation_status: create.validate.status() })
}

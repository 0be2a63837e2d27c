//! `com.atproto.repo.applyWrites`: many writes, one commit or none.

use cid::Cid;
use gatewright_protocol::syntax::{AtUri, Did, Nsid, RecordKey};
use gatewright_store::repo::RepoHead;
use serde_json::Value;

use super::access::{Identifier, writable};
use super::write::{Validate, WriteError, commit, key_or_new, prepare};
use crate::context::Context;
use crate::repo::desk::{Change, ChangeKind};
use crate::settings::MAX_WRITES;

/// Writes to be done together.
#[derive(Clone, Debug)]
pub struct ApplyWrites {
    /// In whose repository.
    pub repo: Identifier,
    /// Whether values must be valid by their lexicons.
    pub validate: Validate,
    /// What to do, in this order.
    pub writes: Vec<Write>,
    /// The commit that the repository must be at.
    pub swap_commit: Option<Cid>,
}

/// One of many writes.
#[derive(Clone, Debug)]
pub enum Write {
    /// A record that must not be there yet.
    Create {
        /// In which collection.
        collection: Nsid,
        /// Under which key; a TID of now if none is given.
        key: Option<RecordKey>,
        /// Its value.
        value: Value,
    },
    /// A record that must be there, to be deleted.
    Delete {
        /// In which collection.
        collection: Nsid,
        /// Under which key.
        key: RecordKey,
    },
    /// A record that must be there, to be replaced.
    Update {
        /// In which collection.
        collection: Nsid,
        /// Under which key.
        key: RecordKey,
        /// Its value.
        value: Value,
    },
}

/// What came of all writes.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The commit that has them, unless everything was like this already.
    pub commit: Option<RepoHead>,
    /// One for each write, in their order.
    pub results: Vec<Applying>,
    /// Whether values were validated.
    pub validation_status: Option<&'static str>,
}

/// What came of one write.
#[derive(Clone, Debug)]
pub enum Applying {
    /// It was created.
    Created {
        /// Where it is.
        uri: AtUri,
        /// The address of its value.
        cid: Cid,
    },
    /// It was deleted.
    Deleted,
    /// It was replaced.
    Updated {
        /// Where it is.
        uri: AtUri,
        /// The address of its value.
        cid: Cid,
    },
}

/// Does all writes in one commit, or none of them.
pub async fn apply_writes(
    context: &Context,
    caller: &Did,
    apply: ApplyWrites,
) -> Result<Applied, WriteError> {
    if apply.writes.len() > MAX_WRITES {
        return Err(WriteError::TooMany(apply.writes.len()));
    }
    let account = writable(context, caller, Some(&apply.repo)).await?;
    let mut changes = Vec::with_capacity(apply.writes.len());
    let mut results = Vec::with_capacity(apply.writes.len());
    for write in apply.writes {
        let (change, result) = plan(context, &account.did, write, apply.validate)?;
        changes.push(change);
        results.push(result);
    }
    let commit = match (changes.is_empty(), apply.swap_commit) {
        (true, None) => None,
        _ => commit(context, &account.did, &changes, apply.swap_commit).await?,
    };
    Ok(Applied { commit, results, validation_status: apply.validate.status() })
}

fn plan(
    context: &Context,
    did: &Did,
    write: Write,
    validate: Validate,
) -> Result<(Change, Applying), WriteError> {
    let (collection, key, kind, result) = match write {
        Write::Create { collection, key, value } => {
            let record = prepare(&collection, value, validate)?;
            let key = key_or_new(context, key);
            let uri = AtUri::of_record(did, &collection, &key);
            let result = Applying::Created { uri, cid: record.cid };
            (collection, key, ChangeKind::Create(record), result)
        }
        Write::Update { collection, key, value } => {
            let record = prepare(&collection, value, validate)?;
            let uri = AtUri::of_record(did, &collection, &key);
            let result = Applying::Updated { uri, cid: record.cid };
            (collection, key, ChangeKind::Update(record), result)
        }
        Write::Delete { collection, key } => (collection, key, ChangeKind::Delete, Applying::Deleted),
    };
    Ok((Change { collection, key, kind, swap: None }, result))
}

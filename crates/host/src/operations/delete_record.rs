//! `com.atproto.repo.deleteRecord`.

use cid::Cid;
use gatewright_protocol::syntax::{Did, Nsid, RecordKey};
use gatewright_store::repo::RepoHead;

use super::access::{Identifier, writable};
use super::write::{WriteError, commit};
use crate::context::Context;
use crate::repo::desk::{Change, ChangeKind};

/// A record to be deleted.
#[derive(Clone, Debug)]
pub struct DeleteRecord {
    /// In whose repository.
    pub repo: Identifier,
    /// In which collection.
    pub collection: Nsid,
    /// Under which key.
    pub key: RecordKey,
    /// The value that must be there now.
    pub swap_record: Option<Cid>,
    /// The commit that the repository must be at.
    pub swap_commit: Option<Cid>,
}

/// Deletes a record. One that is not there makes no commit and is no error.
pub async fn delete_record(
    context: &Context,
    caller: &Did,
    delete: DeleteRecord,
) -> Result<Option<RepoHead>, WriteError> {
    let account = writable(context, caller, Some(&delete.repo)).await?;
    let change = Change {
        collection: delete.collection,
        key: delete.key,
        kind: ChangeKind::DeleteIfPresent,
        swap: delete.swap_record.map(Some),
    };
    commit(context, &account.did, &[change], delete.swap_commit).await
}

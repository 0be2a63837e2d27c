//! `com.atproto.repo.listRecords`.

use gatewright_protocol::syntax::{AtUri, RecordKey};
use gatewright_store::repo::ListRecords;

use super::access::{Identifier, Viewer, readable};
use super::read_record::{ReadRecordError, ShownRecord, show};
use crate::context::Context;

/// A page of records.
#[derive(Clone, Debug)]
pub struct RecordPage {
    /// The records, in the order that was asked for.
    pub records: Vec<ShownRecord>,
    /// Where the next page begins; `None` if this is the last.
    pub cursor: Option<RecordKey>,
}

/// Reads a page of the records of one collection.
pub async fn list_records(
    context: &Context,
    repo: &Identifier,
    list: ListRecords,
) -> Result<RecordPage, ReadRecordError> {
    let account = readable(context, repo, Viewer::Anybody).await?;
    let limit = list.limit;
    let rows = context.store.list_records(&account.did, list).await?;
    let cursor = if rows.len() < limit { None } else { rows.last().map(|row| row.key.clone()) };
    let uri =
        |row: &gatewright_store::repo::Record| AtUri::of_record(&account.did, &row.collection, &row.key);
    let records = rows.iter().map(|row| show(uri(row), row)).collect::<Result<_, _>>()?;
    Ok(RecordPage { records, cursor })
}

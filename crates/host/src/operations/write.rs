//! What all record writes share: preparing a value, making the commit, saying what came of it.

use bytes::Bytes;
use cid::Cid;
use gatewright_guard::rate::TooMany;
use gatewright_protocol::syntax::{AtUri, Did, Nsid, RecordKey};
use gatewright_store::repo::RepoHead;
use ipld_core::ipld::Ipld;
use serde_json::Value;

use super::access::AccessError;
use crate::context::Context;
use crate::repo::cid::of_block;
use crate::repo::desk::{self, Change, ChangeKind, NewRecord, Outcome};
use crate::repo::value::{self, InvalidValue};
use crate::settings::RECORD_LIMIT;

/// Why a write was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The account may not write there.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The commit could not be made.
    #[error(transparent)]
    Commit(#[from] desk::WriteError),
    /// The value is not of the data model.
    #[error("the record of {collection} is not valid {fault}")]
    Invalid {
        /// Of which collection.
        collection: Nsid,
        /// What is wrong, and where.
        fault: InvalidValue,
    },
    /// A record is a map.
    #[error("the record of {0} is not an object")]
    NotAnObject(Nsid),
    /// The account changed as much as it may for now.
    #[error("too many writes to the repository")]
    OverBudget(TooMany),
    /// The value takes too much room.
    #[error("the record of {collection} takes {size} bytes; the most is {RECORD_LIMIT}")]
    TooLarge {
        /// Of which collection.
        collection: Nsid,
        /// What it would take.
        size: usize,
    },
    /// More writes than one commit takes.
    #[error("{0} writes are too many for one commit; the most is {max}", max = crate::settings::MAX_WRITES)]
    TooMany(usize),
    /// The value says that it is of another collection.
    #[error("`$type` of the record is not its collection {0}")]
    Type(Nsid),
    /// The caller asked for validation against a lexicon that is not known here.
    #[error("the lexicon {0} is not known here, so the record cannot be validated; leave `validate` away")]
    UnknownLexicon(Nsid),
}

/// What the caller wants to be checked against the lexicon of the collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validate {
    /// What is known.
    IfKnown,
    /// Nothing.
    Never,
    /// Everything: an unknown lexicon is an error, except where stock clients ask for this with every record they write
    /// (docs/decisions/0009-required-validation.md).
    Required,
}

impl From<Option<bool>> for Validate {
    fn from(validate: Option<bool>) -> Self {
        match validate {
            None => Self::IfKnown,
            Some(false) => Self::Never,
            Some(true) => Self::Required,
        }
    }
}

impl Validate {
    /// What the answer says about it. No lexicon of records is known here yet.
    pub fn status(self) -> Option<&'static str> {
        (self != Self::Never).then_some("unknown")
    }
}

/// A record that was written.
#[derive(Clone, Debug)]
pub struct WrittenRecord {
    /// Where it is.
    pub uri: AtUri,
    /// The address of its value.
    pub cid: Cid,
    /// The commit that has it, unless it was like this already.
    pub commit: Option<RepoHead>,
    /// Whether it was validated.
    pub validation_status: Option<&'static str>,
}

/// Makes a block of the value. A value without `$type` gets that of its collection.
///
/// # Errors
/// It is not of the data model, not of this collection, or too large.
pub(super) fn prepare(collection: &Nsid, value: Value, validate: Validate) -> Result<NewRecord, WriteError> {
    let value = value::from_json(value)
        .map_err(|fault| WriteError::Invalid { collection: collection.clone(), fault })?;
    let Ipld::Map(mut map) = value else { return Err(WriteError::NotAnObject(collection.clone())) };
    match map.get("$type") {
        None => {
            map.insert("$type".to_owned(), Ipld::String(collection.to_string()));
        }
        Some(Ipld::String(kind)) if kind.as_str() == collection.as_str() => {}
        Some(_) => return Err(WriteError::Type(collection.clone())),
    }
    if validate == Validate::Required && !comes_with_clients(collection) {
        return Err(WriteError::UnknownLexicon(collection.clone()));
    }
    let value = Ipld::Map(map);
    let block = value::to_block(&value);
    if block.len() > RECORD_LIMIT {
        return Err(WriteError::TooLarge { collection: collection.clone(), size: block.len() });
    }
    Ok(NewRecord { cid: of_block(&block), blobs: value::blobs(&value), block: Bytes::from(block) })
}

/// Whether stock clients carry the lexicon themselves, and ask every host to require it: the Python SDK does with each
/// post. Their records are written as if they had not asked, and the answer says that nothing was validated
/// (docs/decisions/0009-required-validation.md).
fn comes_with_clients(collection: &Nsid) -> bool {
    ["app.bsky.", "chat.bsky."].iter().any(|namespace| collection.as_str().starts_with(namespace))
}

/// One commit of all changes; `None` if there was nothing to change. They count against the budget of the account even
/// if a condition of theirs does not hold.
pub(super) async fn commit(
    context: &Context,
    did: &Did,
    changes: &[Change],
    swap: Option<Cid>,
) -> Result<Option<RepoHead>, WriteError> {
    let points = changes.iter().map(points).sum();
    context.limits.write(did, points, context.now()).map_err(WriteError::OverBudget)?;
    let rev = context.next_tid();
    match context.desks.write(context.means(&rev), did, changes, swap).await? {
        Outcome::Committed(head) => Ok(Some(*head)),
        Outcome::Unchanged => Ok(None),
    }
}

/// What a change counts (RS-12).
fn points(change: &Change) -> u32 {
    match change.kind {
        ChangeKind::Create(_) => 3,
        ChangeKind::Put(_) | ChangeKind::Update(_) => 2,
        ChangeKind::Delete | ChangeKind::DeleteIfPresent => 1,
    }
}

/// The key of a new record that was given none.
pub(super) fn key_or_new(context: &Context, key: Option<RecordKey>) -> RecordKey {
    key.unwrap_or_else(|| context.next_tid().into())
}

//! The chain of operations: who may add what.

use std::time::Duration;

use cid::Cid;

use super::operation::{InvalidOperation, Operation, State, did_of};
use crate::syntax::Did;
use crate::time::UnixTime;

/// For this long a mightier rotation key may undo what a lesser one did.
pub const RECOVERY_WINDOW: Duration = Duration::from_hours(72);

/// One operation of an identity's log, with what the directory knows about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The operation.
    pub operation: Operation,
    /// Its CID.
    pub cid: Cid,
    /// Was it undone by a later one?
    pub nullified: bool,
    /// When the directory took it.
    pub created_at: UnixTime,
}

impl Entry {
    /// An operation that is taken now.
    pub fn new(operation: Operation, created_at: UnixTime) -> Self {
        let cid = operation.cid();
        Self { operation, cid, nullified: false, created_at }
    }
}

/// Why an operation is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlcError {
    /// It is not of the form, or beyond the limits, of the method.
    #[error("the operation is not valid: {0}")]
    Invalid(#[from] InvalidOperation),
    /// It undoes another too late.
    #[error("the operation would undo one that is older than 72 hours")]
    Late,
    /// Its signature is by none of the keys that could have signed it.
    #[error("the signature is by no rotation key that may do this")]
    NotAuthorized,
    /// The DID is another than the one that it makes.
    #[error("the operation makes another DID")]
    OtherDid,
    /// It does not follow an operation of the log that still counts, or the identity has ended.
    #[error("the operation does not follow one of the log")]
    OutOfPlace,
}

/// Checks the first operation of `did`.
pub fn check_genesis(did: &Did, operation: &Operation) -> Result<(), PlcError> {
    operation.check_form()?;
    if operation.prev().is_some() {
        return Err(PlcError::OutOfPlace);
    }
    let state = operation.state().ok_or(PlcError::OutOfPlace)?;
    operation.signer(&state.rotation_keys).ok_or(PlcError::NotAuthorized)?;
    if did_of(operation) == *did { Ok(()) } else { Err(PlcError::OtherDid) }
}

/// Checks an operation that comes at `now` after `log`, which was checked operation by operation, oldest first.
/// Yields the CIDs of the operations that it undoes, mostly none.
pub fn check_next(log: &[Entry], operation: &Operation, now: UnixTime) -> Result<Vec<Cid>, PlcError> {
    operation.check_form()?;
    if matches!(operation, Operation::LegacyCreate { .. }) {
        return Err(PlcError::OutOfPlace);
    }
    let prev = operation.prev().ok_or(PlcError::OutOfPlace)?;
    let live: Vec<&Entry> = log.iter().filter(|entry| !entry.nullified).collect();
    let at = live.iter().position(|entry| entry.cid.to_string() == prev).ok_or(PlcError::OutOfPlace)?;
    let (kept, undone) = live.split_at_checked(at + 1).unwrap_or((&live, &[]));
    // Nothing follows a tombstone; undoing one means to follow the operation before it.
    let state = kept.last().and_then(|entry| entry.operation.state()).ok_or(PlcError::OutOfPlace)?;
    let keys = state.rotation_keys;
    let Some(first_undone) = undone.first() else {
        operation.signer(&keys).ok_or(PlcError::NotAuthorized)?;
        return Ok(Vec::new());
    };
    // Undoing takes a key that stands before the one that signed what is undone.
    let disputed = first_undone.operation.signer(&keys).ok_or(PlcError::NotAuthorized)?;
    let mightier = keys.get(..disputed).unwrap_or_default();
    operation.signer(mightier).ok_or(PlcError::NotAuthorized)?;
    if now.since(first_undone.created_at) > RECOVERY_WINDOW {
        return Err(PlcError::Late);
    }
    Ok(undone.iter().map(|entry| entry.cid).collect())
}

/// The state that counts after `log`: `None` when the log is empty or the identity has ended.
pub fn current(log: &[Entry]) -> Option<State> {
    log.iter().rev().find(|entry| !entry.nullified)?.operation.state()
}

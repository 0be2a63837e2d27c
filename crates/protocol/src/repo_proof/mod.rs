//! "This record is in this repository, signed by this key": checking the file that `com.atproto.sync.getRecord`
//! answers with (PS-13). Nothing of what the host says is believed but what the account's key signed.
//!
//! | module | what it holds |
//! |---|---|
//! | `car` | the file: one root, and blocks that have the address they are filed under |
//! | `commit` | the signed statement of what the tree is |
//! | `mst` | the way through the tree of records to one key |
//!
//! Every size is bounded before anything is read, and every way a file can be wrong has its own [`ProofFault`].

use cid::Cid;
use serde_json::Value;

use crate::crypto::PublicKey;
use crate::data_model::{AsJson, from_block};
use crate::syntax::{Did, Nsid, RecordKey, Tid};

mod car;
mod commit;
mod mst;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

/// The largest file that is read (ID-24).
pub const MAX_FILE: usize = (1 << 20) + 10 * 1024;
/// The largest record that is proven: what a published set may take (PS-27).
pub const MAX_RECORD: usize = 256 * 1024;

/// A record of which the account's key says that it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ProvenRecord {
    /// The address of its value.
    pub cid: Cid,
    /// The revision of the repository that has it.
    pub rev: Tid,
    /// Its value as it lies in the repository.
    pub block: Vec<u8>,
    /// Its value as JSON.
    pub value: Value,
}

/// Checks that `car` proves the record `collection/rkey` in the repository of `did`, whose key is `key`.
///
/// # Errors
/// One [`ProofFault`] for each way in which it does not.
pub fn prove_record(
    car: &[u8],
    did: &Did,
    collection: &Nsid,
    rkey: &RecordKey,
    key: &PublicKey,
) -> Result<ProvenRecord, ProofFault> {
    let file = car::read(car)?;
    let commit = commit::check(file.block(&file.root, Part::Commit)?, did, key)?;
    let cid = mst::find(&file, commit.data, &format!("{collection}/{rkey}"))?;
    let block = file.block(&cid, Part::Record)?;
    let value = from_block(block).ok_or(ProofFault::NotCanonical(Part::Record))?;
    let value = serde_json::to_value(AsJson(&value)).map_err(|_| ProofFault::NotCanonical(Part::Record))?;
    Ok(ProvenRecord { cid, rev: commit.rev, block: block.to_vec(), value })
}

/// A kind of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The signed commit.
    Commit,
    /// A node of the tree of records.
    Node,
    /// The value of the record.
    Record,
}

impl Part {
    /// The most bytes that it may take.
    const fn most(self) -> usize {
        match self {
            // A DID of the longest kind, and some.
            Self::Commit => 8 * 1024,
            // Hundreds of times what a node has on average.
            Self::Node => 128 * 1024,
            Self::Record => MAX_RECORD,
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Commit => "commit",
            Self::Node => "node of the tree",
            Self::Record => "record",
        })
    }
}

/// Why a file proves nothing. No variant holds a byte of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofFault {
    /// The tree is whole on the way to the key, and the key is not in it.
    #[error("the repository has no such record")]
    Absent,
    /// A block is named by an address that is not of version 1, SHA-256 and DAG-CBOR.
    #[error("a block has another kind of address than the blocks of repositories have")]
    Address,
    /// Something that is needed on the way is not in the file.
    #[error("the {0} is not in the file")]
    BlockMissing(Part),
    /// The bytes of a block have another address than the one they are filed under.
    #[error("a block is not what its address says")]
    BlockTampered,
    /// The commit has not the form of one.
    #[error("the commit has not the form of a commit")]
    CommitForm,
    /// Another version than 3.
    #[error("the commit is of another version than 3")]
    CommitVersion,
    /// The way through the tree is longer than that of any tree of real keys.
    #[error("the tree is too deep")]
    Depth,
    /// The file does not begin like a CAR file of version 1, or ends within a block.
    #[error("the file is not a CAR file of version 1")]
    FileForm,
    /// The file is larger than [`MAX_FILE`].
    #[error("the file is too large")]
    FileTooLarge,
    /// The `s` of the signature is the high one: somebody made a second signature out of a first.
    #[error("the signature of the commit is not in its low-S form")]
    HighS,
    /// Keys of the tree are out of order, the same twice, or not where their node is.
    #[error("the keys of the tree are out of order")]
    KeyOrder,
    /// A node has not the form of one.
    #[error("a node of the tree has not the form of a node")]
    NodeForm,
    /// A block is not DAG-CBOR in the one form that its value has.
    #[error("the {0} is not in canonical DAG-CBOR")]
    NotCanonical(Part),
    /// The commit is of another repository.
    #[error("the commit is of another account")]
    OtherAccount,
    /// Not exactly one root.
    #[error("the file has not exactly one root")]
    Roots,
    /// The key did not sign the commit.
    #[error("the commit is not signed by the account's key")]
    Signature,
    /// A block takes more room than one of its kind may.
    #[error("the {0} is too large")]
    TooLarge(Part),
}

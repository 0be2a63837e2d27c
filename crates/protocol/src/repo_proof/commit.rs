//! The signed statement of what the tree of an account's records is.

use cid::Cid;
use ipld_core::ipld::Ipld;

use super::{Part, ProofFault};
use crate::crypto::PublicKey;
use crate::data_model::{from_block, to_block};
use crate::syntax::{Did, Tid};

/// A commit that the account's key signed.
#[derive(Debug)]
pub(super) struct Commit {
    /// The root of the tree.
    pub(super) data: Cid,
    pub(super) rev: Tid,
}

/// Checks that a block is a commit of `did`, signed with `key`.
pub(super) fn check(block: &[u8], did: &Did, key: &PublicKey) -> Result<Commit, ProofFault> {
    let commit = from_block(block).ok_or(ProofFault::NotCanonical(Part::Commit))?;
    let Ipld::Map(mut commit) = commit else { return Err(ProofFault::CommitForm) };
    if commit.get("version") != Some(&Ipld::Integer(3)) {
        return Err(ProofFault::CommitVersion);
    }
    let Some(Ipld::Bytes(signature)) = commit.remove("sig") else { return Err(ProofFault::CommitForm) };
    let (Some(Ipld::String(of)), Some(Ipld::String(rev)), Some(Ipld::Link(data))) =
        (commit.get("did"), commit.get("rev"), commit.get("data"))
    else {
        return Err(ProofFault::CommitForm);
    };
    if of != did.as_str() {
        return Err(ProofFault::OtherAccount);
    }
    let (data, rev) = (*data, rev.parse().map_err(|_| ProofFault::CommitForm)?);
    // Everything but the signature is signed, also what this program does not know.
    let unsigned = to_block(&Ipld::Map(commit)).ok_or(ProofFault::CommitForm)?;
    key.verify(&unsigned, &signature).map_err(|_| ProofFault::Signature)?;
    key.verify_low_s(&unsigned, &signature).map_err(|_| ProofFault::HighS)?;
    Ok(Commit { data, rev })
}

//! The file: a header that names one root, then one block after the other.

use std::collections::BTreeMap;

use cid::Cid;
use ipld_core::ipld::Ipld;

use super::{MAX_FILE, Part, ProofFault};
use crate::crypto::sha256;
use crate::data_model::from_block;

/// A file whose blocks have the addresses they are filed under.
#[derive(Debug)]
pub(super) struct CarFile<'a> {
    pub(super) root: Cid,
    blocks: BTreeMap<Cid, &'a [u8]>,
}

impl<'a> CarFile<'a> {
    /// The block at this address, if it is not larger than one of its kind may be.
    pub(super) fn block(&self, cid: &Cid, part: Part) -> Result<&'a [u8], ProofFault> {
        let block = self.blocks.get(cid).copied().ok_or(ProofFault::BlockMissing(part))?;
        if block.len() > part.most() { Err(ProofFault::TooLarge(part)) } else { Ok(block) }
    }
}

/// How an address of version 1 with DAG-CBOR and 32 bytes of SHA-256 begins.
const ADDRESS: [u8; 4] = [0x01, 0x71, 0x12, 0x20];
const ADDRESS_LENGTH: usize = ADDRESS.len() + 32;
/// One root, the version, and some.
const MAX_HEADER: usize = 1024;

/// Reads a file and checks each block against its address.
pub(super) fn read(mut bytes: &[u8]) -> Result<CarFile<'_>, ProofFault> {
    if bytes.len() > MAX_FILE {
        return Err(ProofFault::FileTooLarge);
    }
    let root = root(take(&mut bytes)?)?;
    let mut blocks = BTreeMap::new();
    while !bytes.is_empty() {
        let (cid, block) = block(take(&mut bytes)?)?;
        blocks.insert(cid, block);
    }
    Ok(CarFile { root, blocks })
}

fn root(header: &[u8]) -> Result<Cid, ProofFault> {
    let header = Some(header).filter(|header| header.len() <= MAX_HEADER).and_then(from_block);
    let Some(Ipld::Map(header)) = header else { return Err(ProofFault::FileForm) };
    if header.get("version") != Some(&Ipld::Integer(1)) {
        return Err(ProofFault::FileForm);
    }
    let Some(Ipld::List(roots)) = header.get("roots") else { return Err(ProofFault::FileForm) };
    match roots.as_slice() {
        [Ipld::Link(root)] => Ok(*root),
        _ => Err(ProofFault::Roots),
    }
}

fn block(piece: &[u8]) -> Result<(Cid, &[u8]), ProofFault> {
    let (address, block) = piece.split_at_checked(ADDRESS_LENGTH).ok_or(ProofFault::FileForm)?;
    let digest = address.strip_prefix(&ADDRESS).ok_or(ProofFault::Address)?;
    if digest != sha256(block) {
        return Err(ProofFault::BlockTampered);
    }
    Ok((Cid::try_from(address).map_err(|_| ProofFault::Address)?, block))
}

/// The next piece: its length in groups of seven bits, the lowest first, then its bytes.
fn take<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], ProofFault> {
    let mut length = 0_usize;
    // Four groups are 256 MiB, far more than a file may be.
    for shift in [0, 7, 14, 21] {
        let (byte, rest) = bytes.split_first().ok_or(ProofFault::FileForm)?;
        *bytes = rest;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let (piece, rest) = bytes.split_at_checked(length).ok_or(ProofFault::FileForm)?;
            *bytes = rest;
            return Ok(piece);
        }
    }
    Err(ProofFault::FileForm)
}

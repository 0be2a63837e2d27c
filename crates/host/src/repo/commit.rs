//! The signed statement of what the tree of an account's records is: commits of version 3.

use bytes::Bytes;
use cid::Cid;
use gatewright_protocol::crypto::PrivateKey;
use gatewright_protocol::syntax::{Did, Tid};
use serde::Serialize;

use super::cid::of_block;

/// Version 3 is the only one in use.
const VERSION: u8 = 3;

/// What is signed. Fields in the order of DAG-CBOR, so that the bytes are the canonical ones.
#[derive(Serialize)]
struct Unsigned<'a> {
    did: &'a Did,
    rev: &'a Tid,
    data: &'a Cid,
    prev: Option<Cid>,
    version: u8,
}

#[derive(Serialize)]
struct Signed<'a> {
    did: &'a Did,
    rev: &'a Tid,
    sig: &'a serde_bytes::Bytes,
    data: &'a Cid,
    prev: Option<Cid>,
    version: u8,
}

/// The block of a commit and its address.
pub fn sign(did: &Did, rev: &Tid, data: &Cid, key: &PrivateKey) -> (Cid, Bytes) {
    // `prev` is kept for old readers and is always null.
    let unsigned = Unsigned { did, rev, data, prev: None, version: VERSION };
    let sig = key.sign(&encode(&unsigned));
    let signed = Signed { did, rev, sig: serde_bytes::Bytes::new(&sig), data, prev: None, version: VERSION };
    let block = encode(&signed);
    (of_block(&block), block.into())
}

fn encode(commit: &impl Serialize) -> Vec<u8> {
    serde_ipld_dagcbor::to_vec(commit).expect("a commit is plain data, and memory does not fail")
}

//! Repositories of a test's own making, and files that only look like proofs of their records.
//!
//! Only with the feature `testing`: for the tests of this and other crates, and for fuzzing.

use std::collections::BTreeMap;

use cid::Cid;
use cid::multihash::Multihash;
use ipld_core::ipld::Ipld;
use serde_json::Value;

use crate::crypto::{Curve, PrivateKey, sha256};
use crate::data_model::to_block;
use crate::syntax::{Did, Tid};

/// An author's repository: what it publishes, and what somebody could make of that.
#[derive(Debug)]
pub struct Repository {
    /// Whose it is.
    pub did: Did,
    /// What commits are signed with.
    pub key: PrivateKey,
    /// The revision of the next file.
    pub rev: Tid,
    records: BTreeMap<String, Ipld>,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoiled {
    /// Another root beside the commit.
    ExtraRoot,
    /// The high one of the two good signatures.
    HighS,
    /// The file lacks a node on the way.
    MissingNode,
    /// The file lacks the record.
    MissingRecord,
    /// The commit says that it is of somebody else.
    OtherAccount,
    /// The whole of another record's proof.
    OtherRecord,
    /// A block was changed where it lies.
    TamperedBlock,
    /// Another key signed.
    WrongSignature,
}

/// Every way.
pub const SPOILED: [Spoiled; 8] = [
    Spoiled::ExtraRoot,
    Spoiled::HighS,
    Spoiled::MissingNode,
    Spoiled::MissingRecord,
    Spoiled::OtherAccount,
    Spoiled::OtherRecord,
    Spoiled::TamperedBlock,
    Spoiled::WrongSignature,
];

impl Repository {
    /// An empty one, whose first file has this revision.
    pub fn new(did: Did, key: PrivateKey, rev: Tid) -> Self {
        Self { did, key, rev, records: BTreeMap::new() }
    }

    /// Publishes a record at `collection/rkey`, in place of the one that was there.
    ///
    /// # Panics
    /// If the value is not of the data model.
    pub fn put(&mut self, path: &str, value: &Value) {
        let value = ipld_core::serde::to_ipld(value).expect("the value is of the data model");
        self.records.insert(path.to_owned(), value);
    }

    /// Takes a record back.
    pub fn delete(&mut self, path: &str) {
        self.records.remove(path);
    }

    /// What `com.atproto.sync.getRecord` answers for a path, whether there is such a record or not.
    pub fn file(&self, path: &str, spoiled: Option<Spoiled>) -> Vec<u8> {
        let other = self.another();
        let mut blocks = Blocks::default();
        let records: Vec<_> = self.records.iter().map(|(path, value)| (path, blocks.add(value))).collect();
        let shown = if spoiled == Some(Spoiled::OtherRecord) { "com.example.other/1" } else { path };
        let mut keys: Vec<_> = records
            .iter()
            .map(|(key, record)| (if *key == path { shown } else { key.as_str() }, *record, None))
            .collect();
        keys.sort_unstable_by_key(|(key, ..)| *key);
        // Nothing sorts after it, so all records lie in the node to the left of it.
        let lower = blocks.node(None, &keys);
        let data = blocks.node(Some(lower), &[("~", cid_of(DAG_CBOR, b"last"), None)]);
        let did = if spoiled == Some(Spoiled::OtherAccount) { &other.did } else { &self.did };
        let key = if spoiled == Some(Spoiled::WrongSignature) { &other.key } else { &self.key };
        let commit = commit(did, &self.rev, data);
        let root = blocks.add(&signed(commit, key, |signature| {
            if spoiled == Some(Spoiled::HighS) {
                negate_s(key.curve(), signature);
            }
        }));
        let wanted = records.iter().find(|(key, _)| *key == path).map(|(_, record)| *record);
        match spoiled {
            Some(Spoiled::ExtraRoot) => return blocks.car(&[root, data]),
            Some(Spoiled::MissingNode) => blocks = blocks.without(&lower),
            Some(Spoiled::MissingRecord) => {
                if let Some(record) = wanted {
                    blocks = blocks.without(&record);
                }
            }
            Some(Spoiled::TamperedBlock) => {
                if let Some(byte) = blocks.0.first_mut().and_then(|(_, block)| block.last_mut()) {
                    *byte ^= 1;
                }
            }
            _ => {}
        }
        blocks.car(&[root])
    }

    fn another(&self) -> Self {
        let did = "did:plc:44ybard66vv44zksje25o7dz".parse().expect("a DID");
        let bytes = sha256(&*self.key.to_bytes());
        let key = PrivateKey::from_bytes(self.key.curve(), &bytes).expect("a hash is below the order");
        Self::new(did, key, self.rev.clone())
    }
}

/// A file of these blocks under a good commit, whose tree is the first of them; a block that begins with an address
/// whose hash is all ones gets the address of the next block there.
pub fn file_of(did: &Did, rev: &Tid, key: &PrivateKey, blocks: &[&[u8]]) -> Vec<u8> {
    const NEXT: [u8; 32] = [0xff; 32];
    let mut filed = Blocks::default();
    let mut below = None;
    for block in blocks.iter().rev() {
        let mut block = block.to_vec();
        if let (Some(next), Some(at)) = (below, block.windows(32).position(|part| part == NEXT)) {
            let next: Cid = next;
            block.splice(at..at + 32, next.hash().digest().iter().copied());
        }
        below = Some(filed.add_bytes(block));
    }
    let data = below.unwrap_or_else(|| filed.add(&Ipld::Null));
    let root = filed.add(&signed(commit(did, rev, data), key, |_| ()));
    filed.car(&[root])
}

const DAG_CBOR: u64 = 0x71;

/// Blocks under their addresses, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks(pub(super) Vec<(Cid, Vec<u8>)>);

impl Blocks {
    pub(super) fn add(&mut self, value: &Ipld) -> Cid {
        self.add_bytes(to_block(value).expect("a value of the data model"))
    }

    pub(super) fn add_bytes(&mut self, block: Vec<u8>) -> Cid {
        let cid = cid_of(DAG_CBOR, &block);
        self.0.push((cid, block));
        cid
    }

    /// A node with these keys, each with its record and the node to the right of it.
    pub(super) fn node(&mut self, left: Option<Cid>, keys: &[(&str, Cid, Option<Cid>)]) -> Cid {
        let mut before = "";
        let mut entries = Vec::new();
        for (key, value, right) in keys {
            let shared = key.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count();
            entries.push(entry(shared, key.split_at(shared).1, *value, *right));
            before = key;
        }
        self.add(&map([("e", Ipld::List(entries)), ("l", link(left))]))
    }

    pub(super) fn without(mut self, cid: &Cid) -> Self {
        self.0.retain(|(other, _)| other != cid);
        self
    }

    pub(super) fn car(&self, roots: &[Cid]) -> Vec<u8> {
        let roots = Ipld::List(roots.iter().copied().map(Ipld::Link).collect());
        let header = to_block(&map([("roots", roots), ("version", Ipld::Integer(1))])).unwrap_or_default();
        let mut car = piece(&[&header]);
        for (cid, block) in &self.0 {
            car.extend(piece(&[&cid.to_bytes(), block]));
        }
        car
    }
}

pub(super) fn cid_of(codec: u64, bytes: &[u8]) -> Cid {
    Cid::new_v1(codec, Multihash::wrap(0x12, &sha256(bytes)).expect("32 bytes fit"))
}

pub(super) fn map<const N: usize>(entries: [(&str, Ipld); N]) -> Ipld {
    Ipld::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

pub(super) fn entry(shared: usize, rest: &str, value: Cid, right: Option<Cid>) -> Ipld {
    map([
        ("k", Ipld::Bytes(rest.as_bytes().to_vec())),
        ("p", Ipld::Integer(i128::try_from(shared).expect("a length"))),
        ("t", link(right)),
        ("v", Ipld::Link(value)),
    ])
}

fn link(cid: Option<Cid>) -> Ipld {
    cid.map_or(Ipld::Null, Ipld::Link)
}

/// Parts of a file, behind their length.
pub(super) fn piece(parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let (mut length, mut out) = (body.len(), Vec::new());
    let seven_bits = |length: usize| u8::try_from(length & 0x7f).expect("seven bits");
    while length > 0x7f {
        out.push(seven_bits(length) | 0x80);
        length >>= 7;
    }
    out.push(seven_bits(length));
    [out, body].concat()
}

/// What is signed.
pub(super) fn commit(did: &Did, rev: &Tid, data: Cid) -> BTreeMap<String, Ipld> {
    [
        ("did", Ipld::String(did.to_string())),
        ("rev", Ipld::String(rev.to_string())),
        ("data", Ipld::Link(data)),
        ("prev", Ipld::Null),
        ("version", Ipld::Integer(3)),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}

/// Signs a commit, after its signature went through `spoil`.
pub(super) fn signed(
    mut commit: BTreeMap<String, Ipld>,
    key: &PrivateKey,
    spoil: impl FnOnce(&mut Vec<u8>),
) -> Ipld {
    let unsigned = to_block(&Ipld::Map(commit.clone())).expect("a commit is of the data model");
    let mut signature = key.sign(&unsigned).to_vec();
    spoil(&mut signature);
    commit.insert("sig".to_owned(), Ipld::Bytes(signature));
    Ipld::Map(commit)
}

/// Makes a signature the other good one of the two: `s` becomes `n − s`.
pub(super) fn negate_s(curve: Curve, signature: &mut [u8]) {
    let (order_high, order_low): (u128, u128) = match curve {
        Curve::K256 => (0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe, 0xbaae_dce6_af48_a03b_bfd2_5e8c_d036_4141),
        Curve::P256 => (0xffff_ffff_0000_0000_ffff_ffff_ffff_ffff, 0xbce6_faad_a717_9e84_f3b9_cac2_fc63_2551),
    };
    let half = |bytes: &[u8]| u128::from_be_bytes(bytes.try_into().expect("16 bytes"));
    let (high, low) = signature.split_at_mut(32).1.split_at_mut(16);
    let (new_low, borrow) = order_low.overflowing_sub(half(low));
    let new_high = order_high - half(high) - u128::from(borrow);
    high.copy_from_slice(&new_high.to_be_bytes());
    low.copy_from_slice(&new_low.to_be_bytes());
}

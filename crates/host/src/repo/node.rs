//! One node of the tree of records, and how it lies in a block.
//!
//! Keys in a block share the beginning of the key before them; in memory they are whole.

use std::sync::Arc;

use bytes::Bytes;
use cid::Cid;
use gatewright_protocol::crypto::sha256;
use serde::{Deserialize, Serialize};

use super::cid::of_block;

/// The key of a record in the tree: `collection/rkey`.
pub type Key = Arc<str>;

/// Where a subtree is.
#[derive(Clone, Debug)]
pub enum Link {
    /// In a block.
    Stored(Cid),
    /// In memory only: it was changed since the last commit.
    Changed(Box<Node>),
}

/// Keys of one layer, with the subtrees of the layer below that lie between them.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// What sorts before the first entry.
    pub left: Option<Link>,
    /// The keys of this layer, ascending.
    pub entries: Vec<Entry>,
}

/// A record in the tree.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// The address of its value.
    pub value: Cid,
    /// What sorts after this key and before the next.
    pub right: Option<Link>,
}

/// The layer of the tree that a key belongs to: half the number of zero bits that its SHA-256 begins with.
pub fn layer_of(key: &str) -> u32 {
    let mut zeros = 0;
    for byte in sha256(key.as_bytes()) {
        zeros += byte.leading_zeros();
        if byte != 0 {
            break;
        }
    }
    zeros / 2
}

impl Node {
    /// Reads a block. `None` if it is not a node that this program writes: keys ascend, prefixes fit.
    pub fn parse(block: &[u8]) -> Option<Self> {
        let raw: RawNode = serde_ipld_dagcbor::from_slice(block).ok()?;
        let mut entries: Vec<Entry> = Vec::with_capacity(raw.e.len());
        for entry in raw.e {
            let shared = match entries.last() {
                Some(before) => before.key.get(..entry.p)?,
                None if entry.p == 0 => "",
                None => return None,
            };
            let rest = std::str::from_utf8(&entry.k).ok()?;
            let key: Key = [shared, rest].concat().into();
            if entries.last().is_some_and(|before| before.key >= key) {
                return None;
            }
            entries.push(Entry { key, value: entry.v, right: entry.t.map(Link::Stored) });
        }
        Some(Self { left: raw.l.map(Link::Stored), entries })
    }

    /// The block and its address. `None` while a subtree is in memory only.
    pub fn to_block(&self) -> Option<(Cid, Bytes)> {
        let mut before = "";
        let mut e = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let p = shared_prefix(before, &entry.key);
            let k = entry.key.as_bytes().get(p..).unwrap_or_default();
            let t = stored(entry.right.as_ref())?;
            e.push(RawEntryRef { k: serde_bytes::Bytes::new(k), p, t, v: entry.value });
            before = &entry.key;
        }
        let raw = RawNodeRef { e, l: stored(self.left.as_ref())? };
        let block = serde_ipld_dagcbor::to_vec(&raw).expect("a node is plain data, and memory does not fail");
        Some((of_block(&block), block.into()))
    }

    /// Whether nothing is in it or under it.
    pub fn is_empty(&self) -> bool {
        self.left.is_none() && self.entries.is_empty()
    }

    /// Where `key` is among the entries (`Ok`), or which entry it would sort before (`Err`).
    pub fn position(&self, key: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| (*entry.key).cmp(key))
    }

    /// The subtree before the entry at `index`; after the last one for an index beyond it.
    pub fn gap(&self, index: usize) -> Option<&Link> {
        match index.checked_sub(1) {
            None => self.left.as_ref(),
            Some(before) => self.entries.get(before)?.right.as_ref(),
        }
    }

    /// The place of the subtree before the entry at `index`, which is at most the number of entries.
    pub fn gap_mut(&mut self, index: usize) -> &mut Option<Link> {
        match index.checked_sub(1) {
            None => &mut self.left,
            Some(before) => &mut self.entries.get_mut(before).expect("an index of this node").right,
        }
    }
}

/// `Some(None)` for no subtree, `None` for one without an address.
#[expect(clippy::option_option, reason = "no subtree and no address yet are two things")]
fn stored(link: Option<&Link>) -> Option<Option<Cid>> {
    match link {
        None => Some(None),
        Some(Link::Stored(cid)) => Some(Some(*cid)),
        Some(Link::Changed(_)) => None,
    }
}

/// How many bytes two keys share at their beginning. Keys are ASCII, so every cut is one between characters.
fn shared_prefix(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

// Fields in the order of DAG-CBOR.

#[derive(Deserialize)]
struct RawNode {
    e: Vec<RawEntry>,
    l: Option<Cid>,
}

#[derive(Deserialize)]
struct RawEntry {
    k: serde_bytes::ByteBuf,
    p: usize,
    t: Option<Cid>,
    v: Cid,
}

#[derive(Serialize)]
struct RawNodeRef<'a> {
    e: Vec<RawEntryRef<'a>>,
    l: Option<Cid>,
}

#[derive(Serialize)]
struct RawEntryRef<'a> {
    k: &'a serde_bytes::Bytes,
    p: usize,
    t: Option<Cid>,
    v: Cid,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the protocol's public interoperability data.
    #[test]
    fn layers_are_those_of_the_protocol() {
        for (key, layer) in [
            ("", 0),
            ("asdf", 0),
            ("blue", 1),
            ("2653ae71", 0),
            ("88bfafc7", 2),
            ("2a92d355", 4),
            ("884976f5", 6),
            ("app.bsky.feed.post/454397e440ec", 4),
            ("app.bsky.feed.post/9adeb165882c", 8),
        ] {
            assert_eq!(layer_of(key), layer, "{key}");
        }
    }

    #[test]
    fn the_empty_tree_has_its_known_address() {
        let (cid, block) = Node::default().to_block().unwrap();
        assert_eq!(cid.to_string(), "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm");
        assert!(Node::parse(&block).unwrap().is_empty());
    }

    #[test]
    fn a_block_with_keys_out_of_order_is_none() {
        let entry = |key: &str| Entry { key: key.into(), value: of_block(b"x"), right: None };
        let node = Node { left: None, entries: vec![entry("b/1"), entry("a/1")] };
        let (_, block) = node.to_block().unwrap();
        assert!(Node::parse(&block).is_none());
        assert!(Node::parse(b"\xff\x00").is_none());
    }
}

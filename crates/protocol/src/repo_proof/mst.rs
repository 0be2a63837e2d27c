//! The way through the tree of records to one key.
//!
//! A node holds keys in order, and between them links to nodes of the keys that sort there. Each key is written
//! without all that it shares with the key before it.

use cid::Cid;
use ipld_core::ipld::Ipld;

use super::car::CarFile;
use super::{Part, ProofFault};
use crate::data_model::from_block;

/// A key's layer is half the number of zero bits that its SHA-256 begins with: one in 4^32 keys is deeper than this.
const MAX_DEPTH: usize = 64;

/// The address of the record at `path`, by a way whose every node is in the file.
///
/// # Errors
/// [`ProofFault::Absent`] if the tree shows that there is none; any other, if it shows nothing.
pub(super) fn find(file: &CarFile<'_>, root: Cid, path: &str) -> Result<Cid, ProofFault> {
    let mut next = root;
    let mut within = Range { above: None, below: None };
    for _ in 0..MAX_DEPTH {
        let node = read(file.block(&next, Part::Node)?, &within)?;
        match step(node, path.as_bytes(), &mut within) {
            Step::Found(record) => return Ok(record),
            Step::Down(node) => next = node,
            Step::Absent => return Err(ProofFault::Absent),
        }
    }
    Err(ProofFault::Depth)
}

/// Which keys a node may have: those between its neighbours in the node above.
struct Range {
    above: Option<Vec<u8>>,
    below: Option<Vec<u8>>,
}

struct Node {
    left: Option<Cid>,
    entries: Vec<Entry>,
}

struct Entry {
    key: Vec<u8>,
    value: Cid,
    right: Option<Cid>,
}

enum Step {
    Absent,
    Down(Cid),
    Found(Cid),
}

/// Where `path` is in this node, or the way on. Narrows the range to that of the node it leads to.
fn step(node: Node, path: &[u8], within: &mut Range) -> Step {
    let mut down = node.left;
    for entry in node.entries {
        if entry.key == path {
            return Step::Found(entry.value);
        }
        if entry.key.as_slice() > path {
            within.below = Some(entry.key);
            break;
        }
        down = entry.right;
        within.above = Some(entry.key);
    }
    down.map_or(Step::Absent, Step::Down)
}

/// Reads a node: keys ascend, and lie in the range that the way here leaves them.
fn read(block: &[u8], within: &Range) -> Result<Node, ProofFault> {
    let node = from_block(block).ok_or(ProofFault::NotCanonical(Part::Node))?;
    let Ipld::Map(node) = node else { return Err(ProofFault::NodeForm) };
    let Some(Ipld::List(list)) = node.get("e") else { return Err(ProofFault::NodeForm) };
    let mut entries: Vec<Entry> = Vec::with_capacity(list.len());
    for entry in list {
        let before = entries.last().map(|entry| entry.key.as_slice());
        let entry = read_entry(entry, before.unwrap_or_default())?;
        let after = before.or(within.above.as_deref()).is_none_or(|key| key < entry.key.as_slice());
        if !after || within.below.as_ref().is_some_and(|key| *key <= entry.key) {
            return Err(ProofFault::KeyOrder);
        }
        entries.push(entry);
    }
    Ok(Node { left: link(node.get("l"))?, entries })
}

fn read_entry(entry: &Ipld, before: &[u8]) -> Result<Entry, ProofFault> {
    let Ipld::Map(entry) = entry else { return Err(ProofFault::NodeForm) };
    let (Some(Ipld::Integer(shared)), Some(Ipld::Bytes(rest)), Some(Ipld::Link(value))) =
        (entry.get("p"), entry.get("k"), entry.get("v"))
    else {
        return Err(ProofFault::NodeForm);
    };
    let split = usize::try_from(*shared).ok().and_then(|shared| before.split_at_checked(shared));
    let (shared, differs) = split.ok_or(ProofFault::NodeForm)?;
    if !differs.is_empty() && differs.first() == rest.first() {
        return Err(ProofFault::NodeForm);
    }
    Ok(Entry { key: [shared, rest].concat(), value: *value, right: link(entry.get("t"))? })
}

/// A link, or null where there is no subtree.
fn link(value: Option<&Ipld>) -> Result<Option<Cid>, ProofFault> {
    match value {
        Some(Ipld::Link(cid)) => Ok(Some(*cid)),
        Some(Ipld::Null) | None => Ok(None),
        Some(_) => Err(ProofFault::NodeForm),
    }
}

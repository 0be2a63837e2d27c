//! The tree of records: a Merkle search tree whose shape depends on its keys alone.
//!
//! Everything here is pure over a [`Nodes`] that hands out stored nodes. One that is not at hand makes the step
//! fail with [`Missing`]; the caller fetches that block and takes the step again, before anything has changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

use bytes::Bytes;
use cid::Cid;

use super::node::{Entry, Link, Node, layer_of};

/// Where stored nodes come from.
pub trait Nodes {
    /// The node at this address, if it is at hand.
    fn node(&self, cid: &Cid) -> Option<Arc<Node>>;
}

impl<S: BuildHasher> Nodes for HashMap<Cid, Arc<Node>, S> {
    fn node(&self, cid: &Cid) -> Option<Arc<Node>> {
        self.get(cid).cloned()
    }
}

/// A node that the step needs is not at hand. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node {0} is not at hand")]
pub struct Missing(pub Cid);

/// A tree being changed. Only the nodes on the way to what changed are in memory.
#[derive(Clone, Debug)]
pub struct Tree {
    root: Node,
    layer: u32,
    /// The stored nodes that changed ones have taken the place of.
    replaced: BTreeSet<Cid>,
}

/// What a changed tree is, as blocks.
#[derive(Debug)]
pub struct Written {
    /// The root.
    pub root: Cid,
    /// Nodes that were not in the tree before.
    pub added: BTreeMap<Cid, (Bytes, Arc<Node>)>,
    /// Nodes that are not in the tree any more.
    pub removed: BTreeSet<Cid>,
    /// The entries of the new node that has most of them.
    pub widest: usize,
}

impl Tree {
    /// A tree of no records.
    pub fn empty() -> Self {
        Self { root: Node::default(), layer: 0, replaced: BTreeSet::new() }
    }

    /// The tree with this root.
    pub fn open(root: Cid, nodes: &dyn Nodes) -> Result<Self, Missing> {
        let node = nodes.node(&root).ok_or(Missing(root))?;
        // The root of a tree in its one right shape has an entry, unless the tree is empty.
        let layer = node.entries.first().map_or(0, |entry| layer_of(&entry.key));
        Ok(Self { root: (*node).clone(), layer, replaced: BTreeSet::from([root]) })
    }

    /// The address of the record's value.
    pub fn find(&self, key: &str, nodes: &dyn Nodes) -> Result<Option<Cid>, Missing> {
        find(&self.root, key, nodes)
    }

    /// Puts a record into the tree. Answers what was there before.
    pub fn put(&mut self, key: &str, value: Cid, nodes: &dyn Nodes) -> Result<Option<Cid>, Missing> {
        // Putting takes only nodes on the way to the key: with these at hand the change cannot stop half-way.
        self.find(key, nodes)?;
        self.try_put(key, value, nodes)
    }

    /// Takes a record out of the tree. Answers what was there before.
    pub fn delete(&mut self, key: &str, nodes: &dyn Nodes) -> Result<Option<Cid>, Missing> {
        if self.find(key, nodes)?.is_none() {
            return Ok(None);
        }
        // What lies on both sides of the key grows together, and those nodes may not be at hand.
        let mut next = self.clone();
        let before = next.try_delete(key, nodes)?;
        *self = next;
        Ok(before)
    }

    /// Gives every changed node its address.
    pub fn write(mut self) -> Written {
        let mut added = BTreeMap::new();
        let root = write_node(std::mem::take(&mut self.root), &mut added);
        let mut removed = self.replaced;
        // A node that was taken apart and put together again was there before and stays.
        added.retain(|cid, _| !removed.remove(cid));
        let widest = added.values().map(|(_, node)| node.entries.len()).max().unwrap_or(0);
        Written { root, added, removed, widest }
    }

    fn try_put(&mut self, key: &str, value: Cid, nodes: &dyn Nodes) -> Result<Option<Cid>, Missing> {
        let layer = layer_of(key);
        if self.root.is_empty() {
            self.root = single(key, value);
            self.layer = layer;
            return Ok(None);
        }
        if layer <= self.layer {
            return Step { nodes, replaced: &mut self.replaced }.put(
                &mut self.root,
                self.layer,
                key,
                layer,
                value,
            );
        }
        // The key belongs above the root: what was the root is cut in two and hangs on both its sides.
        let root = std::mem::take(&mut self.root);
        let (before, after) = Step { nodes, replaced: &mut self.replaced }.split(root, key)?;
        let rise = layer - 1 - self.layer;
        self.root = Node {
            left: raised(before, rise),
            entries: vec![Entry { key: key.into(), value, right: raised(after, rise) }],
        };
        self.layer = layer;
        Ok(None)
    }

    fn try_delete(&mut self, key: &str, nodes: &dyn Nodes) -> Result<Option<Cid>, Missing> {
        let layer = layer_of(key);
        if layer > self.layer {
            return Ok(None);
        }
        let mut step = Step { nodes, replaced: &mut self.replaced };
        let before = step.delete(&mut self.root, self.layer, key, layer)?;
        // A root without entries would be one layer too high.
        while self.root.entries.is_empty() {
            let Some(below) = self.root.left.take() else { break };
            self.root = step.take(below)?;
            self.layer = self.layer.saturating_sub(1);
        }
        if self.root.is_empty() {
            self.layer = 0;
        }
        Ok(before)
    }
}

/// A change under way.
struct Step<'a> {
    nodes: &'a dyn Nodes,
    replaced: &'a mut BTreeSet<Cid>,
}

impl Step<'_> {
    /// The node of a link, to be changed.
    fn take(&mut self, link: Link) -> Result<Node, Missing> {
        match link {
            Link::Changed(node) => Ok(*node),
            Link::Stored(cid) => {
                let node = self.nodes.node(&cid).ok_or(Missing(cid))?;
                self.replaced.insert(cid);
                Ok((*node).clone())
            }
        }
    }

    fn put(
        &mut self,
        node: &mut Node,
        node_layer: u32,
        key: &str,
        layer: u32,
        value: Cid,
    ) -> Result<Option<Cid>, Missing> {
        let index = match node.position(key) {
            Ok(index) => {
                let entry = node.entries.get_mut(index).expect("just found");
                return Ok(Some(std::mem::replace(&mut entry.value, value)));
            }
            Err(index) => index,
        };
        let gap = node.gap_mut(index).take();
        if layer == node_layer {
            let (before, after) = match gap {
                None => (None, None),
                Some(gap) => {
                    let below = self.take(gap)?;
                    self.split(below, key)?
                }
            };
            *node.gap_mut(index) = before;
            node.entries.insert(index, Entry { key: key.into(), value, right: after });
            return Ok(None);
        }
        let below_layer = node_layer - 1;
        let (below, before) = match gap {
            None => (raised(Some(changed(single(key, value))), below_layer - layer), None),
            Some(gap) => {
                let mut below = self.take(gap)?;
                let before = self.put(&mut below, below_layer, key, layer, value)?;
                (Some(changed(below)), before)
            }
        };
        *node.gap_mut(index) = below;
        Ok(before)
    }

    fn delete(
        &mut self,
        node: &mut Node,
        node_layer: u32,
        key: &str,
        layer: u32,
    ) -> Result<Option<Cid>, Missing> {
        match node.position(key) {
            Ok(index) => {
                let entry = node.entries.remove(index);
                let before = node.gap_mut(index).take();
                *node.gap_mut(index) = self.merge(before, entry.right)?;
                Ok(Some(entry.value))
            }
            Err(_) if layer >= node_layer => Ok(None),
            Err(index) => {
                let Some(gap) = node.gap_mut(index).take() else { return Ok(None) };
                let mut below = self.take(gap)?;
                let before = self.delete(&mut below, node_layer - 1, key, layer)?;
                *node.gap_mut(index) = filled(below);
                Ok(before)
            }
        }
    }

    /// What sorts before `key` and what sorts after it, each in a node of the same layer.
    fn split(&mut self, mut node: Node, key: &str) -> Result<(Option<Link>, Option<Link>), Missing> {
        let index = match node.position(key) {
            Ok(index) | Err(index) => index,
        };
        let (before, after) = match node.gap_mut(index).take() {
            None => (None, None),
            Some(gap) => {
                let below = self.take(gap)?;
                self.split(below, key)?
            }
        };
        let right = Node { left: after, entries: node.entries.split_off(index) };
        *node.gap_mut(index) = before;
        Ok((filled(node), filled(right)))
    }

    /// One node of what two neighbours of the same layer hold.
    fn merge(&mut self, before: Option<Link>, after: Option<Link>) -> Result<Option<Link>, Missing> {
        let (before, after) = match (before, after) {
            (Some(before), Some(after)) => (before, after),
            (one, None) | (None, one) => return Ok(one),
        };
        let (mut node, mut right) = (self.take(before)?, self.take(after)?);
        let last = node.entries.len();
        let between = node.gap_mut(last).take();
        *node.gap_mut(last) = self.merge(between, right.left.take())?;
        node.entries.append(&mut right.entries);
        Ok(filled(node))
    }
}

fn find(node: &Node, key: &str, nodes: &dyn Nodes) -> Result<Option<Cid>, Missing> {
    let index = match node.position(key) {
        Ok(index) => return Ok(node.entries.get(index).map(|entry| entry.value)),
        Err(index) => index,
    };
    match node.gap(index) {
        None => Ok(None),
        Some(Link::Changed(below)) => find(below, key, nodes),
        Some(Link::Stored(cid)) => find(&*nodes.node(cid).ok_or(Missing(*cid))?, key, nodes),
    }
}

fn write_node(mut node: Node, added: &mut BTreeMap<Cid, (Bytes, Arc<Node>)>) -> Cid {
    for index in 0..=node.entries.len() {
        let gap = node.gap_mut(index);
        if let Some(Link::Changed(below)) = gap.take_if(|link| matches!(link, Link::Changed(_))) {
            *gap = Some(Link::Stored(write_node(*below, added)));
        }
    }
    let (cid, block) = node.to_block().expect("every subtree was written just now");
    added.insert(cid, (block, Arc::new(node)));
    cid
}

fn single(key: &str, value: Cid) -> Node {
    Node { left: None, entries: vec![Entry { key: key.into(), value, right: None }] }
}

fn changed(node: Node) -> Link {
    Link::Changed(Box::new(node))
}

/// No link to a node with nothing in it.
fn filled(node: Node) -> Option<Link> {
    (!node.is_empty()).then(|| changed(node))
}

/// The subtree under as many nodes without entries as it must rise to stand in its layer.
fn raised(link: Option<Link>, layers: u32) -> Option<Link> {
    let mut link = link?;
    for _ in 0..layers {
        link = changed(Node { left: Some(link), entries: Vec::new() });
    }
    Some(link)
}

#[cfg(test)]
mod tests;

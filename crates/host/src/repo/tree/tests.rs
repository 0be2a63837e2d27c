use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::repo::cid::of_block;

/// Values and roots from the protocol's public interoperability data.
const VALUE: &str = "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454";

#[derive(Default)]
struct Store {
    nodes: HashMap<Cid, Arc<Node>>,
    blocks: BTreeMap<Cid, Bytes>,
}

impl Store {
    /// Keeps a tree as a store would: new blocks in, replaced ones out.
    fn keep(&mut self, tree: Tree) -> Cid {
        let written = tree.write();
        for cid in &written.removed {
            assert!(self.blocks.remove(cid).is_some(), "only what was there is removed");
            self.nodes.remove(cid);
        }
        for (cid, (block, _)) in written.added {
            assert!(self.blocks.insert(cid, block.clone()).is_none(), "only what is new is added");
            self.nodes.insert(cid, Arc::new(Node::parse(&block).expect("our own block")));
        }
        written.root
    }

    /// How many nodes can be reached from the root.
    fn reachable(&self, root: Cid) -> usize {
        let node = &self.nodes[&root];
        let below = (0..=node.entries.len()).filter_map(|index| match node.gap(index) {
            Some(Link::Stored(cid)) => Some(self.reachable(*cid)),
            _ => None,
        });
        1 + below.sum::<usize>()
    }
}

fn value() -> Cid {
    VALUE.parse().unwrap()
}

fn tree_of(keys: &[&str]) -> Tree {
    let mut tree = Tree::empty();
    for key in keys {
        assert_eq!(tree.put(key, value(), &HashMap::new()).unwrap(), None);
    }
    tree
}

fn root_of(tree: &Tree) -> String {
    tree.clone().write().root.to_string()
}

fn records(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| format!("com.example.record/{key}")).collect()
}

fn tree_of_records(keys: &[&str]) -> Tree {
    let keys = records(keys);
    tree_of(&keys.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn roots_are_those_of_the_protocol() {
    for (keys, root) in [
        (&["3jqfcqzm3fo2j"][..], "bafyreibj4lsc3aqnrvphp5xmrnfoorvru4wynt6lwidqbm2623a6tatzdu"),
        (&["3jqfcqzm3fx2j"], "bafyreih7wfei65pxzhauoibu3ls7jgmkju4bspy4t2ha2qdjnzqvoy33ai"),
        (
            &["3jqfcqzm3fp2j", "3jqfcqzm3fr2j", "3jqfcqzm3fs2j", "3jqfcqzm3ft2j", "3jqfcqzm4fc2j"],
            "bafyreicmahysq4n6wfuxo522m6dpiy7z7qzym3dzs756t5n7nfdgccwq7m",
        ),
    ] {
        assert_eq!(root_of(&tree_of_records(keys)), root, "{keys:?}");
    }
}

#[test]
fn deleting_the_highest_key_trims_the_top() {
    let mut tree = tree_of_records(&[
        "3jqfcqzm3fn2j",
        "3jqfcqzm3fo2j",
        "3jqfcqzm3fp2j",
        "3jqfcqzm3fs2j",
        "3jqfcqzm3ft2j",
        "3jqfcqzm3fu2j",
    ]);
    assert_eq!(root_of(&tree), "bafyreifnqrwbk6ffmyaz5qtujqrzf5qmxf7cbxvgzktl4e3gabuxbtatv4");
    tree.delete("com.example.record/3jqfcqzm3fs2j", &HashMap::new()).unwrap();
    assert_eq!(root_of(&tree), "bafyreie4kjuxbwkhzg2i5dljaswcroeih4dgiqq6pazcmunwt2byd725vi");
}

#[test]
fn a_key_two_layers_up_splits_what_is_below() {
    let mut tree = tree_of(&["A0/374913", "B1/986427", "C0/451630", "E0/670489", "F1/085263", "G0/765327"]);
    let before = "bafyreicraprx2xwnico4tuqir3ozsxpz46qkcpox3obf5bagicqwurghpy";
    assert_eq!(root_of(&tree), before);
    tree.put("D2/269196", value(), &HashMap::new()).unwrap();
    assert_eq!(root_of(&tree), "bafyreihvay6pazw3dfa47u5d2tn3rd6pa57sr37bo5bqyvjuqc73ib65my");
    tree.delete("D2/269196", &HashMap::new()).unwrap();
    assert_eq!(root_of(&tree), before);
}

#[test]
fn a_node_that_is_not_at_hand_stops_the_step_and_changes_nothing() {
    let keys = records(&["3jqfcqzm3fp2j", "3jqfcqzm3fs2j", "3jqfcqzm4fc2j"]);
    let mut store = Store::default();
    let root = store.keep(tree_of(&keys.iter().map(String::as_str).collect::<Vec<_>>()));
    let only_root = HashMap::from([(root, store.nodes[&root].clone())]);
    let mut tree = Tree::open(root, &only_root).unwrap();
    assert!(tree.put("com.example.record/3jqfcqzm3fp2k", value(), &only_root).is_err());
    assert!(tree.delete("com.example.record/3jqfcqzm3fs2j", &only_root).is_err());
    assert_eq!(tree.write().root, root);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the order of puts, replacements and deletes, and wherever commits fall between them,
    /// the same records give the same root, no block is lost and none is left over.
    #[test]
    fn the_shape_depends_on_the_records_alone(
        steps in prop::collection::vec((0_u16..300, prop::option::weighted(0.7, 0_u8..4), prop::bool::weighted(0.2)), 0..200),
    ) {
        let mut store = Store::default();
        let mut model = BTreeMap::new();
        let mut root = store.keep(Tree::empty());
        let mut tree = Tree::open(root, &store.nodes).unwrap();
        for (number, put, commit) in steps {
            let key = format!("com.example.{}/{number}", if number % 3 == 0 { "note" } else { "song" });
            let now = put.map(|version| of_block(&[version]));
            let (before, expected) = if let Some(value) = now {
                (tree.put(&key, value, &store.nodes), model.insert(key.clone(), value))
            } else {
                (tree.delete(&key, &store.nodes), model.remove(&key))
            };
            prop_assert_eq!(before.unwrap(), expected);
            prop_assert_eq!(tree.find(&key, &store.nodes).unwrap(), now);
            if commit {
                root = store.keep(tree);
                prop_assert_eq!(store.reachable(root), store.blocks.len());
                tree = Tree::open(root, &store.nodes).unwrap();
            }
        }
        root = store.keep(tree);
        prop_assert_eq!(store.reachable(root), store.blocks.len());
        let mut fresh = Tree::empty();
        for (key, value) in model.iter().rev() {
            fresh.put(key, *value, &HashMap::new()).unwrap();
        }
        prop_assert_eq!(fresh.write().root, root);
    }
}

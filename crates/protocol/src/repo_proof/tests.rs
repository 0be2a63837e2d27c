//! Files that prove a record, and files that somebody made to look like it.

use std::collections::BTreeMap;

use cid::Cid;
use cid::multihash::Multihash;
use ipld_core::ipld::Ipld;
use proptest::prelude::*;

use super::testing::{
    Blocks, Repository, SPOILED, cid_of, commit, entry, file_of, map, negate_s, piece, signed,
};
use super::*;
use crate::crypto::{Curve, PrivateKey, sha256};
use crate::data_model::to_block;

const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const COLLECTION: &str = "com.atproto.lexicon.schema";
const RKEY: &str = "com.example.music.authBasic";
const REV: &str = "3jzfcijpj2z2a";

fn key(curve: Curve, number: u8) -> PrivateKey {
    PrivateKey::from_bytes(curve, &[number; 32]).unwrap()
}

fn path() -> String {
    format!("{COLLECTION}/{RKEY}")
}

fn record() -> Ipld {
    let list = Ipld::List(vec![Ipld::Integer(-1), Ipld::Bool(true), Ipld::Null]);
    map([("$type", Ipld::String(COLLECTION.into())), ("list", list)])
}

fn unsigned(data: Cid) -> BTreeMap<String, Ipld> {
    commit(&DID.parse().unwrap(), &REV.parse().unwrap(), data)
}

/// A repository of three records in three nodes, of which the wanted one lies lowest.
struct Good {
    key: PrivateKey,
    blocks: Blocks,
    record: Cid,
    lowest: Cid,
    data: Cid,
    root: Cid,
}

fn good(curve: Curve) -> Good {
    let key = key(curve, 7);
    let mut blocks = Blocks::default();
    let record = blocks.add(&record());
    let other = cid_of(0x71, b"elsewhere");
    let lowest = blocks.node(None, &[("com.a.b/1", other, None), (&path(), record, None)]);
    let middle = blocks.node(Some(lowest), &[("com.b.b/1", other, Some(other))]);
    let data = blocks.node(Some(middle), &[("com.c.b/1", other, None)]);
    let root = blocks.add(&signed(unsigned(data), &key, |_| ()));
    Good { key, blocks, record, lowest, data, root }
}

fn prove(car: &[u8], key: &PrivateKey) -> Result<ProvenRecord, ProofFault> {
    let (collection, rkey) = (COLLECTION.parse().unwrap(), RKEY.parse().unwrap());
    prove_record(car, &DID.parse().unwrap(), &collection, &rkey, key.public())
}

/// What is said of a good repository with another tree.
fn prove_tree(tree: impl FnOnce(&mut Blocks, Cid) -> Cid) -> Result<ProvenRecord, ProofFault> {
    let key = key(Curve::P256, 7);
    let mut blocks = Blocks::default();
    let record = blocks.add(&record());
    let data = tree(&mut blocks, record);
    let root = blocks.add(&signed(unsigned(data), &key, |_| ()));
    prove(&blocks.car(&[root]), &key)
}

/// What is said of a good repository whose commit was changed before it was signed.
fn prove_commit(change: impl FnOnce(&mut BTreeMap<String, Ipld>)) -> Result<ProvenRecord, ProofFault> {
    let Good { key, mut blocks, data, .. } = good(Curve::K256);
    let mut commit = unsigned(data);
    change(&mut commit);
    let root = blocks.add(&signed(commit, &key, |_| ()));
    prove(&blocks.car(&[root]), &key)
}

#[test]
fn a_good_file_proves_its_record() {
    for curve in [Curve::K256, Curve::P256] {
        let good = good(curve);
        let proven = prove(&good.blocks.car(&[good.root]), &good.key).unwrap();
        assert_eq!((proven.cid, proven.rev.as_str()), (good.record, REV));
        assert_eq!(proven.block, to_block(&record()).unwrap());
        assert_eq!(proven.value, serde_json::json!({"$type": COLLECTION, "list": [-1, true, null]}));
    }
}

/// Made by the reference implementation (`@atproto/repo` 0.10.14), out of a repository of 403 records.
#[test]
fn files_of_the_reference_implementation_prove_their_record() {
    for (file, key, rev) in [
        (
            &include_bytes!("fixtures/reference_k256.car")[..],
            "did:key:zQ3shmNXbV7RGSpEUWtrwXrwsTqjNMio47JzK8sudzjRHYTL9",
            "3n36bzgbtck2j",
        ),
        (
            include_bytes!("fixtures/reference_p256.car"),
            "did:key:zDnaeVePZSsmftYtVKc72rMqykP4YTuG8m3uLhfzc6F6Wzsqf",
            "3n36bzgyzik2j",
        ),
    ] {
        let key = PublicKey::from_did_key(key).unwrap();
        let ask = |rkey: &str| {
            prove_record(
                file,
                &DID.parse().unwrap(),
                &COLLECTION.parse().unwrap(),
                &rkey.parse().unwrap(),
                &key,
            )
        };
        let proven = ask(RKEY).unwrap();
        assert_eq!(proven.rev.as_str(), rev);
        assert_eq!(proven.value["id"], RKEY);
        assert_eq!(proven.value["defs"]["main"]["title"], "Müsik ♪");
        assert!(ask("com.example.music.authOther").is_err());
    }
}

#[test]
fn what_else_a_host_sends_along_is_passed_over() {
    let mut good = good(Curve::P256);
    good.blocks.add(&Ipld::String("a sibling".into()));
    good.blocks.0.reverse();
    let twice = good.blocks.0.first().cloned().unwrap();
    good.blocks.0.push(twice);
    assert!(prove(&good.blocks.car(&[good.root]), &good.key).is_ok());
    assert!(prove_commit(|commit| drop(commit.insert("later".into(), Ipld::Integer(1)))).is_ok());
    assert!(prove_commit(|commit| drop(commit.remove("prev"))).is_ok(), "it says nothing");
}

#[test]
fn sec_59_a_signature_that_is_not_the_accounts() {
    for curve in [Curve::K256, Curve::P256] {
        let Good { key: own, blocks, data, root, .. } = good(curve);
        assert_eq!(prove(&blocks.car(&[root]), &key(curve, 8)), Err(ProofFault::Signature));
        let other = if curve == Curve::K256 { Curve::P256 } else { Curve::K256 };
        assert_eq!(prove(&blocks.car(&[root]), &key(other, 7)), Err(ProofFault::Signature));
        let spoiled = |spoil: &dyn Fn(&mut Vec<u8>)| {
            let mut blocks = blocks.clone();
            let root = blocks.add(&signed(unsigned(data), &own, spoil));
            prove(&blocks.car(&[root]), &own)
        };
        assert_eq!(spoiled(&|signature| signature[10] ^= 1), Err(ProofFault::Signature));
        assert_eq!(spoiled(&|signature| signature.truncate(63)), Err(ProofFault::Signature));
        assert_eq!(spoiled(&|signature| signature.push(0)), Err(ProofFault::Signature));
        assert_eq!(spoiled(&Vec::clear), Err(ProofFault::Signature));
        assert_eq!(spoiled(&|signature| signature.fill(0)), Err(ProofFault::Signature));
        assert_eq!(spoiled(&|signature| negate_s(curve, signature)), Err(ProofFault::HighS));
    }
}

#[test]
fn sec_59_a_commit_that_is_none_or_of_somebody_else() {
    let set = |key: &'static str, value: Ipld| {
        prove_commit(move |commit| drop(commit.insert(key.to_owned(), value)))
    };
    assert_eq!(
        set("did", Ipld::String("did:plc:44ybard66vv44zksje25o7dz".into())),
        Err(ProofFault::OtherAccount)
    );
    assert_eq!(set("version", Ipld::Integer(2)), Err(ProofFault::CommitVersion));
    assert_eq!(set("version", Ipld::String("3".into())), Err(ProofFault::CommitVersion));
    assert_eq!(set("rev", Ipld::String("yesterday".into())), Err(ProofFault::CommitForm));
    assert_eq!(set("data", Ipld::Null), Err(ProofFault::CommitForm));
    assert_eq!(prove_commit(|commit| drop(commit.remove("did"))), Err(ProofFault::CommitForm));
    assert_eq!(prove_commit(|commit| drop(commit.remove("version"))), Err(ProofFault::CommitVersion));
    let Good { key, mut blocks, data, .. } = good(Curve::K256);
    let without = blocks.add(&Ipld::Map(unsigned(data)));
    assert_eq!(prove(&blocks.car(&[without]), &key), Err(ProofFault::CommitForm), "no signature");
    let list = blocks.add(&Ipld::List(Vec::new()));
    assert_eq!(prove(&blocks.car(&[list]), &key), Err(ProofFault::CommitForm));
    let text = blocks.add_bytes(b"not CBOR".to_vec());
    assert_eq!(prove(&blocks.car(&[text]), &key), Err(ProofFault::NotCanonical(Part::Commit)));
    let large = "x".repeat(9000);
    assert_eq!(set("note", Ipld::String(large)), Err(ProofFault::TooLarge(Part::Commit)));
}

#[test]
fn sec_59_blocks_that_are_missing_or_tampered_with() {
    let Good { key, blocks, record, lowest, data, root } = good(Curve::K256);
    for (cid, part) in
        [(root, Part::Commit), (data, Part::Node), (lowest, Part::Node), (record, Part::Record)]
    {
        let car = blocks.clone().without(&cid).car(&[root]);
        assert_eq!(prove(&car, &key), Err(ProofFault::BlockMissing(part)));
    }
    // Every block is checked, also one that is not on the way.
    for at in 0..blocks.0.len() {
        let mut tampered = blocks.clone();
        *tampered.0[at].1.last_mut().unwrap() ^= 1;
        assert_eq!(prove(&tampered.car(&[root]), &key), Err(ProofFault::BlockTampered));
    }
}

#[test]
fn sec_59_addresses_of_another_kind() {
    let Good { key, blocks, root, .. } = good(Curve::K256);
    let raw = cid_of(0x55, b"a picture");
    let long = Cid::new_v1(0x71, Multihash::wrap(0x13, &[0; 64]).unwrap());
    let zero = Cid::new_v0(Multihash::wrap(0x12, &sha256(b"old")).unwrap()).unwrap();
    for (cid, bytes) in [(raw, &b"a picture"[..]), (long, b"x"), (zero, b"old")] {
        let mut blocks = blocks.clone();
        blocks.0.push((cid, bytes.to_vec()));
        assert_eq!(prove(&blocks.car(&[root]), &key), Err(ProofFault::Address));
    }
}

#[test]
fn sec_59_not_exactly_one_root() {
    let Good { key, blocks, root, data, .. } = good(Curve::K256);
    for roots in [&[][..], &[root, root], &[root, data], &[data, root]] {
        assert_eq!(prove(&blocks.car(roots), &key), Err(ProofFault::Roots));
    }
    // A root that is no commit.
    assert!(prove(&blocks.car(&[data]), &key).is_err());
}

#[test]
fn sec_59_another_record_or_none() {
    let Good { key, blocks, root, .. } = good(Curve::K256);
    let car = blocks.car(&[root]);
    let (did, public) = (DID.parse().unwrap(), key.public());
    let ask = |collection: &str, rkey: &str| {
        prove_record(&car, &did, &collection.parse().unwrap(), &rkey.parse().unwrap(), public)
    };
    assert!(ask(COLLECTION, RKEY).is_ok());
    assert_eq!(ask(COLLECTION, "com.example.music.authOther"), Err(ProofFault::Absent));
    assert_eq!(ask(COLLECTION, "com.example.music.authBasi"), Err(ProofFault::Absent));
    assert_eq!(ask("com.a.b", "1"), Err(ProofFault::BlockMissing(Part::Record)));
    assert_eq!(ask("com.b.b", "2"), Err(ProofFault::BlockMissing(Part::Node)), "the way there is not shown");
}

#[test]
fn sec_59_trees_that_are_none() {
    let path = path();
    let other = cid_of(0x71, b"elsewhere");
    // Right, for comparison: the record beside others, to the right of one, and behind a node without keys.
    let right = prove_tree(|blocks, record| {
        let below = blocks.node(None, &[(&path, record, None)]);
        let empty = blocks.node(Some(below), &[]);
        blocks.node(None, &[("com.a.b/1", other, Some(empty)), ("com.b.b/1", other, None)])
    });
    assert!(right.is_ok(), "{right:?}");
    assert_eq!(prove_tree(|blocks, _| blocks.node(None, &[])), Err(ProofFault::Absent));
    // The same key twice, and keys that descend.
    let twice =
        prove_tree(|blocks, record| blocks.node(None, &[(&path, record, None), (&path, other, None)]));
    assert_eq!(twice, Err(ProofFault::KeyOrder));
    let descending =
        prove_tree(|blocks, record| blocks.node(None, &[("zz.z.z/1", other, None), (&path, record, None)]));
    assert_eq!(descending, Err(ProofFault::KeyOrder));
    // Below a node, keys that sort outside of where it stands.
    let outside = prove_tree(|blocks, record| {
        let below = blocks.node(None, &[(&path, record, None), ("com.b.b/2", other, None)]);
        blocks.node(Some(below), &[("com.b.b/1", other, None)])
    });
    assert_eq!(outside, Err(ProofFault::KeyOrder));
    let outside = prove_tree(|blocks, record| {
        let below = blocks.node(None, &[("com.a.b/0", other, None), (&path, record, None)]);
        blocks.node(None, &[("com.a.b/1", other, Some(below))])
    });
    assert_eq!(outside, Err(ProofFault::KeyOrder));
    // The key again, as the end of a way of its own.
    let again = prove_tree(|blocks, record| {
        let below = blocks.node(None, &[(&path, other, None)]);
        blocks.node(Some(below), &[(&path, record, None)])
    });
    assert!(again.is_ok(), "the way to the first is enough");
}

#[test]
fn sec_59_nodes_that_are_none() {
    let path = path();
    let entries = |entries: Vec<Ipld>| {
        prove_tree(|blocks, _| blocks.add(&map([("e", Ipld::List(entries)), ("l", Ipld::Null)])))
    };
    let cid = cid_of(0x71, b"elsewhere");
    assert_eq!(entries(vec![entry(1, &path, cid, None)]), Err(ProofFault::NodeForm), "nothing is before it");
    let rest = path.strip_prefix("com.a").unwrap();
    let first = entry(0, "com.a", cid, None);
    let unshared = vec![first.clone(), entry(3, &format!(".a{rest}"), cid, None)];
    assert_eq!(entries(unshared), Err(ProofFault::NodeForm), "it does not say all that is shared");
    assert_eq!(entries(vec![first, entry(6, rest, cid, None)]), Err(ProofFault::NodeForm));
    assert_eq!(entries(vec![entry(0, "", cid, None), entry(0, "", cid, None)]), Err(ProofFault::KeyOrder));
    assert_eq!(entries(vec![Ipld::Null]), Err(ProofFault::NodeForm));
    assert_eq!(entries(vec![map([("k", Ipld::Bytes(vec![]))])]), Err(ProofFault::NodeForm));
    assert_eq!(prove_tree(|blocks, _| blocks.add(&Ipld::Null)), Err(ProofFault::NodeForm));
    assert_eq!(prove_tree(|blocks, _| blocks.add(&map([("l", Ipld::Null)]))), Err(ProofFault::NodeForm));
    let left = map([("e", Ipld::List(vec![])), ("l", Ipld::Integer(1))]);
    assert_eq!(prove_tree(|blocks, _| blocks.add(&left)), Err(ProofFault::NodeForm));
    let doubled = b"\xa3\x61e\x80\x61e\x80\x61l\xf6".to_vec();
    let twice = prove_tree(|blocks, _| blocks.add_bytes(doubled));
    assert_eq!(twice, Err(ProofFault::NotCanonical(Part::Node)));
}

#[test]
fn sec_59_a_tree_that_goes_down_and_down() {
    let deep = |levels: usize| {
        prove_tree(|blocks, record| {
            let mut node = blocks.node(None, &[(&path(), record, None)]);
            for _ in 1..levels {
                node = blocks.node(Some(node), &[]);
            }
            node
        })
    };
    assert!(deep(64).is_ok());
    assert_eq!(deep(65), Err(ProofFault::Depth));
    assert_eq!(deep(5000), Err(ProofFault::Depth));
    // A node that names itself would need an address that its own bytes hash to: it has to lie about one.
    let Good { key, mut blocks, root, lowest, .. } = good(Curve::K256);
    for (cid, block) in &mut blocks.0 {
        if *cid == lowest {
            *block = to_block(&map([("e", Ipld::List(vec![])), ("l", Ipld::Link(lowest))])).unwrap();
        }
    }
    assert_eq!(prove(&blocks.car(&[root]), &key), Err(ProofFault::BlockTampered));
}

#[test]
fn sec_59_records_that_are_too_large_or_not_canonical() {
    let with = |block: Vec<u8>| {
        prove_tree(|blocks, _| {
            let record = blocks.add_bytes(block);
            blocks.node(None, &[(&path(), record, None)])
        })
    };
    let text = |length: usize| to_block(&Ipld::String("x".repeat(length))).unwrap();
    assert!(with(text(MAX_RECORD - 5)).is_ok());
    assert_eq!(with(text(MAX_RECORD)), Err(ProofFault::TooLarge(Part::Record)));
    assert_eq!(with(b"\xa2\x61a\x01\x61a\x02".to_vec()), Err(ProofFault::NotCanonical(Part::Record)));
    let node = prove_tree(|blocks, record| blocks.node(None, &[(&"x".repeat(200_000), record, None)]));
    assert_eq!(node, Err(ProofFault::TooLarge(Part::Node)));
}

#[test]
fn sec_59_files_that_are_none() {
    let Good { key, mut blocks, root, .. } = good(Curve::K256);
    let car = blocks.car(&[root]);
    for end in 0..car.len() {
        assert!(prove(&car[..end], &key).is_err(), "cut after {end} bytes");
    }
    assert_eq!(prove(&[], &key), Err(ProofFault::FileForm));
    assert_eq!(prove(b"<html>", &key), Err(ProofFault::FileForm));
    assert_eq!(prove(&[0xff; 64], &key), Err(ProofFault::FileForm));
    assert_eq!(prove(&[&car[..], &[5]].concat(), &key), Err(ProofFault::FileForm));
    let version = map([("roots", Ipld::List(vec![Ipld::Link(root)])), ("version", Ipld::Integer(2))]);
    let newer = [piece(&[&to_block(&version).unwrap()]), car].concat();
    assert_eq!(prove(&newer, &key), Err(ProofFault::FileForm));
    blocks.add_bytes(vec![0; MAX_FILE]);
    assert_eq!(prove(&blocks.car(&[root]), &key), Err(ProofFault::FileTooLarge));
}

#[test]
fn sec_59_what_test_repositories_spoil_is_spoiled() {
    let record = serde_json::json!({"$type": COLLECTION, "text": "x"});
    let mut repository = Repository::new(DID.parse().unwrap(), key(Curve::P256, 7), REV.parse().unwrap());
    repository.put(&path(), &record);
    repository.put("com.example.other/0", &record);
    assert_eq!(prove(&repository.file(&path(), None), &repository.key).unwrap().value, record);
    for spoiled in SPOILED {
        assert!(prove(&repository.file(&path(), Some(spoiled)), &repository.key).is_err(), "{spoiled:?}");
    }
    repository.delete(&path());
    assert_eq!(prove(&repository.file(&path(), None), &repository.key), Err(ProofFault::Absent));
}

#[test]
fn a_file_of_blocks_has_links_from_one_to_the_next() {
    let good = good(Curve::K256);
    let find = |cid: Cid| &good.blocks.0.iter().find(|(other, _)| *other == cid).unwrap().1;
    let node = find(good.lowest);
    let at = node.windows(32).position(|part| part == good.record.hash().digest()).unwrap();
    let mut open = node.clone();
    open[at..at + 32].fill(0xff);
    let (did, rev) = (DID.parse().unwrap(), REV.parse().unwrap());
    let file = file_of(&did, &rev, &good.key, &[&open, find(good.record)]);
    assert_eq!(prove(&file, &good.key).unwrap().cid, good.record);
    assert!(prove(&file_of(&did, &rev, &good.key, &[]), &good.key).is_err());
}

proptest! {
    /// Whatever is changed on the way, the file proves what it did, or nothing.
    #[test]
    fn sec_59_a_changed_file_proves_nothing_else(at in any::<prop::sample::Index>(), change in 1_u8..) {
        let good = good(Curve::K256);
        let mut file = good.blocks.car(&[good.root]);
        let proven = prove(&file, &good.key).unwrap();
        let at = at.index(file.len());
        file[at] ^= change;
        if let Ok(other) = prove(&file, &good.key) {
            prop_assert_eq!(other, proven);
        }
    }

    /// Blocks of any kind under a good commit.
    #[test]
    fn sec_59_no_block_makes_it_panic(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..6)) {
        let blocks: Vec<&[u8]> = blocks.iter().map(Vec::as_slice).collect();
        let key = key(Curve::K256, 7);
        let file = file_of(&DID.parse().unwrap(), &REV.parse().unwrap(), &key, &blocks);
        prop_assert!(prove(&file, &key).is_err());
    }
}

//! Files of blocks, checked by a reader that shares no code with what wrote them.

use std::collections::HashMap;

use cid::Cid;
use gatewright_protocol::crypto::{PublicKey, sha256};
use gatewright_protocol::syntax::Did;
use ipld_core::ipld::Ipld;
use serde_json::json;

use super::support::{EVERYTHING, Network, refused};

/// Reads a file: its root and its blocks, each of which must have the address it is filed under.
fn read_car(mut bytes: &[u8]) -> (Cid, HashMap<Cid, Vec<u8>>) {
    let header: Ipld = serde_ipld_dagcbor::from_slice(take(&mut bytes).unwrap()).unwrap();
    let Ipld::Map(header) = header else { panic!() };
    assert_eq!(header["version"], Ipld::Integer(1));
    let Ipld::List(roots) = &header["roots"] else { panic!() };
    let [Ipld::Link(root)] = roots[..] else { panic!() };
    let mut blocks = HashMap::new();
    while let Some(piece) = take(&mut bytes) {
        let mut rest = piece;
        let cid = Cid::read_bytes(&mut rest).unwrap();
        assert_eq!(cid.hash().digest(), sha256(rest), "a block must have its address");
        blocks.insert(cid, rest.to_vec());
    }
    (root, blocks)
}

fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let (piece, rest) = bytes.split_at(length);
    *bytes = rest;
    Some(piece)
}

/// Checks the commit, and yields the root of the tree.
fn check_commit(did: &Did, key: &PublicKey, block: &[u8]) -> Cid {
    let Ipld::Map(mut commit) = serde_ipld_dagcbor::from_slice(block).unwrap() else { panic!() };
    let Some(Ipld::Bytes(signature)) = commit.remove("sig") else { panic!("unsigned") };
    assert_eq!(commit["did"], Ipld::String(did.to_string()));
    assert_eq!(commit["version"], Ipld::Integer(3));
    assert_eq!(commit["prev"], Ipld::Null);
    let Ipld::Link(data) = commit["data"] else { panic!("no tree") };
    let unsigned = serde_ipld_dagcbor::to_vec(&Ipld::Map(commit)).unwrap();
    key.verify_low_s(&unsigned, &signature).expect("the commit must be signed by the account's key");
    data
}

fn link(value: &Ipld) -> Option<Cid> {
    match value {
        Ipld::Link(cid) => Some(*cid),
        _ => None,
    }
}

/// All entries of the tree, in order; the subtrees that are not in the file are left out.
fn walk(node: Cid, blocks: &HashMap<Cid, Vec<u8>>, found: &mut Vec<(String, Cid)>) {
    let Some(block) = blocks.get(&node) else { return };
    let node: Ipld = serde_ipld_dagcbor::from_slice(block).unwrap();
    let Ipld::Map(node) = node else { panic!() };
    if let Some(left) = link(&node["l"]) {
        walk(left, blocks, found);
    }
    let Ipld::List(entries) = &node["e"] else { panic!() };
    let mut before = Vec::new();
    for entry in entries {
        let Ipld::Map(entry) = entry else { panic!() };
        let (Ipld::Integer(shared), Ipld::Bytes(rest)) = (&entry["p"], &entry["k"]) else { panic!() };
        before.truncate(usize::try_from(*shared).unwrap());
        before.extend_from_slice(rest);
        found.push((String::from_utf8(before.clone()).unwrap(), link(&entry["v"]).unwrap()));
        if let Some(right) = link(&entry["t"]) {
            walk(right, blocks, found);
        }
    }
}

/// The address of the record by a proof; `None` if the proof shows that there is none.
fn prove(did: &Did, key: &PublicKey, file: &[u8], path: &str) -> Option<(Cid, Ipld)> {
    let (root, blocks) = read_car(file);
    let data = check_commit(did, key, &blocks[&root]);
    // Down to the key by what the nodes say, and by nothing else.
    let mut next = Some(data);
    while let Some(cid) = next {
        let block = blocks.get(&cid).expect("every node on the way must be in the proof");
        let Ok(Ipld::Map(node)) = serde_ipld_dagcbor::from_slice(block) else { panic!() };
        let Ipld::List(entries) = &node["e"] else { panic!() };
        let (mut before, mut below) = (Vec::new(), link(&node["l"]));
        for entry in entries {
            let Ipld::Map(entry) = entry else { panic!() };
            let (Ipld::Integer(shared), Ipld::Bytes(rest)) = (&entry["p"], &entry["k"]) else { panic!() };
            before.truncate(usize::try_from(*shared).unwrap());
            before.extend_from_slice(rest);
            if before == path.as_bytes() {
                let cid = link(&entry["v"]).unwrap();
                return Some((cid, serde_ipld_dagcbor::from_slice(&blocks[&cid]).unwrap()));
            }
            if before.as_slice() > path.as_bytes() {
                break;
            }
            below = link(&entry["t"]);
        }
        next = below;
    }
    None
}

async fn key_of(network: &Network, did: &Did) -> PublicKey {
    let described = network.get(&format!("/xrpc/com.atproto.repo.describeRepo?repo={did}")).await.ok();
    let multikey = described["didDoc"]["verificationMethod"][0]["publicKeyMultibase"].as_str().unwrap();
    PublicKey::from_multikey(multikey).unwrap()
}

#[tokio::test]
async fn a_proof_shows_what_a_record_is_and_that_there_is_none() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let key = key_of(&network, &did).await;
    let mut cids = Vec::new();
    for number in 0..60 {
        let written = network.note(&did, &format!("key{number}"), &format!("text {number}")).await;
        cids.push(written["cid"].as_str().unwrap().to_owned());
    }
    for number in [0, 17, 59] {
        let query = format!("did={did}&collection=com.example.note&rkey=key{number}");
        let answer = network.get(&format!("/xrpc/com.atproto.sync.getRecord?{query}")).await;
        assert_eq!(answer.headers["content-type"], "application/vnd.ipld.car");
        let path = format!("com.example.note/key{number}");
        let (cid, value) = prove(&did, &key, &answer.body, &path).expect("the record is there");
        assert_eq!(cid.to_string(), cids[number]);
        assert_eq!(value.get("text").unwrap(), Some(&Ipld::String(format!("text {number}"))));
        assert_eq!(value.get("$type").unwrap(), Some(&Ipld::String("com.example.note".into())));
    }
    let absent = format!("/xrpc/com.atproto.sync.getRecord?did={did}&collection=com.example.note&rkey=other");
    assert!(prove(&did, &key, &network.get(&absent).await.body, "com.example.note/other").is_none());
}

#[tokio::test]
async fn the_whole_repository_is_in_one_file() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let mut expected = Vec::new();
    for number in 0..40 {
        // Every second has the value of the one before: two records, one block.
        let written = network.note(&did, &format!("key{number}"), &format!("{}", number / 2)).await;
        expected.push((format!("com.example.note/key{number}"), written["cid"].as_str().unwrap().to_owned()));
    }
    let delete = json!({"repo": did, "collection": "com.example.note", "rkey": "key7"});
    network.post_as(&did, EVERYTHING, "com.atproto.repo.deleteRecord", &delete).await.ok();
    expected.remove(7);
    expected.sort();

    let file = network.get(&format!("/xrpc/com.atproto.sync.getRepo?did={did}")).await;
    let (root, blocks) = read_car(&file.body);
    let head = network.get(&format!("/xrpc/com.atproto.sync.getLatestCommit?did={did}")).await.ok();
    assert_eq!(head["cid"], root.to_string());
    let data = check_commit(&did, &key_of(&network, &did).await, &blocks[&root]);
    let mut found = Vec::new();
    walk(data, &blocks, &mut found);
    assert!(found.iter().all(|(_, cid)| blocks.contains_key(cid)), "every value is in the file");
    let found: Vec<_> = found.into_iter().map(|(path, cid)| (path, cid.to_string())).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn repositories_are_listed_with_where_they_stand() {
    let network = Network::new();
    let (alice, bob) = (network.account("alice").await.did, network.account("bob").await.did);
    let first = network.get("/xrpc/com.atproto.sync.listRepos?limit=1").await.ok();
    let cursor = first["cursor"].as_str().unwrap();
    let second = network.get(&format!("/xrpc/com.atproto.sync.listRepos?limit=5&cursor={cursor}")).await.ok();
    let mut dids: Vec<_> = [&first, &second].map(|page| page["repos"][0]["did"].as_str().unwrap()).into();
    dids.sort_unstable();
    let mut expected = [alice.as_str(), bob.as_str()];
    expected.sort_unstable();
    assert_eq!(dids, expected);
    assert!(second.get("cursor").is_none());

    let status = network.get(&format!("/xrpc/com.atproto.sync.getRepoStatus?did={alice}")).await.ok();
    let head = network.get(&format!("/xrpc/com.atproto.sync.getLatestCommit?did={alice}")).await.ok();
    assert_eq!((&status["active"], &status["rev"]), (&json!(true), &head["rev"]));
    let unknown = "/xrpc/com.atproto.sync.getRepoStatus?did=did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
    assert_eq!(network.get(unknown).await.refusal(), refused(400, "RepoNotFound"));
}

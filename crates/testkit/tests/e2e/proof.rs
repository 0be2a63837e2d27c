//! A reader of record proofs that shares nothing with what writes them: CAR, DAG-CBOR, commit and tree, from the
//! specification of repositories.

#![expect(clippy::indexing_slicing, reason = "a test that panics has failed")]

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use gatewright_protocol::crypto::PublicKey;

/// Version 1, DAG-CBOR, SHA-256 of 32 bytes: how every address of a block begins here.
const CID: [u8; 4] = [0x01, 0x71, 0x12, 0x20];
/// Half of the order of secp256k1: the `s` of a signature is not above it.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d,
    0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// A value of DAG-CBOR, without floats.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    Bytes(Vec<u8>),
    Integer(i128),
    Link(Vec<u8>),
    List(Vec<Self>),
    Map(Vec<Entry>),
    Null,
    Text(String),
}

/// An entry of a map, and where it stands in its block.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    key: String,
    value: Value,
    place: Range<usize>,
}

impl Value {
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(Self::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn link(&self, key: &str) -> Result<Option<&[u8]>> {
        match self.get(key) {
            Some(Self::Link(cid)) => Ok(Some(cid)),
            Some(Self::Null) => Ok(None),
            other => bail!("`{key}` is {other:?}, no link"),
        }
    }
}

/// What a file proves about the record at `path`: its address and value, or that there is none.
pub(crate) fn check(file: &[u8], did: &str, key: &PublicKey, path: &str) -> Result<Option<(String, Value)>> {
    let (root, blocks) = read_car(file)?;
    let block = |cid: &[u8]| blocks.get(cid).copied().context("a block on the way is not in the file");
    let mut next = Some(check_commit(block(&root)?, did, key)?);
    let mut above = usize::MAX;
    while let Some(cid) = next {
        let node = parse(block(&cid)?)?;
        let Some(Value::List(entries)) = node.get("e") else { bail!("a node has no entries") };
        let (mut name, mut below, mut before) = (Vec::new(), node.link("l")?, Vec::new());
        for entry in entries {
            let (Some(Value::Integer(shared)), Some(Value::Bytes(rest))) = (entry.get("p"), entry.get("k"))
            else {
                bail!("an entry has no key");
            };
            name.truncate(usize::try_from(*shared)?);
            name.extend_from_slice(rest);
            ensure!(name > before, "keys are in order");
            let layer = layer(&name);
            ensure!(layer < above, "a key of this layer stands higher");
            before.clone_from(&name);
            match name.as_slice().cmp(path.as_bytes()) {
                std::cmp::Ordering::Less => below = entry.link("t")?,
                std::cmp::Ordering::Equal => {
                    let cid = entry.link("v")?.context("an entry has no value")?;
                    return Ok(Some((text_of(cid), parse(block(cid)?)?)));
                }
                std::cmp::Ordering::Greater => {}
            }
        }
        if !before.is_empty() {
            above = layer(&before);
        }
        next = below.map(<[u8]>::to_vec);
    }
    Ok(None)
}

/// Blocks by their addresses.
type Blocks<'a> = HashMap<Vec<u8>, &'a [u8]>;

/// The root of a file, and its blocks, whose addresses must be theirs.
fn read_car(file: &[u8]) -> Result<(Vec<u8>, Blocks<'_>)> {
    let mut at = 0;
    let header = parse(section(file, &mut at)?)?;
    ensure!(header.get("version") == Some(&Value::Integer(1)), "the version of the file is 1");
    let Some(Value::List(roots)) = header.get("roots") else { bail!("the file has no roots") };
    let [Value::Link(root)] = roots.as_slice() else { bail!("the file has one root") };
    let mut blocks = HashMap::new();
    while at < file.len() {
        let (cid, block) = section(file, &mut at)?.split_at_checked(36).context("a section is too short")?;
        let hash = cid.strip_prefix(&CID).context("an address is of another kind")?;
        ensure!(digest(&SHA256, block).as_ref() == hash, "a block is not at its address");
        blocks.insert(cid.to_vec(), block);
    }
    Ok((root.clone(), blocks))
}

fn section<'a>(file: &'a [u8], at: &mut usize) -> Result<&'a [u8]> {
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        let byte = *file.get(*at).context("the file breaks off")?;
        *at += 1;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
        ensure!(shift < 28, "a section is too long");
    }
    let section = file.get(*at..*at + length).context("the file breaks off")?;
    *at += length;
    Ok(section)
}

/// The root of the tree that this account signed.
fn check_commit(block: &[u8], did: &str, key: &PublicKey) -> Result<Vec<u8>> {
    let commit = parse(block)?;
    let Value::Map(entries) = &commit else { bail!("the commit is no map") };
    ensure!(commit.text("did") == Some(did), "the commit is of another account");
    ensure!(commit.get("version") == Some(&Value::Integer(3)), "the version of the commit is 3");
    let Some(Value::Bytes(signature)) = commit.get("sig") else { bail!("the commit is not signed") };
    // What was signed is the same map without its signature; fewer than 24 entries have their number in the head.
    let mut unsigned = vec![0xa0 | u8::try_from(entries.len() - 1)?];
    for entry in entries.iter().filter(|entry| entry.key != "sig") {
        unsigned.extend_from_slice(&block[entry.place.clone()]);
    }
    ensure!(signature.len() == 64 && signature[32..] <= HALF_ORDER[..], "the signature is compact and low");
    key.verify_low_s(&unsigned, signature).context("the commit is signed by another key")?;
    Ok(commit.link("data")?.context("the commit has no tree")?.to_vec())
}

/// How many pairs of zero bits the hash of a key begins with.
fn layer(key: &[u8]) -> usize {
    let hash = digest(&SHA256, key);
    let zeros = hash.as_ref().iter().take_while(|byte| **byte == 0).count();
    let next = hash.as_ref().get(zeros).map_or(0, |byte| byte.leading_zeros());
    zeros * 4 + next as usize / 2
}

fn text_of(cid: &[u8]) -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
    let (mut text, mut bits, mut held) = ("b".to_owned(), 0_u32, 0);
    for byte in cid {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(ALPHABET[(bits >> held) as usize & 31]));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        text.push(char::from(ALPHABET[(bits << (5 - held)) as usize & 31]));
    }
    text
}

/// The one value of a block.
fn parse(block: &[u8]) -> Result<Value> {
    let mut at = 0;
    let value = value(block, &mut at)?;
    ensure!(at == block.len(), "something follows the value of a block");
    Ok(value)
}

fn value(block: &[u8], at: &mut usize) -> Result<Value> {
    let head = *block.get(*at).context("a block breaks off")?;
    *at += 1;
    let more = match head & 31 {
        info @ 0..=23 => return of_kind(head >> 5, u64::from(info), block, at),
        info @ 24..=27 => 1_usize << (info - 24),
        info => bail!("a length of kind {info}"),
    };
    let bytes = block.get(*at..*at + more).context("a block breaks off")?;
    *at += more;
    of_kind(head >> 5, bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), block, at)
}

fn of_kind(kind: u8, number: u64, block: &[u8], at: &mut usize) -> Result<Value> {
    let take = |at: &mut usize| -> Result<Vec<u8>> {
        let end = at.checked_add(usize::try_from(number)?).context("a length is too long")?;
        let bytes = block.get(*at..end).context("a block breaks off")?.to_vec();
        *at = end;
        Ok(bytes)
    };
    Ok(match kind {
        0 => Value::Integer(i128::from(number)),
        1 => Value::Integer(-1 - i128::from(number)),
        2 => Value::Bytes(take(at)?),
        3 => Value::Text(String::from_utf8(take(at)?)?),
        4 => Value::List((0..number).map(|_| value(block, at)).collect::<Result<_>>()?),
        5 => {
            let mut entries = Vec::new();
            for _ in 0..number {
                let start = *at;
                let Value::Text(key) = value(block, at)? else { bail!("a key is no text") };
                let value = value(block, at)?;
                entries.push(Entry { key, value, place: start..*at });
            }
            Value::Map(entries)
        }
        6 if number == 42 => match value(block, at)? {
            Value::Bytes(bytes) if bytes.first() == Some(&0) => Value::Link(bytes[1..].to_vec()),
            _ => bail!("a link is no address"),
        },
        7 if number == 20 || number == 21 => Value::Bool(number == 21),
        7 if number == 22 => Value::Null,
        _ => bail!("a value of kind {kind} {number}"),
    })
}

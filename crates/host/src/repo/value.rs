//! The data model of records: JSON on the wire, DAG-CBOR in blocks.
//!
//! JSON carries links as `{"$link": …}` and bytes as `{"$bytes": …}`. There are no fractions. Maps are written in
//! the one order of DAG-CBOR, so equal values have equal addresses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64ct::{Base64Unpadded, Encoding};
use cid::Cid;
use ipld_core::ipld::Ipld;
use serde_json::{Map, Value};

use super::cid::{RAW, is_allowed};

pub use gatewright_protocol::data_model::AsJson;

/// How deep maps and lists may lie in each other.
pub const MAX_DEPTH: usize = 64;

/// A value that is not of the data model, and where in it the fault lies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at `{path}`: {fault}")]
pub struct InvalidValue {
    /// Where: `/embed/images/0`. The whole value is `/`.
    pub path: String,
    /// What is wrong there.
    pub fault: Fault,
}

/// What can be wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// `$type` is `blob`, but the rest is not that of a blob.
    #[error(
        "a blob is {{\"$type\":\"blob\",\"ref\":{{\"$link\":CID of raw bytes}},\"mimeType\":…,\"size\":…}}"
    )]
    Blob,
    /// `$bytes` is not alone or not base64.
    #[error("`$bytes` is not base64 in an object of its own")]
    Bytes,
    /// Too many levels.
    #[error("maps and lists lie deeper than {MAX_DEPTH} levels in each other")]
    Depth,
    /// A number with a fraction, or beyond 64 bits.
    #[error("the data model has whole numbers of 64 bits only")]
    Number,
    /// `$link` is not alone or not a CID of the allowed kind.
    #[error("`$link` is not the CID (version 1, SHA-256, DAG-CBOR or raw) in an object of its own")]
    Link,
    /// `$type` is not a text, or empty.
    #[error("`$type` is not a text")]
    Type,
}

/// Reads JSON into the data model.
///
/// # Errors
/// A number is not whole, a link, bytes or blob is not what it should be, or it lies too deep.
pub fn from_json(json: Value) -> Result<Ipld, InvalidValue> {
    read(json, 0).map_err(|Wrong { mut path, fault }| {
        path.reverse();
        let mut text = String::new();
        for part in &path {
            let _ = write!(text, "/{part}");
        }
        if text.is_empty() {
            text.push('/');
        }
        // The names come from the sender: enough of them to find the place.
        let end = text.floor_char_boundary(256);
        text.truncate(end);
        InvalidValue { path: text, fault }
    })
}

/// The block of a value. Equal values have equal blocks.
pub fn to_block(value: &Ipld) -> Vec<u8> {
    serde_ipld_dagcbor::to_vec(value).expect("a value of the data model is plain data")
}

/// The value of a block. `None` for what is not DAG-CBOR.
pub fn from_block(block: &[u8]) -> Option<Ipld> {
    serde_ipld_dagcbor::from_slice(block).ok()
}

/// The blobs that a value names, each once.
pub fn blobs(value: &Ipld) -> Vec<Cid> {
    let mut found = Vec::new();
    collect_blobs(value, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

/// A fault, with the way to it from the inside out.
struct Wrong {
    path: Vec<String>,
    fault: Fault,
}

impl Wrong {
    fn below(mut self, part: String) -> Self {
        self.path.push(part);
        self
    }
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self { path: Vec::new(), fault }
    }
}

fn read(json: Value, depth: usize) -> Result<Ipld, Wrong> {
    if depth > MAX_DEPTH {
        return Err(Fault::Depth.into());
    }
    Ok(match json {
        Value::Null => Ipld::Null,
        Value::Bool(bool) => Ipld::Bool(bool),
        Value::Number(number) => Ipld::Integer(number.as_i64().ok_or(Fault::Number)?.into()),
        Value::String(text) => Ipld::String(text),
        Value::Array(list) => {
            let list = list.into_iter().enumerate();
            Ipld::List(
                list.map(|(index, item)| {
                    read(item, depth + 1).map_err(|wrong| wrong.below(index.to_string()))
                })
                .collect::<Result<_, _>>()?,
            )
        }
        Value::Object(object) => read_object(object, depth)?,
    })
}

fn read_object(object: Map<String, Value>, depth: usize) -> Result<Ipld, Wrong> {
    if let Some(link) = object.get("$link") {
        return match link {
            Value::String(text) if object.len() == 1 => Ok(Ipld::Link(read_link(text).ok_or(Fault::Link)?)),
            _ => Err(Fault::Link.into()),
        };
    }
    if let Some(bytes) = object.get("$bytes") {
        return match bytes {
            Value::String(text) if object.len() == 1 => {
                let bytes =
                    Base64Unpadded::decode_vec(text.trim_end_matches('=')).map_err(|_| Fault::Bytes)?;
                Ok(Ipld::Bytes(bytes))
            }
            _ => Err(Fault::Bytes.into()),
        };
    }
    let mut map = BTreeMap::new();
    for (key, value) in object {
        let value = read(value, depth + 1).map_err(|wrong| wrong.below(key.clone()))?;
        map.insert(key, value);
    }
    match map.get("$type") {
        None => {}
        Some(Ipld::String(kind)) if kind == "blob" => {
            blob_of(&map).ok_or(Fault::Blob)?;
        }
        Some(Ipld::String(kind)) if !kind.is_empty() => {}
        Some(_) => return Err(Fault::Type.into()),
    }
    Ok(Ipld::Map(map))
}

/// A CID in its usual text: base32, lower case.
fn read_link(text: &str) -> Option<Cid> {
    let cid: Cid = text.parse().ok()?;
    (is_allowed(&cid) && text.starts_with('b')).then_some(cid)
}

fn collect_blobs(value: &Ipld, found: &mut Vec<Cid>) {
    match value {
        Ipld::List(list) => list.iter().for_each(|item| collect_blobs(item, found)),
        Ipld::Map(map) => {
            if matches!(map.get("$type"), Some(Ipld::String(kind)) if kind == "blob") {
                found.extend(blob_of(map));
            } else {
                for value in map.values() {
                    collect_blobs(value, found);
                }
            }
        }
        _ => {}
    }
}

/// The address of the blob that this map describes, if it is what a blob must be.
fn blob_of(map: &BTreeMap<String, Ipld>) -> Option<Cid> {
    match (map.get("ref"), map.get("mimeType"), map.get("size")) {
        (Some(Ipld::Link(cid)), Some(Ipld::String(_)), Some(Ipld::Integer(0..))) if cid.codec() == RAW => {
            Some(*cid)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RAW_CID: &str = "bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity";
    const CBOR_CID: &str = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a";

    fn fault(json: Value) -> (String, Fault) {
        let invalid = from_json(json).unwrap_err();
        (invalid.path, invalid.fault)
    }

    #[test]
    fn json_and_back() {
        let json = json!({
            "$type": "com.example.note", "text": "hé", "n": -3, "big": i64::MAX, "ok": true, "none": null,
            "link": {"$link": CBOR_CID}, "bytes": {"$bytes": "nFERjvLLiw9qm45JrqH9QTzyC2Lu1Xb4ne6+sBrCzI0"},
            "list": [1, ["a", {}], {"$link": RAW_CID}],
        });
        let value = from_json(json.clone()).unwrap();
        let again = from_block(&to_block(&value)).unwrap();
        assert_eq!(again, value);
        assert_eq!(serde_json::to_value(AsJson(&again)).unwrap(), json);
    }

    #[test]
    fn maps_are_written_shortest_key_first() {
        let block = to_block(&from_json(json!({"bb": 1, "a": 2, "c": 3})).unwrap());
        assert_eq!(block, [0xa3, 0x61, b'a', 2, 0x61, b'c', 3, 0x62, b'b', b'b', 1]);
    }

    /// The example of the protocol's data-model fixtures.
    #[test]
    fn a_known_value_has_its_known_address() {
        let value = from_json(json!({
            "string": "abc", "unicode": "a~öñ©⽘☎𓋓😀👨\u{200d}👩\u{200d}👧\u{200d}👧", "integer": 123,
            "bool": true, "null": null, "array": ["abc", "def", "ghi"],
            "object": {"string": "abc", "number": 123, "bool": true, "arr": ["abc", "def", "ghi"]},
        }));
        let cid = super::super::cid::of_block(&to_block(&value.unwrap()));
        assert_eq!(cid.to_string(), "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq");
    }

    #[test]
    fn faults_are_named_with_their_place() {
        assert_eq!(fault(json!({"a": [0, 1.5]})), ("/a/1".into(), Fault::Number));
        assert_eq!(fault(json!(u64::MAX)), ("/".into(), Fault::Number));
        assert_eq!(fault(json!({"a": {"$link": "x"}})), ("/a".into(), Fault::Link));
        assert_eq!(fault(json!({"a": {"$link": CBOR_CID, "b": 1}})), ("/a".into(), Fault::Link));
        assert_eq!(fault(json!({"$bytes": "!"})), ("/".into(), Fault::Bytes));
        assert_eq!(fault(json!({"x": {"$type": 3}})), ("/x".into(), Fault::Type));
        assert_eq!(fault(json!({"x": {"$type": ""}})), ("/x".into(), Fault::Type));
        assert_eq!(
            fault(json!({"x": {"$type": "blob", "ref": {"$link": CBOR_CID}, "mimeType": "a/b", "size": 1}})),
            ("/x".into(), Fault::Blob)
        );
        let mut deep = json!(0);
        for _ in 0..=MAX_DEPTH {
            deep = json!([deep]);
        }
        assert_eq!(fault(deep).1, Fault::Depth);
    }

    #[test]
    fn blobs_are_found_wherever_they_lie() {
        let blob = json!({"$type": "blob", "ref": {"$link": RAW_CID}, "mimeType": "image/png", "size": 1});
        let value = from_json(json!({"a": [{"b": blob.clone()}], "c": blob})).unwrap();
        assert_eq!(blobs(&value), [RAW_CID.parse::<Cid>().unwrap()]);
    }
}

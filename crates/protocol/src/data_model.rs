//! The data model of records: how values lie in blocks, and how they look in JSON.
//!
//! JSON carries links as `{"$link": …}` and bytes as `{"$bytes": …}`. In a block every value has one form only, so
//! equal values have equal addresses, and no two readers see two things in the same bytes.

use base64ct::{Base64Unpadded, Encoding};
use ipld_core::ipld::Ipld;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

/// The value of a block. `None` if it is not DAG-CBOR, or not in the one form that the value has: a key twice, keys
/// out of order, a number longer than it need be.
///
/// Maps and lists may lie 256 deep in each other.
pub fn from_block(block: &[u8]) -> Option<Ipld> {
    let value: Ipld = serde_ipld_dagcbor::from_slice(block).ok()?;
    (to_block(&value)? == block).then_some(value)
}

/// The block of a value. `None` for a number that DAG-CBOR does not have.
pub fn to_block(value: &Ipld) -> Option<Vec<u8>> {
    serde_ipld_dagcbor::to_vec(value).ok()
}

/// A value, to be written as JSON.
#[derive(Clone, Copy, Debug)]
pub struct AsJson<'a>(pub &'a Ipld);

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Ipld::Null => serializer.serialize_unit(),
            Ipld::Bool(bool) => serializer.serialize_bool(*bool),
            Ipld::Integer(number) => match i64::try_from(*number) {
                Ok(number) => serializer.serialize_i64(number),
                Err(_) => serializer.serialize_i128(*number),
            },
            Ipld::Float(number) => serializer.serialize_f64(*number),
            Ipld::String(text) => serializer.serialize_str(text),
            Ipld::Bytes(bytes) => one(serializer, "$bytes", &Base64Unpadded::encode_string(bytes)),
            Ipld::Link(cid) => one(serializer, "$link", &cid.to_string()),
            Ipld::List(list) => {
                let mut seq = serializer.serialize_seq(Some(list.len()))?;
                for item in list {
                    seq.serialize_element(&AsJson(item))?;
                }
                seq.end()
            }
            Ipld::Map(map) => {
                let mut out = serializer.serialize_map(Some(map.len()))?;
                for (key, value) in map {
                    out.serialize_entry(key, &AsJson(value))?;
                }
                out.end()
            }
        }
    }
}

fn one<S: Serializer>(serializer: S, key: &str, value: &str) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_form_in_a_block() {
        // {"a": 1, "bb": [null]}
        let block = b"\xa2\x61a\x01\x62bb\x81\xf6";
        let value = from_block(block).expect("it is in its one form");
        assert_eq!(to_block(&value).as_deref(), Some(&block[..]));
        for other in [
            &b"\xa2\x62bb\x81\xf6\x61a\x01"[..],     // the longer key first
            b"\xa2\x61a\x01\x61a\x01",               // a key twice
            b"\xa2\x61a\x18\x01\x62bb\x81\xf6",      // 1 in two bytes
            b"\xbf\x61a\x01\xff",                    // a map without a length
            b"\xa2\x61a\x01\x62bb\x81\xf6\x00",      // more after it
            b"\xa2\x61a\x01\x62bb\x81",              // less than it
            b"\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00", // no number
            b"\xc1\x01",                             // a tag that the model does not have
            b"",
        ] {
            assert_eq!(from_block(other), None, "{other:02x?}");
        }
    }

    #[test]
    fn depth_has_an_end() {
        let deep = |levels: usize| [vec![0x81; levels], vec![0xf6]].concat();
        assert!(from_block(&deep(100)).is_some());
        assert!(from_block(&deep(100_000)).is_none());
    }

    #[test]
    fn a_length_that_is_not_there_takes_no_memory() {
        assert_eq!(from_block(b"\x9b\x00\x00\x00\xff\xff\xff\xff\xff"), None);
        assert_eq!(from_block(b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff"), None);
    }
}

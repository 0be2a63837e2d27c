//! JSON that a stranger wrote: objects, read as objects only.
//!
//! What derives `Deserialize` also reads a list of the same values in order, so that `["x"]` would pass for
//! `{"jkt":"x"}`. No specification of the protocol knows that form, and two readers of one text must not disagree on
//! what it is. Whatever comes from outside is therefore read by [`from_slice`], and structs inside it by [`Object`].

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads a `T` from the text of a JSON object, and from nothing else.
///
/// Structs within `T` are still read as serde derives them: their fields have to be of type [`Object`].
///
/// # Errors
/// The text is not JSON, not an object, or not one of this kind.
pub fn from_slice<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(text).map(|Object(value)| value)
}

/// A `T` that is read from an object, and from nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq, Eq)]
    struct Outer<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        #[serde(borrow, default)]
        inner: Option<Object<Inner<'a>>>,
    }

    #[derive(Debug, Deserialize, PartialEq, Eq)]
    struct Inner<'a> {
        #[serde(borrow)]
        jkt: Cow<'a, str>,
    }

    #[derive(Debug, Deserialize, PartialEq, Eq)]
    #[serde(tag = "type")]
    enum Tagged {
        One { x: u8 },
    }

    #[test]
    fn objects_are_read() {
        let text = br#" {"inner":{"jkt":"a"},"other":[1],"name":"b"}"#;
        let read: Outer<'_> = from_slice(text).unwrap();
        assert_eq!(read.inner.unwrap().0.jkt, "a");
        assert!(matches!(read.name, Cow::Borrowed("b")), "nothing is copied");
        assert_eq!(from_slice::<Tagged>(br#"{"x":1,"type":"One"}"#).unwrap(), Tagged::One { x: 1 });
        assert_eq!(from_slice::<Outer<'_>>(br#"{"name":"b","inner":null}"#).unwrap().inner, None);
    }

    #[test]
    fn lists_are_not() {
        for list in [&br#"["b",null]"#[..], br#" ["b",{"jkt":"a"}]"#, br#"{"name":"b","inner":["a"]}"#] {
            let text = String::from_utf8_lossy(list);
            assert!(from_slice::<Outer<'_>>(list).is_err(), "{text}");
        }
        assert!(serde_json::from_slice::<Inner<'_>>(br#"["a"]"#).is_ok(), "serde by itself takes them");
        assert!(serde_json::from_slice::<Tagged>(br#"["One",1]"#).is_ok(), "serde by itself takes them");
        assert!(from_slice::<Tagged>(br#"["One",1]"#).is_err());
        assert!(from_slice::<Tagged>(br#"["One",{"x":1}]"#).is_err());
        for other in [&b"null"[..], b"1", b"\"x\"", b"", b"{", br#"{"name":"b"} x"#] {
            assert!(from_slice::<Outer<'_>>(other).is_err());
        }
    }
}

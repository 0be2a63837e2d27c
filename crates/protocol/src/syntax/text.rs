//! What all the string types of this module share: printing, comparing, serde.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Visitor};

use super::SyntaxError;

/// Declares a newtype over shared text. The type brings `fn check(&str) -> Result<(), &'static str>`, or, with
/// `normal form`, `fn read(&str) -> Result<Arc<str>, &'static str>`, and everything else follows.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $crate::syntax::text::text_type!(@type $(#[$doc])* $name, $kind);

        impl $name {
            fn read(text: &str) -> Result<std::sync::Arc<str>, &'static str> {
                Self::check(text).map(|()| text.into())
            }
        }
    };
    ($(#[$doc:meta])* $name:ident, $kind:literal, normal form) => {
        $crate::syntax::text::text_type!(@type $(#[$doc])* $name, $kind);
    };
    (@type $(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::syntax::SyntaxError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::read(text).map(Self).map_err(|rule| $crate::syntax::SyntaxError::new($kind, rule))
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::syntax::SyntaxError;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::syntax::text::TextVisitor::<Self>::default())
            }
        }
    };
}

pub(super) use text_type;

/// Parses a string where it lies, without owning it first.
pub(super) struct TextVisitor<T>(PhantomData<T>);

impl<T> Default for TextVisitor<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: FromStr<Err = SyntaxError>> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// The parts of a domain name.
pub(super) fn labels(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(|byte| *byte == b'.')
}

/// Is `label` one part of a domain name: 1–63 letters, digits and hyphens, no hyphen at either end?
pub(super) fn is_domain_label(label: &[u8]) -> bool {
    (1..=63).contains(&label.len())
        && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        && !label.starts_with(b"-")
        && !label.ends_with(b"-")
}

pub(super) fn starts_with_letter(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
}

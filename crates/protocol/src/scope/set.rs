//! An OAuth `scope` value: an ordered list of scopes as text (RFC 6749 section 3.3, SC-1).

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Permission;

/// The longest `scope` value that is read, in bytes.
pub const MAX_LENGTH: usize = 8 * 1024;
/// The most scopes that one `scope` value may hold.
pub const MAX_TOKENS: usize = 200;

/// An ordered list of scopes as text: what was asked for, what was approved or what a token may do.
///
/// Holds any token of RFC 6749, known here or not; [`Scopes::known`] leaves those that mean something.
/// A clone shares its text.
///
/// ```
/// use gatewright_protocol::scope::Scopes;
/// let asked: Scopes = "atproto repo:com.example.note blob:image/*".parse()?;
/// assert!(asked.contains("atproto"));
/// assert_eq!(asked.iter().count(), 3);
/// # Ok::<(), gatewright_protocol::scope::InvalidScopes>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scopes(Arc<str>);

impl Scopes {
    /// No scope at all.
    pub fn empty() -> Self {
        Self(Arc::from(""))
    }

    /// The whole list as it stands in a `scope` parameter.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scopes, in their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.0.split(' ').filter(|token| !token.is_empty())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this very text is among them.
    pub fn contains(&self, scope: &str) -> bool {
        self.iter().any(|token| token == scope)
    }

    /// What each scope means, in their order; an error where one means nothing here.
    pub fn permissions(&self) -> impl Iterator<Item = (&str, Result<Permission, super::InvalidScope>)> {
        self.iter().map(|token| (token, token.parse()))
    }

    /// Without what means nothing here, otherwise as it was written (SC-8, AS-23).
    #[must_use]
    pub fn known(&self) -> Self {
        self.filter(|token| token.parse::<Permission>().is_ok())
    }

    /// The list in normal form: each scope in its normal form, unknown ones dropped, sorted bytewise (SC-9).
    #[must_use]
    pub fn normalized(&self) -> Self {
        let mut tokens: Vec<String> =
            self.iter().filter_map(|token| Some(token.parse::<Permission>().ok()?.to_string())).collect();
        tokens.sort_unstable();
        Self::join(tokens.iter().map(String::as_str))
    }

    /// Those that the condition keeps, in their order.
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        Self::join(self.iter().filter(|token| keep(token)))
    }

    /// Whether each scope is also in `other`, as the same text or with the same normal form (AS-22).
    pub fn is_subset(&self, other: &Self) -> bool {
        let other = Forms::of(other);
        self.iter().all(|token| other.contains(token))
    }

    /// The scopes that are also in `other`, in this order.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let other = Forms::of(other);
        self.filter(|token| other.contains(token))
    }

    /// The scopes that are not in `other`, in this order.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let other = Forms::of(other);
        self.filter(|token| !other.contains(token))
    }

    /// These scopes, then those of `other`, none twice.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut seen = HashSet::new();
        let tokens = self.iter().chain(other.iter()).filter(|token| seen.insert(form(token)));
        Self::join(tokens)
    }

    /// From single scopes, one token each.
    ///
    /// # Errors
    /// One of them is not a token (it is empty, or has a space in it), or they pass the limits together.
    pub fn from_tokens<T: AsRef<str>>(tokens: impl IntoIterator<Item = T>) -> Result<Self, InvalidScopes> {
        let mut text = String::new();
        for token in tokens {
            let token = token.as_ref();
            if token.is_empty() || !token.bytes().all(is_token_byte) {
                return Err(InvalidScopes::Character);
            }
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(token);
        }
        text.parse()
    }

    pub(crate) fn join<'a>(tokens: impl Iterator<Item = &'a str>) -> Self {
        let mut text = String::new();
        for token in tokens {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(token);
        }
        Self(text.into())
    }
}

/// The normal form where there is one, otherwise the text itself: equal for two spellings of one scope.
fn form(scope: &str) -> Cow<'_, str> {
    match scope.parse::<Permission>() {
        Ok(permission) => Cow::Owned(permission.to_string()),
        Err(_) => Cow::Borrowed(scope),
    }
}

/// A list that is asked for many scopes: each of its scopes is parsed once, and only if a text is not found as it
/// stands.
struct Forms<'a> {
    list: &'a Scopes,
    texts: HashSet<&'a str>,
    normal: OnceCell<HashSet<Cow<'a, str>>>,
}

impl<'a> Forms<'a> {
    fn of(list: &'a Scopes) -> Self {
        Self { list, texts: list.iter().collect(), normal: OnceCell::new() }
    }

    fn contains(&self, scope: &str) -> bool {
        self.texts.contains(scope)
            || self.normal.get_or_init(|| self.list.iter().map(form).collect()).contains(&form(scope))
    }
}

/// `%x21 / %x23-5B / %x5D-7E`
pub(super) fn is_token_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

impl FromStr for Scopes {
    type Err = InvalidScopes;

    /// Reads a `scope` value; the empty text is the empty list.
    fn from_str(text: &str) -> Result<Self, InvalidScopes> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidScopes::TooLong);
        }
        if text.is_empty() {
            return Ok(Self::empty());
        }
        for (count, token) in text.split(' ').enumerate() {
            if count >= MAX_TOKENS {
                return Err(InvalidScopes::TooMany);
            }
            if token.is_empty() {
                return Err(InvalidScopes::Spaces);
            }
            if !token.bytes().all(is_token_byte) {
                return Err(InvalidScopes::Character);
            }
        }
        Ok(Self(text.into()))
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({})", self.0)
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// A text is not a `scope` value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScopes {
    /// A byte that RFC 6749 section 3.3 does not allow.
    #[error("a scope holds a character that scopes may not hold")]
    Character,
    /// Scopes are joined by single spaces, with none before or after.
    #[error("scopes are separated by single spaces, with none at either end")]
    Spaces,
    /// More than [`MAX_LENGTH`] bytes.
    #[error("the scope value is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// More than [`MAX_TOKENS`] scopes.
    #[error("there are more than {MAX_TOKENS} scopes")]
    TooMany,
}

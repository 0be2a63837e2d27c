//! The lexicon document of a permission set (PS-1, PS-2, PS-27).

use std::io;

use serde_json::{Map, Value};

use super::text::{MAX_DETAIL, MAX_TITLE, Text};
use crate::scope::shorten;
use crate::syntax::Nsid;

/// The `$type` of a lexicon document as a record, which is also the collection it is published in.
pub const TYPE: &str = "com.atproto.lexicon.schema";
/// The most `include:` scopes of one request (PS-27).
pub const MAX_INCLUDES: usize = 20;
/// The most entries of a set.
pub const MAX_ENTRIES: usize = 100;
/// The most values of all entries of a set together.
pub const MAX_VALUES: usize = 500;
/// The largest document of a set that is read, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// A published bundle of permissions with a title.
///
/// ```
/// use gatewright_protocol::permission_set::PermissionSet;
/// use gatewright_protocol::scope::Permission;
/// let set = PermissionSet::from_document(&serde_json::json!({
///     "lexicon": 1,
///     "id": "com.example.authBasic",
///     "defs": {"main": {
///         "type": "permission-set",
///         "title": "Notes",
///         "title:lang": {"de": "Notizen"},
///         "permissions": [
///             {"type": "permission", "resource": "repo", "collection": ["com.example.note"]},
///             {"type": "permission", "resource": "blob", "accept": ["image/*"]},
///         ],
///     }},
/// }))?;
/// assert_eq!(set.title(&["de-AT", "en"]), Some("Notizen"));
/// let Permission::Include(include) = "include:com.example.authBasic".parse()? else { panic!() };
/// let expansion = set.expand(&include);
/// assert_eq!(expansion.scopes().as_str(), "repo:com.example.note");
/// assert_eq!(expansion.dropped[0].index, 1, "a set cannot hold `blob`");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionSet {
    nsid: Nsid,
    title: Text,
    detail: Text,
    /// As they were published: what each one means is judged when the set is expanded.
    pub(super) entries: Vec<Value>,
}

impl PermissionSet {
    /// Reads a lexicon document, with or without the `$type` that it has as a record.
    ///
    /// # Errors
    /// The document is not one of a permission set, or passes a limit. Entries that grant nothing are no error here.
    pub fn from_document(document: &Value) -> Result<Self, InvalidPermissionSet> {
        let document = document.as_object().ok_or(InvalidPermissionSet::NotAnObject)?;
        if json_length(document) > MAX_BYTES {
            return Err(InvalidPermissionSet::TooLarge);
        }
        if document.get("$type").is_some_and(|kind| kind != TYPE) {
            return Err(field("$type", "`com.atproto.lexicon.schema`"));
        }
        if document.get("lexicon").and_then(Value::as_u64) != Some(1) {
            return Err(field("lexicon", "1, the version of the language"));
        }
        let nsid = document.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
        let nsid = nsid.ok_or(field("id", "an NSID (such as `com.example.authBasic`)"))?;
        let main = find_main(document)?;
        Ok(Self {
            nsid,
            title: Text::read(main, "title", "title:lang", MAX_TITLE)?,
            detail: Text::read(main, "detail", "detail:lang", MAX_DETAIL)?,
            entries: read_entries(main)?,
        })
    }

    /// The name of the set.
    pub const fn nsid(&self) -> &Nsid {
        &self.nsid
    }

    /// What the set is called, in the first of these languages (BCP 47 tags) that its author wrote: plain text of at
    /// most [`MAX_TITLE`] characters without control or direction marks. Where there is none a page shows the NSID
    /// (PS-3).
    pub fn title(&self, languages: &[&str]) -> Option<&str> {
        self.title.choose(languages)
    }

    /// What the set is for, chosen and cleaned in the same way; at most [`MAX_DETAIL`] characters.
    pub fn detail(&self, languages: &[&str]) -> Option<&str> {
        self.detail.choose(languages)
    }
}

/// The definition that is the set. No other may be one (PS-1).
fn find_main(document: &Map<String, Value>) -> Result<&Map<String, Value>, InvalidPermissionSet> {
    let definitions = document.get("defs").and_then(Value::as_object);
    let definitions = definitions.ok_or(field("defs", "an object of definitions"))?;
    let main = definitions.get("main").and_then(Value::as_object);
    let main = main.ok_or(field("defs.main", "an object, the permission set"))?;
    match main.get("type").and_then(Value::as_str) {
        Some("permission-set") => {}
        Some(other) => return Err(InvalidPermissionSet::OtherType { found: shorten(other) }),
        None => return Err(field("defs.main.type", "`permission-set`")),
    }
    let second = definitions.iter().find(|(name, value)| {
        *name != "main" && value.get("type").is_some_and(|kind| kind == "permission-set")
    });
    match second {
        Some((name, _)) => Err(InvalidPermissionSet::SecondSet { name: shorten(name) }),
        None => Ok(main),
    }
}

fn read_entries(main: &Map<String, Value>) -> Result<Vec<Value>, InvalidPermissionSet> {
    let entries = main.get("permissions").and_then(Value::as_array);
    let entries = entries.ok_or(field("defs.main.permissions", "an array of permissions"))?;
    if entries.len() > MAX_ENTRIES {
        return Err(InvalidPermissionSet::TooManyEntries);
    }
    let fields = entries.iter().filter_map(Value::as_object).flat_map(Map::values);
    let values: usize = fields.filter_map(Value::as_array).map(Vec::len).sum();
    if values > MAX_VALUES {
        return Err(InvalidPermissionSet::TooManyValues);
    }
    Ok(entries.clone())
}

const fn field(field: &'static str, expected: &'static str) -> InvalidPermissionSet {
    InvalidPermissionSet::Field { field, expected }
}

/// How long the document is as JSON, without writing it.
pub(super) fn json_length(document: &Map<String, Value>) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting cannot fail, and a JSON value can always be written.
    serde_json::to_writer(&mut count, document).map_or(usize::MAX, |()| count.0)
}

/// A document is not one of a permission set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPermissionSet {
    /// A field is missing, or is not what it must be.
    #[error("`{field}` is not {expected}")]
    Field {
        /// Which.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// It is no JSON object.
    #[error("it is not a lexicon document: those are JSON objects")]
    NotAnObject,
    /// The lexicon of something else.
    #[error("`defs.main` is of the type `{found}`, not a `permission-set`")]
    OtherType {
        /// What it is, shortened.
        found: String,
    },
    /// Another definition is a set beside `main` (PS-1).
    #[error("`defs.{name}` is a permission set too: only `main` may be one")]
    SecondSet {
        /// Its name, shortened.
        name: String,
    },
    /// More than [`MAX_BYTES`].
    #[error("the document is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// More than [`MAX_ENTRIES`].
    #[error("the set has more than {MAX_ENTRIES} entries")]
    TooManyEntries,
    /// More than [`MAX_VALUES`].
    #[error("the entries of the set have more than {MAX_VALUES} values together")]
    TooManyValues,
}

//! What the author of a set should know before publishing it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::document::json_length;
use super::text::{MAX_DETAIL, MAX_TITLE, is_invisible, is_language};
use super::{Expansion, MAX_BYTES, PermissionSet};
use crate::scope::{Audience, Include, MAX_LENGTH, Permissions};

/// One thing to know about a set or one of its entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which of the set's entries, from 0; none for the set as a whole.
    pub index: Option<usize>,
    /// What is wrong, and what to write instead.
    pub message: String,
}

/// Everything there is to say about a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// What makes the document no set, and each entry that no `include:` of it could ever make grant anything.
    pub errors: Vec<Finding>,
    /// What works and should still be otherwise.
    pub warnings: Vec<Finding>,
}

/// Reads a document as a server would, and tells its author what would be dropped or ignored (PS-1 to PS-9, PS-25).
pub fn lint(document: &Value) -> Lint {
    let mut lint = Lint::default();
    match PermissionSet::from_document(document) {
        Ok(set) => lint.check(document, &set),
        Err(error) => lint.error(None, error.to_string()),
    }
    lint
}

impl Lint {
    fn error(&mut self, index: Option<usize>, message: impl Into<String>) {
        self.errors.push(Finding { index, message: message.into() });
    }

    fn warn(&mut self, index: Option<usize>, message: impl Into<String>) {
        self.warnings.push(Finding { index, message: message.into() });
    }

    fn check(&mut self, document: &Value, set: &PermissionSet) {
        let none = Map::new();
        let main = document.pointer("/defs/main").and_then(Value::as_object).unwrap_or(&none);
        self.check_name(set);
        self.check_text(main, "title", "title:lang", MAX_TITLE);
        self.check_text(main, "detail", "detail:lang", MAX_DETAIL);
        self.check_fields(main);
        let expansion = widest(set);
        if set.entries.is_empty() {
            self.error(None, "`permissions` is empty: the set grants nothing");
        }
        for dropped in &expansion.dropped {
            self.error(Some(dropped.index), dropped.reason.to_string());
        }
        for (index, entry) in set.entries.iter().enumerate() {
            if let Some(fields) = entry.as_object() {
                self.check_entry(index, fields);
            }
        }
        self.check_repetition(&expansion);
        self.check_size(document, &expansion);
    }

    fn check_name(&mut self, set: &PermissionSet) {
        let name = set.nsid().name();
        if !name.starts_with("auth") {
            self.warn(
                None,
                format!("the last part of the NSID, `{name}`, should begin with `auth`, as in `authBasic`"),
            );
        }
        if set.nsid().authority_lowercased() != *set.nsid() {
            self.warn(None, "the NSID has capital letters before its last part, which is a domain name");
        }
    }

    fn check_text(&mut self, main: &Map<String, Value>, name: &str, translations: &str, most: usize) {
        let plain = main.get(name).and_then(Value::as_str);
        if plain.is_none_or(|text| text.trim().is_empty()) {
            let instead = if name == "title" { "the NSID" } else { "nothing" };
            self.warn(None, format!("there is no `{name}`: people see {instead} in its place"));
        }
        let translated = main.get(translations).and_then(Value::as_object);
        for (tag, text) in translated.into_iter().flatten() {
            if !is_language(tag) {
                self.warn(
                    None,
                    format!("`{translations}` has the key {tag:?}, which is no language tag: it is ignored"),
                );
            } else if !text.is_string() {
                self.warn(None, format!("`{translations}` for `{tag}` is not a text: it is ignored"));
            }
        }
        let translated = translated.into_iter().flatten().filter_map(|(_, text)| text.as_str());
        for text in plain.into_iter().chain(translated) {
            if text.chars().count() > most {
                self.warn(
                    None,
                    format!("a `{name}` is longer than {most} characters: people see its beginning"),
                );
            }
            if text.chars().any(|c| c.is_control() || is_invisible(c)) {
                self.warn(None, format!("a `{name}` has control or direction characters: they are removed"));
            }
        }
    }

    fn check_fields(&mut self, main: &Map<String, Value>) {
        const KNOWN: [&str; 6] = ["type", "title", "title:lang", "detail", "detail:lang", "permissions"];
        for field in main.keys().filter(|field| !KNOWN.contains(&field.as_str())) {
            if field == "description" {
                self.warn(None, "`description` is for developers: people see `title` and `detail` only");
            } else {
                self.warn(None, format!("a permission set has no field {field:?}: it is ignored"));
            }
        }
    }

    fn check_entry(&mut self, index: usize, fields: &Map<String, Value>) {
        if fields.get("type").is_none_or(|kind| kind != "permission") {
            self.warn(
                Some(index),
                "`type` is not `permission`: strict validators refuse the whole document for it",
            );
        }
        if fields.contains_key("description") {
            self.warn(Some(index), "`description` is ignored here, and some servers drop the entry for it");
        }
        if fields.get("inheritAud") == Some(&Value::Bool(false)) {
            self.warn(
                Some(index),
                "`\"inheritAud\": false` says nothing, and some servers drop the entry for it",
            );
        }
        for (field, value) in fields {
            if has_repetition(value) {
                self.warn(Some(index), format!("{field:?} holds a value twice"));
            }
        }
    }

    /// Entries that grant nothing which the others do not grant already.
    fn check_repetition(&mut self, expansion: &Expansion) {
        for (at, entry) in expansion.granted.iter().enumerate() {
            let earlier: Vec<String> =
                expansion.granted.iter().take(at).map(|entry| entry.permission.to_string()).collect();
            let earlier: Permissions = earlier.iter().map(String::as_str).collect();
            if entry.permission.needs().iter().all(|need| earlier.covers(need)) {
                self.warn(Some(entry.index), "the entries before it grant all of this");
            }
        }
    }

    fn check_size(&mut self, document: &Value, expansion: &Expansion) {
        let length = document.as_object().map_or(0, json_length);
        if length > MAX_BYTES / 4 {
            self.warn(None, format!("the document has {length} bytes; servers read {MAX_BYTES} at most"));
        }
        let opened = expansion.scopes().as_str().len();
        if opened > MAX_LENGTH / 2 {
            let text = format!(
                "the set opens into {opened} of the {MAX_LENGTH} bytes that all scopes of a token may have"
            );
            self.warn(None, text);
        }
    }
}

/// What the set grants at the most: for an `include:` that names a service, the shortest there is.
fn widest(set: &PermissionSet) -> Expansion {
    set.expand(&Include { nsid: set.nsid().clone(), aud: Audience::parse("did:web:a#a") })
}

fn has_repetition(value: &Value) -> bool {
    let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
    values.iter().enumerate().any(|(at, value)| values.iter().take(at).any(|earlier| earlier == value))
}

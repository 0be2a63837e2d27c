//! A file that holds a lexicon document.

use std::path::Path;

use anyhow::{Context as _, Result};
use gatewright_protocol::permission_set::PermissionSet;
use serde_json::Value;

use super::lines;

/// A file as it was read.
pub(super) struct File {
    name: String,
    text: String,
}

impl File {
    /// # Errors
    /// The file cannot be read, or is no text.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Ok(Self { name, text })
    }

    /// The document; otherwise what is wrong with the text.
    pub(super) fn document(&self) -> Result<Value, String> {
        serde_json::from_str(&self.text).map_err(|error| format!("it is not JSON: {error}"))
    }

    /// The document as a permission set; otherwise what is wrong with it.
    pub(super) fn permission_set(&self) -> Result<PermissionSet, String> {
        PermissionSet::from_document(&self.document()?).map_err(|error| error.to_string())
    }

    /// Where the entries of the set begin, to be named in messages.
    pub(super) fn places(&self) -> Places<'_> {
        Places { name: &self.name, lines: lines::of_entries(&self.text) }
    }
}

/// Where things are in a file.
pub(super) struct Places<'f> {
    name: &'f str,
    lines: Vec<usize>,
}

impl Places<'_> {
    /// `FILE:LINE: entry INDEX: `, or `FILE: ` for the document as a whole.
    pub(super) fn of(&self, index: Option<usize>) -> String {
        let name = self.name;
        match (index, index.and_then(|index| self.lines.get(index))) {
            (Some(index), Some(line)) => format!("{name}:{line}: entry {index}: "),
            (Some(index), None) => format!("{name}: entry {index}: "),
            (None, _) => format!("{name}: "),
        }
    }
}

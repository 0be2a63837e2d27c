//! What people read about a set: title and detail, in their language (PS-2, PS-3).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::InvalidPermissionSet;

/// The most characters of a title that are shown.
pub const MAX_TITLE: usize = 100;
/// The most characters of a detail that are shown.
pub const MAX_DETAIL: usize = 500;

/// A text and its translations, fit to be shown: plain, on one line, of limited length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    plain: Option<Box<str>>,
    /// By language tag, in lower case.
    translations: BTreeMap<Box<str>, Box<str>>,
}

impl Text {
    /// Reads the field `name` and its translations. Tags that are none, and what is no text, are left out (PS-2).
    pub(super) fn read(
        main: &Map<String, Value>,
        name: &'static str,
        translations: &'static str,
        most: usize,
    ) -> Result<Self, InvalidPermissionSet> {
        let plain = match main.get(name) {
            None => None,
            Some(Value::String(text)) => shown(text, most),
            Some(_) => return Err(InvalidPermissionSet::Field { field: name, expected: "a text" }),
        };
        let translations = match main.get(translations) {
            None => BTreeMap::new(),
            Some(Value::Object(texts)) => texts
                .iter()
                .filter(|(tag, _)| is_language(tag))
                .filter_map(|(tag, text)| {
                    Some((tag.to_ascii_lowercase().into(), shown(text.as_str()?, most)?))
                })
                .collect(),
            Some(_) => {
                let expected = "an object of language tags and texts";
                return Err(InvalidPermissionSet::Field { field: translations, expected });
            }
        };
        Ok(Self { plain, translations })
    }

    /// The text in the first of these languages that there is one for, otherwise the one without a language.
    pub(super) fn choose(&self, languages: &[&str]) -> Option<&str> {
        languages.iter().find_map(|language| self.translation(language)).or(self.plain.as_deref())
    }

    /// The lookup of RFC 4647 section 3.4: the whole tag, then without its last part, down to the language alone.
    fn translation(&self, language: &str) -> Option<&str> {
        let language = language.to_ascii_lowercase();
        let mut tag = language.as_str();
        loop {
            if let Some(text) = self.translations.get(tag) {
                return Some(text);
            }
            tag = tag.rsplit_once('-')?.0;
            // A single letter announces what followed it, and means nothing by itself.
            if let Some((shorter, last)) = tag.rsplit_once('-')
                && last.len() == 1
            {
                tag = shorter;
            }
        }
    }
}

/// Is it a language tag by its form: a language of 2 to 8 letters, then parts of 1 to 8 letters and digits?
pub(super) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    parts
        .next()
        .is_some_and(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()))
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// The text as a page may show it; `None` where nothing is left of it.
fn shown(text: &str, most: usize) -> Option<Box<str>> {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|c| !is_invisible(*c)).collect();
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    if let Some((cut, _)) = line.char_indices().nth(most) {
        line.truncate(cut);
        line.pop();
        line.truncate(line.trim_end().len());
        line.push('…');
    }
    (!line.is_empty()).then(|| line.into())
}

/// Characters that show nothing themselves and change how others show: direction marks, overrides and isolates,
/// zero-width spaces, tags. The joiners U+200C and U+200D stay, because scripts and emoji are written with them.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

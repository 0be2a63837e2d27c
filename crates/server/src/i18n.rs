//! The languages of the pages: Fluent files under `locales/`, one folder per language, one file per page.
//!
//! To add a language: copy `locales/en`, translate it, add one line to [`SOURCES`]. What a file leaves out is shown in
//! English; a test compares the message ids of every language with those of English.
//!
//! A value put into a message is wrapped by Fluent in the Unicode isolates U+2068…U+2069, so that a name cannot reorder
//! the sentence around it. [`Locale::html`] turns the pair into `<bdi>`, which means the same and can be styled.

use std::fmt;
use std::sync::LazyLock;

use askama::filters::{Escaper, HtmlSafe};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_langneg::{
    LanguageIdentifier, NegotiationStrategy, negotiate_languages, parse_accepted_languages,
};

/// A language the pages can be shown in.
pub(crate) struct Locale {
    /// As `<html lang>` wants it.
    pub(crate) language: &'static str,
    bundle: FluentBundle<FluentResource>,
}

impl Locale {
    /// The language that fits best: what the client asked for (`ui_locales`, space-separated), then what the browser
    /// sends (`Accept-Language`), then English.
    pub(crate) fn negotiate(ui_locales: Option<&str>, accept_language: Option<&str>) -> &'static Self {
        let short =
            |text: &str| text.get(..text.floor_char_boundary(LONGEST_WISH)).unwrap_or_default().to_owned();
        let asked = ui_locales.map(|text| short(text).replace(' ', ",")).unwrap_or_default();
        let accepted = accept_language.map(|text| by_weight(&short(text))).unwrap_or_default();
        let mut wishes = parse_accepted_languages(&asked);
        wishes.extend(parse_accepted_languages(&accepted));
        let available: Vec<LanguageIdentifier> =
            LOCALES.iter().filter_map(|locale| locale.language.parse().ok()).collect();
        let best =
            negotiate_languages(&wishes, &available, None, NegotiationStrategy::Lookup).first().copied();
        best.and_then(|best| available.iter().position(|one| one == best))
            .and_then(|index| LOCALES.get(index))
            .unwrap_or_else(|| Self::english())
    }

    /// The language tags of all of them, English first.
    pub(crate) fn languages() -> impl Iterator<Item = &'static str> {
        SOURCES.iter().map(|source| source.language)
    }

    /// English, which has every message.
    pub(crate) fn english() -> &'static Self {
        LOCALES.first().expect("English is the first of the sources")
    }

    /// Every language there is, English first.
    #[cfg(test)]
    pub(crate) fn all() -> &'static [Self] {
        &LOCALES
    }

    /// Whether this language itself has the message.
    #[cfg(test)]
    pub(crate) fn has(&self, id: &str) -> bool {
        self.bundle.has_message(id)
    }

    /// The message as plain text, for a title or an attribute.
    pub(crate) fn text(&self, id: &str, args: &[(&'static str, Arg<'_>)]) -> String {
        let mut text = self.format(id, args);
        text.retain(|c| !matches!(c, ISOLATE | ISOLATE_END));
        text
    }

    /// The message as HTML: everything escaped, each value in a `<bdi>`.
    pub(crate) fn html(&self, id: &str, args: &[(&'static str, Arg<'_>)]) -> Html {
        let text = self.format(id, args);
        let mut html = String::with_capacity(text.len() + 32);
        let mut rest = text.as_str();
        while let Some(at) = rest.find([ISOLATE, ISOLATE_END]) {
            let (before, mark_on) = rest.split_at(at);
            escape(&mut html, before);
            html.push_str(if mark_on.starts_with(ISOLATE) { "<bdi>" } else { "</bdi>" });
            rest = mark_on.get(ISOLATE.len_utf8()..).unwrap_or_default();
        }
        escape(&mut html, rest);
        Html(html)
    }

    fn format(&self, id: &str, args: &[(&'static str, Arg<'_>)]) -> String {
        let args: FluentArgs<'_> = args.iter().map(|(name, arg)| (*name, arg.value())).collect();
        for locale in [self, Self::english()] {
            let Some(pattern) = locale.bundle.get_message(id).and_then(|message| message.value()) else {
                continue;
            };
            let mut errors = Vec::new();
            let text = locale.bundle.format_pattern(pattern, Some(&args), &mut errors);
            debug_assert!(errors.is_empty(), "message `{id}` in `{}`: {errors:?}", locale.language);
            return text.into_owned();
        }
        // A missing message is found by the tests; a person sees the id rather than nothing.
        debug_assert!(false, "no message `{id}`");
        id.to_owned()
    }
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Locale").field(&self.language).finish()
    }
}

/// A value for a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arg<'a> {
    /// A count, by which a message may choose its plural form.
    Count(u32),
    /// Text from outside: characters that could reorder or break the line are left out.
    Text(&'a str),
}

impl<'a> Arg<'a> {
    fn value(self) -> FluentValue<'a> {
        match self {
            Self::Count(count) => FluentValue::from(count),
            Self::Text(text) if text.contains(deceptive) => FluentValue::from(text.replace(deceptive, "")),
            Self::Text(text) => FluentValue::from(text),
        }
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Arg<'_> {
    fn from(count: u32) -> Self {
        Self::Count(count)
    }
}

/// Text that is HTML already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Html(String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// The languages of an `Accept-Language` header with the most wanted first (RFC 9110 section 12.5.4); what is refused with
/// the weight 0 is left out.
fn by_weight(header: &str) -> String {
    let mut weighed: Vec<(f32, &str)> = Vec::new();
    for range in header.split(',') {
        let (language, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameters.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse().ok());
        let weight: f32 = weight.unwrap_or(1.0);
        if weight > 0.0 {
            weighed.push((weight, language.trim()));
        }
    }
    // Of one weight, the one that stands first.
    weighed.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let languages: Vec<&str> = weighed.into_iter().map(|(_, language)| language).collect();
    languages.join(",")
}

/// Controls, and the characters that steer the direction of text.
fn deceptive(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escape(html: &mut String, text: &str) {
    askama::filters::Html.write_escaped_str(html, text).expect("a string takes all text");
}

/// More of a header than this is not read.
const LONGEST_WISH: usize = 200;
const ISOLATE: char = '\u{2068}';
const ISOLATE_END: char = '\u{2069}';

static LOCALES: LazyLock<Vec<Locale>> = LazyLock::new(|| {
    let load = |source: &Source| {
        let id = source.language.parse().expect("the table names languages");
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        for (name, text) in source.files {
            let resource = FluentResource::try_new((*text).to_owned())
                .unwrap_or_else(|(_, errors)| panic!("{}/{name}: {errors:?}", source.language));
            bundle.add_resource(resource).unwrap_or_else(|e| panic!("{}/{name}: {e:?}", source.language));
        }
        Locale { language: source.language, bundle }
    };
    SOURCES.iter().map(load).collect()
});

struct Source {
    language: &'static str,
    files: &'static [(&'static str, &'static str)],
}

/// The files of one language; the list of files is the same for all.
macro_rules! language {
    ($language:literal) => {
        language!(
            $language: "account", "account_picker", "app_passwords", "consent", "devices", "error", "factor",
            "form_post", "layout", "mail", "notice", "permissions", "reset_password", "security_log", "sign_in",
            "sign_up"
        )
    };
    ($language:literal: $($file:literal),+) => {
        Source {
            language: $language,
            files: &[$((concat!($file, ".ftl"), include_str!(concat!("../locales/", $language, "/", $file, ".ftl")))),+],
        }
    };
}

/// English first: it is what every other language falls back to.
const SOURCES: &[Source] = &[
    language!("en"),
    language!("de"),
    language!("es"),
    language!("fr"),
    language!("ja"),
    language!("pt-BR"),
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The ids of the messages, each with the variables that stand in it.
    fn messages(text: &str) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut messages: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut current = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let is_start = line.starts_with(|c: char| c.is_ascii_alphabetic());
            if let Some((id, _)) = line.split_once(" =").filter(|_| is_start) {
                current = id;
                assert!(messages.insert(id, BTreeSet::new()).is_none(), "{id} stands twice");
            }
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let variables = line.split('$').skip(1).map(|rest| rest.split(|c| !is_name(c)).next().unwrap());
            if !current.is_empty() {
                messages.get_mut(current).unwrap().extend(variables);
            }
        }
        messages
    }

    #[test]
    fn every_language_has_the_messages_of_english_and_their_variables() {
        let english = SOURCES[0].files;
        assert!(SOURCES.len() >= 6);
        for source in SOURCES {
            for ((name, text), (_, english)) in source.files.iter().zip(english) {
                let (own, expected) = (messages(text), messages(english));
                for id in expected.keys() {
                    assert!(own.contains_key(id), "{}/{name} lacks {id}", source.language);
                }
                for (id, variables) in &own {
                    assert_eq!(Some(variables), expected.get(id), "{}/{name}: {id}", source.language);
                }
            }
        }
    }

    #[test]
    fn every_file_on_disk_is_in_the_table() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales");
        for language in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
            let name = language.file_name().into_string().unwrap();
            let source = SOURCES.iter().find(|source| source.language == name).expect(&name);
            for file in fs::read_dir(language.path()).unwrap() {
                let file = file.unwrap().file_name().into_string().unwrap();
                assert!(source.files.iter().any(|(known, _)| *known == file), "{name}/{file} is not loaded");
            }
        }
    }

    #[test]
    fn wishes_are_weighed_in_order() {
        for (ui_locales, accept, expected) in [
            (None, None, "en"),
            (None, Some("en-GB,en;q=0.9"), "en"),
            (Some("zz-nonsense !!"), Some("tlh"), "en"),
            (Some("en-US de"), Some("de"), "en"),
            (None, Some("*"), "en"),
            (None, Some(&"é".repeat(300)), "en"),
            (Some("de-AT"), Some("fr"), "de"),
            (Some("tlh"), Some("fr-CA,fr;q=0.8,en;q=0.5"), "fr"),
            (None, Some("en;q=0.2, es-MX;q=0.7, zh"), "es"),
            (None, Some("de;q=0, ja"), "ja"),
            (None, Some("pt"), "pt-BR"),
            (None, Some("pt-BR,pt;q=0.9"), "pt-BR"),
            (None, Some("pt-PT"), "pt-BR"),
            (None, Some("it-IT,it;q=0.9,en;q=0.1"), "en"),
            (None, Some("ja;q=nonsense,de"), "ja"),
        ] as [(Option<&str>, Option<&str>, &str); 15]
        {
            assert_eq!(Locale::negotiate(ui_locales, accept).language, expected, "{ui_locales:?} {accept:?}");
        }
    }

    #[test]
    fn sec_13_values_are_escaped_and_cannot_reorder_the_text() {
        let evil = "\u{202e}moc.elpmaxe\u{2069}<script>&\"'\r\n";
        let html = Locale::english().html("sign-in-for", &[("client", evil.into())]).to_string();
        assert!(html.contains("<bdi>moc.elpmaxe&#60;script&#62;&#38;&#34;&#39;</bdi>"), "{html}");
        let text = Locale::english().text("sign-in-for", &[("client", evil.into())]);
        assert!(!text.contains(deceptive), "{text:?}");
    }
}

//! The syntax that all resources share: `resource[:positional][?params]` (SC-2).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::InvalidScope;

/// One scope, taken apart and percent-decoded, before any resource gave it a meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syntax<'a> {
    /// The scope as it was written.
    pub text: &'a str,
    /// What stands before the first `:` or `?`.
    pub resource: &'a str,
    /// What stands between the first `:` and the first `?`.
    pub positional: Option<Cow<'a, str>>,
    /// The parameters in their order; `None` where nothing follows the `?`, or there is none.
    pub params: Option<Params<'a>>,
}

/// Names and values, decoded, in their order.
pub type Params<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

impl<'a> Syntax<'a> {
    /// Takes a scope apart, in one pass.
    ///
    /// # Errors
    /// A percent escape is broken, or does not decode to UTF-8 (SC-7).
    pub fn parse(text: &'a str) -> Result<Self, InvalidScope> {
        let (head, query) = text.split_once('?').map_or((text, None), |(head, query)| (head, Some(query)));
        let (resource, positional) =
            head.split_once(':').map_or((head, None), |(resource, rest)| (resource, Some(rest)));
        Ok(Self {
            text,
            resource,
            positional: positional.map(decode).transpose()?,
            params: query.filter(|query| !query.is_empty()).map(parse_query).transpose()?,
        })
    }

    /// Refuses every parameter that `names` does not list, and the positional beside its own name (SC-5, SC-6).
    pub(super) fn expect_only(
        &self,
        positional: &'static str,
        names: &[&'static str],
    ) -> Result<(), InvalidScope> {
        for (name, _) in self.params.iter().flatten() {
            if !names.contains(&name.as_ref()) {
                return Err(InvalidScope::unknown_parameter(self.resource, name));
            }
            if self.positional.is_some() && name == positional {
                return Err(InvalidScope::Twice { parameter: positional });
            }
        }
        Ok(())
    }

    /// Every value of a parameter that may be repeated; the positional comes first where it is this one.
    pub(super) fn values(&self, name: &'static str, positional: bool) -> impl Iterator<Item = &str> {
        let first = self.positional.as_deref().filter(|_| positional);
        let named =
            self.params.iter().flatten().filter(move |(key, _)| key == name).map(|(_, value)| &**value);
        first.into_iter().chain(named)
    }

    /// The value of a parameter that may stand once.
    pub(super) fn single(&self, name: &'static str, positional: bool) -> Result<Option<&str>, InvalidScope> {
        let mut values = self.values(name, positional);
        let first = values.next();
        if values.next().is_some() { Err(InvalidScope::Twice { parameter: name }) } else { Ok(first) }
    }
}

fn decode(text: &str) -> Result<Cow<'_, str>, InvalidScope> {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('%') {
        let digits = bytes.get(at + 1..at + 3).ok_or(InvalidScope::Escape)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(InvalidScope::Escape);
        }
    }
    percent_decode_str(text).decode_utf8().map_err(|_| InvalidScope::Escape)
}

/// `&` separates, the first `=` splits, `+` is a space; empty segments are nothing. One more `?` in front is
/// taken for the mark, not for a part of the first name.
fn parse_query(query: &str) -> Result<Params<'_>, InvalidScope> {
    let query = query.strip_prefix('?').unwrap_or(query);
    query
        .split('&')
        .filter(|segment| !segment.is_empty())
        .map(|segment| {
            let (name, value) = segment.split_once('=').unwrap_or((segment, ""));
            Ok((decode_form(name)?, decode_form(value)?))
        })
        .collect()
}

fn decode_form(text: &str) -> Result<Cow<'_, str>, InvalidScope> {
    if text.contains('+') {
        Ok(Cow::Owned(decode(&text.replace('+', " "))?.into_owned()))
    } else {
        decode(text)
    }
}

/// What `encodeURIComponent` leaves alone, and `: / + , @` (SC-9, SC-10).
const POSITIONAL: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b':')
    .remove(b'/')
    .remove(b'+')
    .remove(b',')
    .remove(b'@');

/// What the form encoding of WHATWG leaves alone, and `: / , @` (SC-10); a space becomes `+`.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*')
    .remove(b' ')
    .remove(b':')
    .remove(b'/')
    .remove(b',')
    .remove(b'@');

/// Writes a scope in normal form, part by part (SC-9).
#[derive(Debug)]
pub(super) struct Writer {
    text: String,
    queried: bool,
}

impl Writer {
    /// `values` of the positional parameter `name`: one is written positionally, several by name.
    pub(super) fn new<'v>(
        resource: &str,
        name: &str,
        values: impl ExactSizeIterator<Item = &'v str>,
    ) -> Self {
        let mut writer = Self { text: resource.to_owned(), queried: false };
        if values.len() == 1 {
            for value in values {
                writer.text.push(':');
                writer.text.extend(utf8_percent_encode(value, POSITIONAL));
            }
            return writer;
        }
        values.fold(writer, |writer, value| writer.param(name, value))
    }

    pub(super) fn param(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.queried { '&' } else { '?' });
        self.queried = true;
        self.text.push_str(name);
        self.text.push('=');
        for part in utf8_percent_encode(value, QUERY) {
            if part.contains(' ') {
                self.text.push_str(&part.replace(' ', "+"));
            } else {
                self.text.push_str(part);
            }
        }
        self
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_colon_or_question_mark_ends_the_resource() {
        let syntax = Syntax::parse("a:b?c=d:e").unwrap();
        assert_eq!((syntax.resource, syntax.positional.as_deref()), ("a", Some("b")));
        assert_eq!(syntax.params.unwrap(), [("c".into(), "d:e".into())]);
        let syntax = Syntax::parse("a?b=c?d:e").unwrap();
        assert_eq!((syntax.resource, syntax.positional), ("a", None));
        assert_eq!(syntax.params.unwrap(), [("b".into(), "c?d:e".into())]);
    }

    #[test]
    fn plus_is_a_space_in_the_query_only() {
        let syntax = Syntax::parse("a:x+y?b=x+y").unwrap();
        assert_eq!(syntax.positional.as_deref(), Some("x+y"));
        assert_eq!(syntax.params.unwrap(), [("b".into(), "x y".into())]);
    }

    #[test]
    fn broken_escapes_are_refused_everywhere() {
        for text in ["a:%", "a:%z", "a:%4", "a:%C3%28", "a?b=%", "a?%=b", "a?b=%zz", "a?b=%ff"] {
            assert_eq!(Syntax::parse(text), Err(InvalidScope::Escape), "{text}");
        }
    }
}

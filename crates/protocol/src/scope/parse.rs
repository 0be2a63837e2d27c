//! The syntax that all resources share: `resource[:positional][?params]` (SC-2).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

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
        let (head, query) =
            split_at_byte(text, b'?').map_or((text, None), |(head, query)| (head, Some(query)));
        let (resource, positional) =
            split_at_byte(head, b':').map_or((head, None), |(resource, rest)| (resource, Some(rest)));
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

/// `str::split_once` at an ASCII byte. Scopes are short, and a plain loop over them is faster than a search.
fn split_at_byte(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|other| other == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn decode(text: &str) -> Result<Cow<'_, str>, InvalidScope> {
    let mut rest = text.as_bytes();
    let is_escape = |byte: &u8| *byte == b'%';
    let Some(mut at) = rest.iter().position(is_escape) else { return Ok(Cow::Borrowed(text)) };
    let mut bytes = Vec::with_capacity(rest.len());
    loop {
        let (plain, escape) = rest.split_at(at);
        bytes.extend_from_slice(plain);
        rest = match escape {
            [] => break,
            [_, high, low, tail @ ..] => {
                bytes.push((hex_digit(*high)? << 4) | hex_digit(*low)?);
                tail
            }
            _ => return Err(InvalidScope::Escape),
        };
        at = rest.iter().position(is_escape).unwrap_or(rest.len());
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| InvalidScope::Escape)
}

fn hex_digit(byte: u8) -> Result<u8, InvalidScope> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(InvalidScope::Escape),
    }
}

/// `&` separates, the first `=` splits, `+` is a space; empty segments are nothing. One more `?` in front is
/// taken for the mark, not for a part of the first name.
fn parse_query(query: &str) -> Result<Params<'_>, InvalidScope> {
    let query = query.strip_prefix('?').unwrap_or(query);
    let mut params = Vec::with_capacity(1 + query.bytes().filter(|byte| *byte == b'&').count());
    for segment in query.split('&').filter(|segment| !segment.is_empty()) {
        let (name, value) = split_at_byte(segment, b'=').unwrap_or((segment, ""));
        params.push((decode_form(name)?, decode_form(value)?));
    }
    Ok(params)
}

fn decode_form(text: &str) -> Result<Cow<'_, str>, InvalidScope> {
    if text.as_bytes().contains(&b'+') {
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
        let mut writer = Self { text: String::with_capacity(64), queried: false };
        writer.text.push_str(resource);
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
        let encoded = utf8_percent_encode(value, QUERY);
        if value.as_bytes().contains(&b' ') {
            self.text.push_str(&encoded.to_string().replace(' ', "+"));
        } else {
            self.text.extend(encoded);
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

//! The parameters of a request, from a form or a JSON body (AS-20, SEC-69).

use std::fmt;

use super::error::{ErrorCode, OAuthError};

/// The largest body that is read.
pub const MAX_BODY: usize = 64 * 1024;
/// The most parameters that one request may have.
pub const MAX_PARAMETERS: usize = 64;

/// The parameters of one request. No name stands twice; an empty value counts as
/// omitted.
///
/// They may hold codes, tokens and assertions: `Debug` prints the names only.
#[derive(Clone, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads `application/x-www-form-urlencoded`: a body, or a query string without its question mark.
    ///
    /// # Errors
    /// A parameter is repeated, an escape is broken, the text is not UTF-8, or there is too much of it.
    pub fn from_form(body: &[u8]) -> Result<Self, ParamsError> {
        let mut params = Self::default();
        for (name, value) in decode_form(body)? {
            params.add(name, value)?;
        }
        Ok(params)
    }

    /// Reads a JSON object. Numbers and booleans count as their text, `null` as omitted; lists and objects are kept as JSON
    /// text.
    ///
    /// # Errors
    /// The body is no JSON object, a member is repeated, or there is too much of it.
    pub fn from_json(body: &[u8]) -> Result<Self, ParamsError> {
        if body.len() > MAX_BODY {
            return Err(ParamsError::TooLarge);
        }
        let Members(members) = serde_json::from_slice(body).map_err(|_| ParamsError::Json)?;
        let mut params = Self::default();
        for (name, value) in members {
            let value = match value {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            params.add(name, value)?;
        }
        Ok(params)
    }

    /// The value of a parameter; `None` if it was not sent, or sent empty (RFC 6749 section 3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    /// The value of a parameter that has to be there.
    ///
    /// # Errors
    /// `invalid_request` that names it.
    pub fn require(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| {
            OAuthError::new(ErrorCode::InvalidRequest, format!("the parameter `{name}` is missing"))
        })
    }

    /// Whether a parameter was sent with a value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names, in the order in which they were sent.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn add(&mut self, name: String, value: String) -> Result<(), ParamsError> {
        if self.0.iter().any(|(known, _)| *known == name) {
            return Err(ParamsError::Repeated);
        }
        if self.0.len() >= MAX_PARAMETERS {
            return Err(ParamsError::TooMany);
        }
        self.0.push((name, value));
        Ok(())
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// The pairs of a form, decoded, in their order; empty ones between `&` are skipped.
pub(super) fn decode_form(body: &[u8]) -> Result<Vec<(String, String)>, ParamsError> {
    if body.len() > MAX_BODY {
        return Err(ParamsError::TooLarge);
    }
    let mut pairs = Vec::new();
    for pair in body.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
        if pairs.len() >= MAX_PARAMETERS {
            return Err(ParamsError::TooMany);
        }
        let mut halves = pair.splitn(2, |b| *b == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        pairs.push((decode(name)?, decode(value)?));
    }
    Ok(pairs)
}

/// Undoes `+` and percent escapes; a broken escape is an error and not kept as it stands, as form parsers do.
fn decode(text: &[u8]) -> Result<String, ParamsError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
                let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
                    return Err(ParamsError::Escape);
                };
                u8::try_from(high * 16 + low).map_err(|_| ParamsError::Escape)?
            }
            b'+' => b' ',
            other => *other,
        });
    }
    String::from_utf8(decoded).map_err(|_| ParamsError::Escape)
}

/// A JSON object with its members in order, the repeated ones too: a map would silently keep the last.
struct Members(Vec<(String, serde_json::Value)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    if members.len() > MAX_PARAMETERS {
                        break;
                    }
                    members.push(member);
                }
                // Whatever is beyond the limit is read past; `add` counts one too many and refuses.
                while map.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// A body cannot be read as parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamsError {
    /// A percent escape is broken, or what it stands for is not UTF-8.
    #[error("the body is not well-formed application/x-www-form-urlencoded")]
    Escape,
    /// Not a JSON object.
    #[error("the body is not a JSON object")]
    Json,
    /// A parameter stands twice (RFC 6749 section 3.1).
    #[error("a parameter is repeated")]
    Repeated,
    /// More than [`MAX_BODY`] bytes: to be answered with status 413.
    #[error("the body is larger than {MAX_BODY} bytes")]
    TooLarge,
    /// More than [`MAX_PARAMETERS`] parameters.
    #[error("there are more than {MAX_PARAMETERS} parameters")]
    TooMany,
}

impl From<ParamsError> for OAuthError {
    fn from(error: ParamsError) -> Self {
        Self::new(ErrorCode::InvalidRequest, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_are_decoded() {
        let params = Params::from_form(b"a=1+2&b=%C3%A9&&c=&d").expect("it is a form");
        assert_eq!(params.get("a"), Some("1 2"));
        assert_eq!(params.get("b"), Some("é"));
        assert_eq!((params.get("c"), params.get("d"), params.get("e")), (None, None, None));
        assert_eq!(params.require("c").expect_err("it is empty").code, ErrorCode::InvalidRequest);
    }

    #[test]
    fn json_counts_as_the_same_text() {
        let params =
            Params::from_json(br#"{"a":"x","max_age":10,"no":null,"details":[{"type":"x"}],"e":""}"#)
                .expect("it is an object");
        assert_eq!(params.get("a"), Some("x"));
        assert_eq!(params.get("max_age"), Some("10"));
        assert_eq!(params.get("no"), None);
        assert_eq!(params.get("e"), None);
        assert_eq!(params.get("details"), Some(r#"[{"type":"x"}]"#));
    }

    #[test]
    fn sec_69_repeated_parameters_are_refused() {
        for body in ["a=1&a=2", "a=1&a=1", "a=&a=1", "a=1&%61=1", "a&b&a"] {
            assert_eq!(Params::from_form(body.as_bytes()).expect_err(body), ParamsError::Repeated);
        }
        for body in [r#"{"a":"1","a":"2"}"#, r#"{"a":null,"a":"1"}"#, r#"{"a":"1","b":"1","\u0061":"1"}"#] {
            assert_eq!(Params::from_json(body.as_bytes()).expect_err(body), ParamsError::Repeated);
        }
        assert_eq!(OAuthError::from(ParamsError::Repeated).code, ErrorCode::InvalidRequest);
    }

    #[test]
    fn broken_bodies_are_refused() {
        for body in [&b"a=%zz"[..], b"a=%4", b"%=1", b"a=%ff", b"a=\xff"] {
            assert_eq!(Params::from_form(body).expect_err("broken"), ParamsError::Escape);
        }
        for body in ["", "[]", "1", "{", r#"{"a":"1"} x"#, &"[".repeat(1000)] {
            assert_eq!(Params::from_json(body.as_bytes()).expect_err(body), ParamsError::Json);
        }
    }

    #[test]
    fn bodies_have_limits() {
        let large = vec![b'a'; MAX_BODY + 1];
        assert_eq!(Params::from_form(&large).expect_err("large"), ParamsError::TooLarge);
        assert_eq!(Params::from_json(&large).expect_err("large"), ParamsError::TooLarge);
        let many: Vec<String> = (0..=MAX_PARAMETERS).map(|n| format!("p{n}=1")).collect();
        assert_eq!(Params::from_form(many.join("&").as_bytes()).expect_err("many"), ParamsError::TooMany);
        let many: Vec<String> = (0..=MAX_PARAMETERS).map(|n| format!(r#""p{n}":1"#)).collect();
        let object = format!("{{{}}}", many.join(","));
        assert_eq!(Params::from_json(object.as_bytes()).expect_err("many"), ParamsError::TooMany);
    }

    #[test]
    fn values_are_not_printed() {
        let params = Params::from_form(b"code=secret&client_id=x").expect("it is a form");
        assert_eq!(format!("{params:?}"), r#"{"code", "client_id"}"#);
    }

    proptest! {
        #[test]
        fn reading_never_panics(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Params::from_form(&body);
            let _ = Params::from_json(&body);
        }
    }
}

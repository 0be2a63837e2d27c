//! From the headers of one request to what its caller presents. Nothing is looked up, nothing is checked but the form.

use gatewright_protocol::oauth::authorization_header::{self, Scheme};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::Refused;
use crate::secret::{AppPassword, Secret};

/// The header of the handle or DID.
pub const HANDLE: &str = "x-atproto-handle";
/// The header of the app password.
pub const PASSWORD: &str = "x-atproto-password";
/// The header of the host, which nobody has to send.
pub const HOST: &str = "x-atproto-pds-url";

/// The longest value that is looked at: a token of a host is shorter, and so is everything else.
const LONGEST: usize = 16 * 1024;
/// The longest identifier, password or host.
const LONGEST_WORD: usize = 2048;

/// What one request presents. It is made of this request's headers only.
#[derive(Debug)]
pub(super) enum Credentials {
    None,
    Pair { identifier: String, password: AppPassword, host: Option<String> },
    Bearer(Secret),
    Dpop(Secret),
}

impl Credentials {
    /// Reads the first of the credentials in their order of precedence; what comes after it is not looked at.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Refused> {
        let (identifier, password) = (word(headers, HANDLE)?, word(headers, PASSWORD)?);
        match (identifier, password) {
            (Some(identifier), Some(password)) => {
                let host = word(headers, HOST)?.map(str::to_owned);
                let (identifier, password) = (identifier.to_owned(), AppPassword::from(password));
                return Ok(Self::Pair { identifier, password, host });
            }
            (Some(_), None) => return Err(Refused::HalfPair { missing: PASSWORD }),
            (None, Some(_)) => return Err(Refused::HalfPair { missing: HANDLE }),
            // A host says nothing about who calls.
            (None, None) => {}
        }
        let Some(value) = only(headers, AUTHORIZATION.as_str(), "Authorization", LONGEST)? else {
            return Ok(Self::None);
        };
        let bad = Refused::Header { name: "Authorization" };
        match authorization_header::parse(value).map_err(|_| bad)? {
            (Scheme::Bearer, token) => Ok(Self::Bearer(token.into())),
            (Scheme::Dpop, token) => Ok(Self::Dpop(token.into())),
        }
    }
}

fn word<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Refused> {
    only(headers, name, name, LONGEST_WORD)
}

/// The one value of a header. An empty one is half of something, not nothing.
fn only<'a>(
    headers: &'a HeaderMap,
    key: &str,
    name: &'static str,
    longest: usize,
) -> Result<Option<&'a str>, Refused> {
    let mut values = headers.get_all(key).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().map(str::trim).filter(|text| !text.is_empty() && text.len() <= longest);
    match (text, values.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(Refused::Header { name }),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn the_pair_comes_before_the_header_of_http() {
        let read = |pairs: &[_]| Credentials::read(&headers(pairs)).unwrap();
        assert!(matches!(read(&[]), Credentials::None));
        assert!(matches!(read(&[(HOST, "https://pds.client.net")]), Credentials::None));
        assert!(matches!(read(&[("authorization", "Bearer a.b.c")]), Credentials::Bearer(_)));
        assert!(matches!(read(&[("authorization", "dpop a.b.c")]), Credentials::Dpop(_)));
        let both = [(HANDLE, "alice.test"), (PASSWORD, "x"), ("authorization", "Bearer a.b.c")];
        assert!(matches!(read(&both), Credentials::Pair { host: None, .. }));
    }

    #[test]
    fn half_a_pair_is_never_completed() {
        let missing = |pairs: &[_]| match Credentials::read(&headers(pairs)) {
            Err(Refused::HalfPair { missing }) => missing,
            other => panic!("{other:?}"),
        };
        assert_eq!(missing(&[(HANDLE, "alice.test")]), PASSWORD);
        assert_eq!(missing(&[(PASSWORD, "x"), (HOST, "https://a.net")]), HANDLE);
        assert_eq!(missing(&[(HANDLE, "alice.test"), ("authorization", "Bearer a.b.c")]), PASSWORD);
    }

    #[test]
    fn headers_are_there_once_and_have_a_value() {
        for pairs in [
            vec![(HANDLE, ""), (PASSWORD, "x")],
            vec![(HANDLE, "a.test"), (PASSWORD, " ")],
            vec![(HANDLE, "a.test"), (HANDLE, "b.test"), (PASSWORD, "x")],
            vec![(HANDLE, "a.test"), (PASSWORD, "x"), (PASSWORD, "y")],
            vec![(HANDLE, "a.test"), (PASSWORD, "x"), (HOST, "h"), (HOST, "i")],
            vec![("authorization", "Bearer a"), ("authorization", "Bearer b")],
            vec![("authorization", "Basic YTpi")],
            vec![("authorization", "Bearer")],
            vec![(HANDLE, &"a".repeat(3000)), (PASSWORD, "x")],
        ] {
            let read = Credentials::read(&headers(&pairs));
            assert!(matches!(read, Err(Refused::Header { .. })), "{pairs:?} {read:?}");
        }
    }

    #[test]
    fn sec_68_what_was_read_does_not_print() {
        let read = Credentials::read(&headers(&[(HANDLE, "a.test"), (PASSWORD, "hush-hush")])).unwrap();
        assert!(!format!("{read:?}").contains("hush"));
        let read = Credentials::read(&headers(&[("authorization", "Bearer hush")])).unwrap();
        assert!(!format!("{read:?}").contains("hush"));
    }
}

//! E-mail addresses, as far as anybody can tell without sending one a message.

use std::fmt;
use std::str::FromStr;

/// An address in lower case: something, an `@`, and a domain with a dot.
///
/// ```
/// use gatewright_protocol::email::Email;
/// assert_eq!("Alice@Example.com".parse::<Email>().unwrap().as_str(), "alice@example.com");
/// for none in ["alice", "alice@localhost", "@example.com", "a b@example.com", "alice@example..com"] {
///     assert!(none.parse::<Email>().is_err(), "{none}");
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;

    /// Takes what a person types, without spaces around it. RFC 5321 section 4.5.3.1 has the lengths.
    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        let fits = |c: char| {
            !c.is_whitespace()
                && !c.is_control()
                && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '\\' | '"')
        };
        let is_label = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let is_local = (1..=64).contains(&local.len()) && local.chars().all(|c| c != '@' && fits(c));
        let is_domain = domain.contains('.') && domain.split('.').all(is_label);
        if text.len() > 254 || !is_local || !is_domain {
            return Err(NotAnEmail);
        }
        Ok(Self(text.to_lowercase()))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct NotAnEmail;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_host() {
        for text in ["a@example.com", "a+b@example.co.uk", " A.B@Example.com ", "x@b\u{fc}cher.example"] {
            assert!(text.parse::<Email>().is_ok(), "{text}");
        }
        let (long, longer) =
            (format!("{}@example.com", "a".repeat(65)), format!("a@{}com", "abc.".repeat(64)));
        for text in [
            "",
            "a",
            "a@",
            "@example.com",
            "a@localhost",
            "a b@example.com",
            "a@.com",
            "a@com.",
            "a@b@example.com",
            "a@-b.com",
            "<a@example.com>",
            "a@example.com\r\nBcc: b@example.com",
            &long,
            &longer,
        ] {
            assert!(text.parse::<Email>().is_err(), "{text}");
        }
    }
}

//! Handles: domain names that stand for accounts.

use std::sync::Arc;

use super::did::Development;
use super::text::{is_domain_label, labels, starts_with_letter, text_type};

text_type! {
    /// A handle: the changeable, human name of an account. Held in lower case, so `==` is the protocol's comparison
    /// (ID-3).
    Handle, "handle", normal form
}

/// Top-level domains that no handle resolves under (ID-4).
const RESERVED: [&str; 8] = ["alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion"];

impl Handle {
    /// The lower-case form of a handle-like text; whether it is a handle is for `parse` to say.
    pub fn normalize(text: &str) -> String {
        text.to_lowercase()
    }

    /// Reads what a person typed: white space around it and one leading `@` are forgiven (ID-3).
    pub fn from_input(text: &str) -> Result<Self, super::SyntaxError> {
        let text = text.trim();
        text.strip_prefix('@').unwrap_or(text).parse()
    }

    /// Is it under a domain that never resolves (ID-4)? `test` is one outside development.
    pub fn is_reserved(&self, development: Development) -> bool {
        let top = self.0.rsplit('.').next().unwrap_or_default();
        RESERVED.contains(&top) || (top == "test" && !development.is_allowed())
    }

    fn read(text: &str) -> Result<Arc<str>, &'static str> {
        if text.len() > 253 {
            return Err("longer than 253 characters");
        }
        let (_, top) = text.rsplit_once('.').ok_or("has only one part")?;
        if !labels(text).all(is_domain_label) {
            return Err("a part is not 1 to 63 letters, digits and inner hyphens");
        }
        if !starts_with_letter(top) {
            return Err("the last part does not start with a letter");
        }
        Ok(text.to_ascii_lowercase().into())
    }
}

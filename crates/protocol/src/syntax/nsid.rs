//! Namespaced identifiers of lexicons: record collections and methods.

use std::borrow::Cow;

use super::text::{is_domain_label, labels, starts_with_letter, text_type};

text_type! {
    /// An NSID, such as `com.example.fooBar`: a domain name backwards, then a name.
    Nsid, "NSID"
}

impl Nsid {
    /// The domain name that owns it: `example.com` for `com.example.fooBar`.
    pub fn authority(&self) -> String {
        let mut parts: Vec<&str> = self.parts().0.split('.').collect();
        parts.reverse();
        parts.join(".")
    }

    /// The last part: `fooBar` for `com.example.fooBar`.
    pub fn name(&self) -> &str {
        self.parts().1
    }

    /// The same with the part before the name in lower case, which is how NSIDs compare: the authority is a domain
    /// name (SC-24).
    #[must_use]
    pub fn authority_lowercased(&self) -> Self {
        let (authority, name) = self.parts();
        match lowercase(authority) {
            Cow::Borrowed(_) => self.clone(),
            Cow::Owned(authority) => Self(format!("{authority}.{name}").into()),
        }
    }

    fn parts(&self) -> (&str, &str) {
        self.0.rsplit_once('.').unwrap_or_default()
    }

    fn check(text: &str) -> Result<(), &'static str> {
        if text.len() > 317 {
            return Err("longer than 317 characters");
        }
        let (authority, name) = text.rsplit_once('.').ok_or("has only one part")?;
        if !authority.contains('.') {
            return Err("has only two parts");
        }
        if !labels(authority).all(is_domain_label) {
            return Err("a part is not 1 to 63 letters, digits and inner hyphens");
        }
        if !starts_with_letter(authority) {
            return Err("the first part does not start with a letter");
        }
        if !starts_with_letter(name)
            || name.len() > 63
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err("the name is not 1 to 63 letters and digits, a letter first");
        }
        Ok(())
    }
}

fn lowercase(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

//! at-URIs: an account, perhaps a collection, perhaps a record.

use super::text::text_type;
use super::{Did, Handle, Nsid, RecordKey};

text_type! {
    /// An at-URI: `at://authority`, `at://authority/collection` or `at://authority/collection/key`, perhaps with a
    /// fragment that begins with `#/`.
    AtUri, "at-URI"
}

impl AtUri {
    /// The URI of a record.
    pub fn of_record(did: &Did, collection: &Nsid, key: &RecordKey) -> Self {
        Self(format!("at://{did}/{collection}/{key}").into())
    }

    /// The DID or handle, as written.
    pub fn authority(&self) -> &str {
        self.part(0).unwrap_or_default()
    }

    /// The authority, where it is a DID.
    pub fn did(&self) -> Option<Did> {
        self.authority().parse().ok()
    }

    /// The authority, where it is a handle.
    pub fn handle(&self) -> Option<Handle> {
        self.authority().parse().ok()
    }

    /// The collection.
    pub fn collection(&self) -> Option<Nsid> {
        self.part(1)?.parse().ok()
    }

    /// The key of the record.
    pub fn record_key(&self) -> Option<RecordKey> {
        self.part(2)?.parse().ok()
    }

    fn part(&self, index: usize) -> Option<&str> {
        split_fragment(&self.0).0.strip_prefix("at://")?.split('/').nth(index)
    }

    fn check(text: &str) -> Result<(), &'static str> {
        if text.len() > 8192 {
            return Err("longer than 8192 characters");
        }
        let (uri, fragment) = split_fragment(text);
        if fragment.is_some_and(|fragment| !is_fragment(fragment)) {
            return Err(
                "the fragment does not begin with `#/`, or has a character that fragments do not have",
            );
        }
        let rest = uri.strip_prefix("at://").ok_or("does not start with `at://`")?;
        let mut parts = rest.split('/');
        let authority = parts.next().unwrap_or_default();
        if authority.parse::<Did>().is_err() && authority.parse::<Handle>().is_err() {
            return Err("the authority is neither a DID nor a handle");
        }
        if parts.next().is_some_and(|part| part.parse::<Nsid>().is_err()) {
            return Err("the collection is not an NSID");
        }
        if parts.next().is_some_and(|part| RecordKey::check(part).is_err()) {
            return Err("the last part is not a record key");
        }
        if parts.next().is_some() { Err("has more than three parts") } else { Ok(()) }
    }
}

fn split_fragment(text: &str) -> (&str, Option<&str>) {
    match text.split_once('#') {
        Some((uri, fragment)) => (uri, Some(fragment)),
        None => (text, None),
    }
}

fn is_fragment(fragment: &str) -> bool {
    const OTHER: &[u8] = br"._~:@!$&%')(*+,;=-[]/\";
    fragment.starts_with('/')
        && fragment.bytes().all(|byte| byte.is_ascii_alphanumeric() || OTHER.contains(&byte))
}

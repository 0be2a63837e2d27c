//! How far the word of a permission set reaches (PS-9).

use crate::syntax::Nsid;

/// Whether `nsid` lies in the namespace of the permission set `set`: in its own group, or below it.
///
/// The group is everything up to the last dot of the set's NSID, that dot included, so that neither a parent nor a
/// sibling nor a name that merely begins alike is inside. It is a domain name, so its case is nothing (SC-24).
///
/// ```
/// use gatewright_protocol::permission_set::is_within;
/// let set = "com.example.app.authBasic".parse()?;
/// assert!(is_within(&set, "com.example.app.note") && is_within(&set, "com.example.app.deep.note"));
/// assert!(!is_within(&set, "com.example.note") && !is_within(&set, "com.example.application.note"));
/// # Ok::<(), gatewright_protocol::syntax::SyntaxError>(())
/// ```
pub fn is_within(set: &Nsid, nsid: &str) -> bool {
    let group = group(set);
    nsid.as_bytes().get(..group.len()).is_some_and(|start| start.eq_ignore_ascii_case(group.as_bytes()))
}

/// `com.example.app.` of `com.example.app.authBasic`.
pub(super) fn group(set: &Nsid) -> &str {
    let text = set.as_str();
    text.get(..text.len() - set.name().len()).unwrap_or(text)
}

//! Why a scope does not grant something, in words for whoever asked for the wrong one.

use std::fmt::{self, Display};

use super::permission::Need;
use super::values::same_nsid;
use super::{InvalidScope, NsidOrAny};

/// Why a scope does not grant something. Borrows what it names, so that a refusal costs nothing until it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhyNot<'a> {
    Action { needed: &'a str },
    Attribute { granted: &'a str, needed: &'a str },
    Audience { granted: &'a str, needed: &'a str },
    Because(&'static str),
    Invalid(&'a InvalidScope),
    MediaType { granted: &'a [String], needed: &'a str },
    Name { what: &'static str, granted: &'a [NsidOrAny], needed: &'a str },
    Resource { granted: &'static str, needed: &'static str },
}

impl<'a> WhyNot<'a> {
    pub(super) const fn resource(granted: &'static str, needed: &Need<'a>) -> Self {
        Self::Resource { granted, needed: needed.resource() }
    }
}

impl Display for WhyNot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Action { needed } => write!(f, "action {needed} is not granted"),
            Self::Attribute { granted, needed } => {
                write!(f, "attribute {needed} is not granted, {granted} is")
            }
            Self::Audience { granted, needed } => audience(f, granted, needed),
            Self::Because(reason) => f.write_str(reason),
            Self::Invalid(error) => write!(f, "it means nothing here: {error}"),
            Self::MediaType { granted, needed } => {
                write!(f, "media type {needed} is not granted, ")?;
                list(f, granted)
            }
            Self::Name { what, granted, needed } => name(f, what, granted, needed),
            Self::Resource { granted, needed } => write!(f, "`{granted}` grants nothing of `{needed}`"),
        }
    }
}

fn audience(f: &mut fmt::Formatter<'_>, granted: &str, needed: &str) -> fmt::Result {
    if needed == "*" {
        return write!(f, "no service is named, so only `aud=*` covers it; audience {granted} is granted");
    }
    write!(f, "audience {needed} is not granted, {granted} is")?;
    match (granted.split_once('#'), needed.split_once('#')) {
        (_, None) => f.write_str("; ask for `did#serviceId`: only `aud=*` covers a DID without a service"),
        _ if granted.eq_ignore_ascii_case(needed) => f.write_str("; they differ in case"),
        (Some((did, service)), Some((needed_did, needed_service))) if did == needed_did => write!(
            f,
            "; the DID is the same, but #{needed_service} is another of its services than #{service}"
        ),
        _ => Ok(()),
    }
}

fn name(f: &mut fmt::Formatter<'_>, what: &str, granted: &[NsidOrAny], needed: &str) -> fmt::Result {
    if needed == "*" {
        return write!(f, "no {what} is named, so only `*` covers it");
    }
    write!(f, "{what} {needed} is not granted, ")?;
    let names: Vec<&str> = granted.iter().map(NsidOrAny::as_str).collect();
    list(f, &names)?;
    let lowercase = |name: &str| name.to_ascii_lowercase();
    let group = |name: &str| name.rsplit_once('.').map(|(group, _)| lowercase(group));
    if names.iter().any(|name| name.eq_ignore_ascii_case(needed) && !same_nsid(name, needed)) {
        return f.write_str("; case matters in the last part of an NSID");
    }
    let above = |name: &&&str| {
        let rest = lowercase(needed);
        rest.strip_prefix(&lowercase(name)).is_some_and(|rest| rest.starts_with('.'))
    };
    if let Some(above) = names.iter().find(above) {
        return write!(f, "; {above} covers nothing below it");
    }
    match needed.rsplit_once('.') {
        Some((namespace, _)) if !names.iter().any(|name| group(name) == group(needed)) => {
            write!(f, "; nothing in the namespace {namespace}.* is")
        }
        _ => Ok(()),
    }
}

/// The first few, and whether there are more: `a is`, `a and b are`, `a, b and 3 more are`.
fn list(f: &mut fmt::Formatter<'_>, values: &[impl Display]) -> fmt::Result {
    match values {
        [] => f.write_str("nothing is"),
        [one] => write!(f, "{one} is"),
        [one, other] => write!(f, "{one} and {other} are"),
        [one, other, third] => write!(f, "{one}, {other} and {third} are"),
        [one, other, rest @ ..] => write!(f, "{one}, {other} and {} more are", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use crate::scope::{
        AccountAction, AccountAttr, AccountNeed, BlobNeed, Need, Permissions, RepoAction, RepoNeed, RpcNeed,
    };

    fn why_not(scope: &str, need: &Need<'_>) -> String {
        let held: Permissions = [scope].into_iter().collect();
        let considered = held.considered(need);
        considered.first().map(|row| row.why_not.clone()).unwrap_or_default()
    }

    #[test]
    fn a_collection_is_compared_in_words() {
        let write = |collection| Need::Repo(RepoNeed { collection, action: RepoAction::Create });
        let cases = [
            ("repo:a.b.note", "a.b.tag", "collection a.b.tag is not granted, a.b.note is"),
            (
                "repo:a.b.note",
                "x.y.z",
                "collection x.y.z is not granted, a.b.note is; nothing in the namespace x.y.* is",
            ),
            (
                "repo:a.b.note",
                "a.b.Note",
                "collection a.b.Note is not granted, a.b.note is; case matters in the last part of an NSID",
            ),
            (
                "repo:a.b.note",
                "A.b.note.text",
                "collection A.b.note.text is not granted, a.b.note is; a.b.note covers nothing below it",
            ),
            (
                "repo?collection=a.b.a&collection=a.b.b&collection=a.b.c&collection=a.b.d",
                "a.b.e",
                "collection a.b.e is not granted, a.b.a, a.b.b and 2 more are",
            ),
            ("repo:a.b.note?action=delete", "A.B.note", "action create is not granted"),
            ("blob:*/*", "a.b.note", "`blob` grants nothing of `repo`"),
            (
                "include:a.b.authBasic",
                "a.b.note",
                "a permission set grants nothing until the server expands it",
            ),
            ("transition:email", "a.b.note", "`transition:email` grants nothing of `repo`"),
        ];
        for (scope, needed, text) in cases {
            assert_eq!(why_not(scope, &write(needed)), text, "{scope}");
        }
    }

    #[test]
    fn an_audience_is_compared_in_words() {
        let call = |lxm, aud| Need::Rpc(RpcNeed { lxm, aud });
        let scope = "rpc:a.b.get?aud=did:web:x.com%23api";
        let granted = "audience did:web:x.com#app is not granted, did:web:x.com#api is";
        assert_eq!(
            why_not(scope, &call("a.b.get", "did:web:x.com#app")),
            format!("{granted}; the DID is the same, but #app is another of its services than #api")
        );
        assert_eq!(
            why_not(scope, &call("a.b.get", "did:web:y.com#api")),
            "audience did:web:y.com#api is not granted, did:web:x.com#api is"
        );
        assert_eq!(
            why_not(scope, &call("a.b.get", "did:web:X.com#api")),
            "audience did:web:X.com#api is not granted, did:web:x.com#api is; they differ in case"
        );
        assert!(why_not(scope, &call("a.b.get", "did:web:x.com")).contains("ask for `did#serviceId`"));
        assert_eq!(
            why_not(scope, &call("a.b.get", "*")),
            "no service is named, so only `aud=*` covers it; audience did:web:x.com#api is granted"
        );
        assert_eq!(
            why_not(scope, &call("*", "did:web:x.com#api")),
            "no method is named, so only `*` covers it"
        );
        assert_eq!(
            why_not(scope, &call("a.b.put", "did:web:x.com#api")),
            "method a.b.put is not granted, a.b.get is"
        );
    }

    #[test]
    fn other_kinds_are_compared_in_words() {
        let email = Need::Account(AccountNeed { attr: AccountAttr::Email, action: AccountAction::Manage });
        assert_eq!(why_not("account:email", &email), "action manage is not granted");
        assert_eq!(why_not("account:repo", &email), "attribute email is not granted, repo is");
        let upload = Need::Blob(BlobNeed { mime: "video/mp4" });
        assert_eq!(why_not("blob:image/*", &upload), "media type video/mp4 is not granted, image/* is");
    }
}

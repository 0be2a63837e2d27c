//! What an application cannot do, in one line: asked of what answers its requests.

use gatewright_protocol::scope::{
    AccountAction, AccountAttr, AccountNeed, IdentityAttr, IdentityNeed, Need, Permissions, RepoAction,
    RepoNeed,
};

use crate::i18n::Locale;
use crate::operations::Offer;

/// What an application could not do with everything that it is offered: some of what people fear most.
pub(crate) fn cannot(offer: &Offer, locale: &Locale) -> String {
    let parts: Vec<String> = offer
        .scopes
        .iter()
        .flat_map(|offered| &offered.parts)
        .map(|part| part.permission.to_string())
        .collect();
    let can: Permissions = parts.iter().map(String::as_str).collect();
    let things: Vec<String> = missing(&can).into_iter().map(|id| locale.text(id, &[])).collect();
    let join = |id: &str, things: &[String]| things.join(&locale.text(id, &[]));
    let things = match things.split_last() {
        Some((last, before @ [_, ..])) => {
            join("cannot-join-last", &[join("cannot-join", before), last.clone()])
        }
        _ => things.concat(),
    };
    locale.text("cannot", &[("things", (&things).into())])
}

/// As ids of messages.
fn missing(can: &Permissions) -> Vec<&'static str> {
    let account = |attr, action| Need::Account(AccountNeed { attr, action });
    // Nobody has records in there, so only what covers everybody's covers it.
    let elsewhere = |action| Need::Repo(RepoNeed { collection: "invalid.nobody.nothing", action });
    let imports = can.allows(&account(AccountAttr::Repo, AccountAction::Manage));
    let writes_everywhere = imports || RepoAction::ALL.iter().any(|action| can.allows(&elsewhere(*action)));
    let handle = Need::Identity(IdentityNeed { attr: IdentityAttr::Handle });
    let mut missing = Vec::new();
    if !writes_everywhere {
        missing.push("cannot-write-elsewhere");
    }
    if !can.allows(&account(AccountAttr::Email, AccountAction::Read)) {
        missing.push("cannot-email");
    }
    if !can.allows(&handle) {
        missing.push("cannot-identity");
    }
    // No scope opens this: it takes the password.
    missing.push("cannot-delete");
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_that_a_request_could_disprove() {
        const ELSEWHERE: &str = "cannot-write-elsewhere";
        const EMAIL: &str = "cannot-email";
        const IDENTITY: &str = "cannot-identity";
        for (scopes, says, says_not) in [
            ("atproto", vec![ELSEWHERE, EMAIL, IDENTITY], vec![]),
            ("atproto repo:com.example.note", vec![ELSEWHERE, EMAIL, IDENTITY], vec![]),
            ("atproto repo:*?action=delete", vec![EMAIL, IDENTITY], vec![ELSEWHERE]),
            ("atproto account:repo?action=manage", vec![EMAIL, IDENTITY], vec![ELSEWHERE]),
            ("atproto account:email", vec![ELSEWHERE, IDENTITY], vec![EMAIL]),
            ("atproto transition:email", vec![ELSEWHERE, IDENTITY], vec![EMAIL]),
            ("atproto identity:handle", vec![ELSEWHERE, EMAIL], vec![IDENTITY]),
            ("atproto identity:*", vec![ELSEWHERE, EMAIL], vec![IDENTITY]),
            ("atproto transition:generic", vec![EMAIL, IDENTITY], vec![ELSEWHERE]),
        ] {
            let missing = missing(&scopes.split(' ').collect());
            assert!(says.iter().all(|id| missing.contains(id)), "{scopes}: {missing:?}");
            assert!(!says_not.iter().any(|id| missing.contains(id)), "{scopes}: {missing:?}");
            assert!(missing.contains(&"cannot-delete"));
        }
    }
}

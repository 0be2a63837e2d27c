//! Granted and asked for, compared by what they mean (CL-18, L1, D2).

use std::time::Duration;

use gatewright_protocol::permission_set::PermissionSet;
use gatewright_protocol::scope::{BlobNeed, Need, Permission, Permissions, Scopes, Transition};
use gatewright_resolve::Resolver;

use crate::description::Described;

/// The most time that the look-up of one published set may take.
const LOOK_UP: Duration = Duration::from_secs(5);
/// The most sets that are looked up for one sign-in.
const MOST_SETS: usize = 5;

/// The scopes that were asked for and are not covered by what was granted.
///
/// A scope counts as covered if every single thing in it is granted, however that is written. A permission set counts
/// by what it stands for: as the client's description says, else as its author publishes it. One of which neither is known
/// counts as covered if something came of it besides what else was asked for.
pub(crate) fn missing(asked: &Scopes, granted: &Scopes, known: impl Fn(&str) -> Option<Scopes>) -> Scopes {
    let held = Permissions::of(granted);
    asked.filter(|token| match token.parse::<Permission>() {
        Ok(Permission::Include(_)) => match known(token) {
            Some(scopes) => !scopes.iter().all(|scope| covers(&held, granted, scope)),
            None => !has_more_than(asked, granted),
        },
        _ => !covers(&held, granted, token),
    })
}

/// The sets among the scopes that the description does not explain, with what their authors publish of them. Those that
/// cannot be looked up are left out: nobody is kept from signing in by that.
pub(crate) async fn published(
    resolver: &Resolver,
    asked: &Scopes,
    described: &Described,
) -> Vec<(String, Scopes)> {
    let mut found = Vec::new();
    let unexplained = asked.iter().filter(|token| described.stands_for(token).is_none());
    for token in unexplained.filter(|token| token.starts_with("include")).take(MOST_SETS) {
        let Ok(Permission::Include(include)) = token.parse::<Permission>() else { continue };
        let Ok(Ok(lexicon)) = tokio::time::timeout(LOOK_UP, resolver.lexicon(&include.nsid)).await else {
            continue;
        };
        if let Ok(set) = PermissionSet::from_document(&lexicon.document) {
            found.push((token.to_owned(), set.expand(&include).scopes()));
        }
    }
    found
}

/// Is all of one scope granted?
pub(crate) fn covers(held: &Permissions, granted: &Scopes, scope: &str) -> bool {
    let Ok(permission) = scope.parse::<Permission>() else {
        // What means nothing here grants nothing, and is not missed (SC-8).
        return true;
    };
    if granted.contains(scope) || is_in_normal_form(granted, &permission) {
        return true;
    }
    if let Permission::Blob(asked) = &permission {
        return asked.accept.iter().all(|accept| is_accepted(accept, held, granted));
    }
    let needs = permission.needs();
    !needs.is_empty() && needs.iter().all(|need: &Need<'_>| held.allows(need))
}

/// A need is one media type; what is asked for may be a whole kind of them.
fn is_accepted(asked: &str, held: &Permissions, granted: &Scopes) -> bool {
    if !asked.ends_with("/*") {
        return held.allows(&Need::Blob(BlobNeed { mime: asked }));
    }
    let covers = |accept: &String| accept == "*/*" || accept.eq_ignore_ascii_case(asked);
    granted.iter().any(|token| match token.parse() {
        Ok(Permission::Blob(blob)) => blob.accept.iter().any(covers),
        Ok(Permission::Transition(Transition::Generic)) => true,
        _ => false,
    })
}

fn is_in_normal_form(granted: &Scopes, permission: &Permission) -> bool {
    granted.iter().filter_map(|token| token.parse::<Permission>().ok()).any(|held| held == *permission)
}

/// Was something granted that was not asked for as it stands? It must have come from a set.
fn has_more_than(asked: &Scopes, granted: &Scopes) -> bool {
    granted.iter().any(|token| {
        let one = Scopes::from_tokens([token]).unwrap_or_default();
        !one.is_subset(asked)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientDescription;

    fn described() -> Described {
        ClientDescription::loopback()
            .redirect_uri("http://127.0.0.1/callback")
            .scope("include:com.example.authOther blob:*/* transition:generic repo:com.example.note")
            .permission_set(
                "include:com.example.authBasic",
                "repo:com.example.list?action=create repo:com.example.like",
            )
            .checked()
            .unwrap()
    }

    fn missing_of(asked: &str, granted: &str) -> String {
        let described = described();
        let known = |include: &str| described.stands_for(include).cloned();
        missing(&asked.parse().unwrap(), &granted.parse().unwrap(), known).to_string()
    }

    #[test]
    fn scopes_are_compared_by_what_they_mean() {
        for (asked, granted) in [
            ("atproto repo:com.example.note", "repo?collection=com.example.note atproto"),
            ("atproto repo:com.example.note", "atproto repo:*"),
            ("atproto repo:com.example.note", "atproto transition:generic"),
            (
                "atproto repo:com.example.note",
                "atproto repo:com.example.note?action=create repo:com.example.note?action=update&action=delete",
            ),
            ("atproto blob:image/png", "atproto blob:image/*"),
            ("atproto blob:image/*", "atproto blob:*/*"),
            ("atproto blob:*/*", "atproto transition:generic"),
            ("atproto blob?accept=image/*&accept=video/mp4", "atproto blob:video/* blob:IMAGE/*"),
            ("atproto nonsense:x", "atproto"),
            (
                "atproto include:com.example.authBasic",
                "repo?collection=com.example.like&collection=com.example.list atproto",
            ),
            ("atproto include:com.example.authOther", "repo:com.example.thing atproto"),
        ] {
            assert_eq!(missing_of(asked, granted), "", "{asked} | {granted}");
        }
    }

    #[test]
    fn less_is_noticed() {
        for (asked, granted, missing) in [
            (
                "atproto repo:com.example.note",
                "atproto repo:com.example.note?action=create",
                "repo:com.example.note",
            ),
            ("atproto blob:*/*", "atproto blob:image/*", "blob:*/*"),
            ("atproto transition:generic", "atproto", "transition:generic"),
            // A collection of the set's namespace is not the set (D2).
            (
                "atproto include:com.example.authBasic",
                "atproto repo:com.example.like",
                "include:com.example.authBasic",
            ),
            // A server that knows no sets grants nothing for one (L2).
            (
                "atproto include:com.example.authOther blob:*/*",
                "atproto blob:*/*",
                "include:com.example.authOther",
            ),
        ] {
            assert_eq!(missing_of(asked, granted), missing, "{asked} | {granted}");
        }
    }
}

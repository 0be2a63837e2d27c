use proptest::prelude::*;

use super::*;
use crate::scope::{
    AccountAction, AccountAttr, AccountNeed, BlobNeed, IdentityAttr, IdentityNeed, MAX_LENGTH, Need,
    Permissions, RepoAction, RepoNeed, RpcNeed, Scopes,
};

fn between(before: &str, after: &str) -> (Change, String, String, String) {
    let difference = Difference::between(&before.parse().unwrap(), &after.parse().unwrap());
    let text = |scopes: &Scopes| scopes.to_string();
    (difference.change(), text(&difference.added), text(&difference.removed), text(&difference.kept))
}

#[test]
fn lists_that_grant_the_same_are_the_same() {
    for (before, after) in [
        ("repo:a.b.c", "repo?collection=a.b.c"),
        ("repo?collection=a.b.c&collection=a.b.d", "repo:a.b.d repo:a.b.c"),
        ("repo:a.b.c", "repo:a.b.c?action=create repo:a.b.c?action=update&action=delete"),
        ("repo:A.b.c", "repo:a.B.c"),
        ("repo:*", "repo:* repo:a.b.c"),
        ("rpc?lxm=a.b.c&lxm=a.b.d&aud=*", "rpc:a.b.c?aud=* rpc:a.b.d?aud=*"),
        ("rpc:a.b.c?aud=* rpc:a.b.c?aud=did:web:x.com%23s", "rpc:a.b.c?aud=*"),
        ("blob:image/* blob:image/png", "blob:image/*"),
        ("blob:IMAGE/PNG", "blob:image/png"),
        ("account:email?action=manage", "account:email?action=manage account:email"),
        ("identity:* identity:handle", "identity:*"),
        ("transition:generic", "transition:generic repo:a.b.c blob:image/* rpc:a.b.c?aud=*"),
        ("transition:email", "transition:email account:email"),
        ("atproto nonsense:x", "atproto"),
        ("include:a.b.authC", "include?nsid=a.b.authC"),
        ("", ""),
    ] {
        let (change, added, removed, _) = between(before, after);
        assert_eq!((change, added.as_str(), removed.as_str()), (Change::Same, "", ""), "{before} | {after}");
    }
}

#[test]
fn a_difference_is_said_pair_by_pair() {
    let (change, added, removed, kept) = between("repo:a.b.c", "repo:a.b.c?action=create");
    assert_eq!((change, added.as_str()), (Change::Narrower, ""));
    assert_eq!(removed, "repo:a.b.c?action=update&action=delete");
    assert_eq!(kept, "repo:a.b.c?action=create");

    let (change, added, removed, kept) = between("repo:a.b.c?action=create", "repo:*");
    assert_eq!((change, added.as_str(), removed.as_str()), (Change::Wider, "repo:*", ""));
    assert_eq!(kept, "repo:a.b.c?action=create");

    let service = "did:web:x.com%23s";
    let before = format!("rpc?lxm=a.b.c&lxm=a.b.d&aud={service}");
    let after = format!("rpc?lxm=a.b.d&lxm=a.b.e&lxm=a.b.f&aud={service}");
    let (change, added, removed, kept) = between(&before, &after);
    assert_eq!(change, Change::Both);
    assert_eq!(added, format!("rpc?lxm=a.b.e&lxm=a.b.f&aud={service}"));
    assert_eq!(removed, format!("rpc:a.b.c?aud={service}"));
    assert_eq!(kept, format!("rpc:a.b.d?aud={service}"));

    let (_, added, _, kept) = between("rpc:a.b.c?aud=*", &format!("rpc:*?aud={service}"));
    assert_eq!(added, format!("rpc:*?aud={service}"));
    assert_eq!(kept, format!("rpc:a.b.c?aud={service}"), "named by neither list, granted by both");

    let (_, added, _, kept) = between("blob:image/png blob:video/*", "blob?accept=image/*&accept=video/mp4");
    assert_eq!((added.as_str(), kept.as_str()), ("blob:image/*", "blob:image/png blob:video/mp4"));

    let (change, added, _, kept) = between("account:email", "account:email?action=manage");
    assert_eq!((change, added.as_str()), (Change::Wider, "account:email?action=manage"));
    assert_eq!(kept, "account:email");

    let (change, added, _, _) = between("include:a.b.authC", "include:a.b.authC include:a.b.authD atproto");
    assert_eq!((change, added.as_str()), (Change::Wider, "atproto include:a.b.authD"));

    let (change, added, _, _) = between("transition:generic", "transition:generic transition:chat.bsky");
    assert_eq!((change, added.as_str()), (Change::Wider, "transition:chat.bsky"));
    let (change, _, removed, _) = between("transition:generic", "repo:*");
    assert_eq!((change, removed.as_str()), (Change::Narrower, "transition:generic"));
}

#[test]
fn a_difference_fits_one_scope_value() {
    // One scope that fills the longest value there is.
    let mut after = "repo?collection=a.b.c".to_owned();
    let mut names = Vec::new();
    while after.len() < MAX_LENGTH - 40 {
        names.push(format!("collection=com.example.collection{:03}", names.len()));
        after = format!("{after}&{}", names[names.len() - 1]);
    }
    let (some, others) = names.split_at(names.len() / 2);
    let before = format!("repo?{}&action=create repo?{}&action=delete", some.join("&"), others.join("&"));
    let (before, after): (Scopes, Scopes) = (before[..].parse().unwrap(), after.parse().unwrap());
    let difference = Difference::between(&before, &after);
    for scopes in [&difference.added, &difference.kept, &difference.removed] {
        assert!(scopes.as_str().parse::<Scopes>().is_ok());
    }
    assert_eq!(difference.change(), Change::Wider);
    assert_eq!(difference.added, after.normalized(), "what came is said, if not to the last pair");
    assert_eq!(Difference::between(&before, &difference.kept).change(), Change::Same, "all of it is kept");
}

fn scope() -> impl Strategy<Value = String> {
    let nsid = prop::sample::select(&["a.b.c", "A.b.c", "a.b.d", "*"][..]);
    let names = prop::collection::vec(nsid, 1..4);
    let action = prop::sample::select(&["create", "update", "delete"][..]);
    let aud = prop::sample::select(&["did:web:a.com%23s", "did:web:b.com%23s", "*"][..]);
    let accept = prop::sample::select(&["image/png", "IMAGE/*", "*/*", "video/mp4"][..]);
    let list = |name: &str, values: &[&str]| {
        values.iter().map(|value| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    };
    prop_oneof![
        (names.clone(), prop::collection::vec(action, 0..3)).prop_map(move |(names, actions)| {
            format!("repo?{}&{}", list("collection", &names), list("action", &actions))
        }),
        (names, aud).prop_map(move |(names, aud)| format!("rpc?{}&aud={aud}", list("lxm", &names))),
        prop::collection::vec(accept, 1..3)
            .prop_map(move |accept| format!("blob?{}", list("accept", &accept))),
        prop::sample::select(
            &["account:email", "account:email?action=manage", "identity:*", "identity:handle", "atproto"][..]
        )
        .prop_map(ToString::to_string),
    ]
}

/// Everything that a request could need of these scopes.
fn needs() -> Vec<Need<'static>> {
    let mut needs = Vec::new();
    for name in ["a.b.c", "a.b.d", "x.y.z", "*"] {
        for action in RepoAction::ALL {
            needs.push(Need::Repo(RepoNeed { collection: name, action }));
        }
        for aud in ["did:web:a.com#s", "did:web:b.com#s", "did:web:c.com#s", "did:web:a.com", "*"] {
            needs.push(Need::Rpc(RpcNeed { lxm: name, aud }));
        }
    }
    needs.extend(["image/png", "image/gif", "video/mp4", "a/b"].map(|mime| Need::Blob(BlobNeed { mime })));
    for action in [AccountAction::Read, AccountAction::Manage] {
        needs.push(Need::Account(AccountNeed { attr: AccountAttr::Email, action }));
    }
    for attr in [IdentityAttr::Handle, IdentityAttr::Any] {
        needs.push(Need::Identity(IdentityNeed { attr }));
    }
    needs
}

proptest! {
    #[test]
    fn a_difference_is_what_a_request_could_notice(
        before in prop::collection::vec(scope(), 0..5),
        after in prop::collection::vec(scope(), 0..5),
    ) {
        let list = |scopes: &[String]| Scopes::from_tokens(scopes).unwrap();
        let known = |scopes: &Scopes| Permissions::of(scopes);
        let (before, after) = (list(&before).known(), list(&after).known());
        let difference = Difference::between(&before, &after);
        let (old, new) = (known(&before), known(&after));
        let (added, kept, removed) =
            (known(&difference.added), known(&difference.kept), known(&difference.removed));
        for need in needs() {
            let (had, has) = (old.allows(&need), new.allows(&need));
            prop_assert_eq!(kept.allows(&need), had && has, "{} of {:?}", need, difference);
            prop_assert!(added.allows(&need) || !has || had, "{} came and is not said: {:?}", need, difference);
            prop_assert!(removed.allows(&need) || had <= has, "{} went and is not said: {:?}", need, difference);
            prop_assert!(!added.allows(&need) || has, "{} is said and did not come: {:?}", need, difference);
            prop_assert!(!removed.allows(&need) || had, "{} is said and did not go: {:?}", need, difference);
            prop_assert!(difference.change() != Change::Same || had == has, "{}", need);
        }
        let back = Difference::between(&after, &before);
        prop_assert_eq!((&back.added, &back.removed), (&difference.removed, &difference.added));
        prop_assert_eq!(Difference::between(&before, &before).change(), Change::Same);
        for scopes in [&difference.added, &difference.kept, &difference.removed] {
            prop_assert_eq!(&scopes.normalized(), scopes);
        }
    }
}

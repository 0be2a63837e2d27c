use proptest::prelude::*;

use super::*;
use crate::scope::{AudienceOrAny, NsidOrAny, Scopes};

/// The reasons why the entries are dropped, and the scopes of the others.
fn expand(entries: &Value, scope: &str) -> (Vec<String>, Vec<(usize, String)>) {
    let Expansion { granted, dropped } = set(entries).expand(&include(scope));
    (
        granted.iter().map(|entry| entry.permission.to_string()).collect(),
        dropped.iter().map(|dropped| (dropped.index, dropped.reason.to_string())).collect(),
    )
}

#[test]
fn the_set_of_a_music_library_opens_into_its_collections() {
    let collections =
        ["fm.plyr.track", "fm.plyr.like", "fm.plyr.comment", "fm.plyr.list", "fm.plyr.actor.profile"];
    let set = PermissionSet::from_document(&json!({
        "$type": TYPE, "lexicon": 1, "id": "fm.plyr.authFullApp",
        "defs": {"main": {
            "type": "permission-set", "description": "for developers", "title": "Full Access", "detail": "All of it.",
            "permissions": [{"type": "permission", "resource": "repo", "action": ["create", "update", "delete"],
                             "collection": collections}],
        }},
    }))
    .unwrap();
    let expansion = set.expand(&include("include:fm.plyr.authFullApp"));
    assert_eq!(
        expansion.scopes().as_str(),
        "repo?collection=fm.plyr.actor.profile&collection=fm.plyr.comment&collection=fm.plyr.like\
         &collection=fm.plyr.list&collection=fm.plyr.track"
    );
    assert_eq!(expansion.dropped, []);
}

#[test]
fn sec_58_what_breaks_a_rule_is_dropped_and_the_others_stand() {
    let bad = [
        (json!({"resource": "repo", "collection": ["com.other.note"]}), "outside `com.example.app.*`"),
        (json!({"resource": "repo", "collection": ["com.example.note"]}), "outside"),
        (json!({"resource": "repo", "collection": ["com.example.app"]}), "outside"),
        (json!({"resource": "repo", "collection": ["com.example.application.note"]}), "outside"),
        (json!({"resource": "repo", "collection": ["com.example.appevil.note"]}), "outside"),
        (
            json!({"resource": "repo", "collection": ["com.example.app.note", "com.other.note"]}),
            "`com.other.note`",
        ),
        (json!({"resource": "rpc", "lxm": ["com.other.get"], "aud": "*"}), "outside"),
        (json!({"resource": "repo", "collection": ["*"]}), "holds `*`"),
        (json!({"resource": "repo", "collection": ["com.example.app.note", "*"]}), "holds `*`"),
        (json!({"resource": "repo", "collection": ["com.example.app.*"]}), "partial wildcards"),
        (json!({"resource": "rpc", "lxm": ["*"], "aud": "*"}), "holds `*`"),
        (json!({"resource": "rpc", "lxm": ["*"], "inheritAud": true}), "holds `*`"),
        (
            json!({"resource": "rpc", "lxm": ["com.example.app.get"], "aud": "did:web:a.com#s"}),
            "may not choose",
        ),
        (
            json!({"resource": "rpc", "lxm": ["com.example.app.get"], "aud": "did:web:api.example.org#svc"}),
            "may not",
        ),
        (
            json!({"resource": "rpc", "lxm": ["com.example.app.get"], "aud": "*", "inheritAud": true}),
            "exclude",
        ),
        (json!({"resource": "rpc", "lxm": ["com.example.app.get"], "inheritAud": "true"}), "`inheritAud`"),
        (json!({"resource": "rpc", "lxm": ["com.example.app.get"]}), "names no service"),
        (json!({"resource": "rpc", "lxm": ["com.example.app.get"], "inheritAud": false}), "names no service"),
        (json!({"resource": "rpc", "lxm": [], "aud": "*"}), "`lxm`"),
        (json!({"resource": "rpc", "lxm": "com.example.app.get", "aud": "*"}), "`lxm`"),
        (json!({"resource": "rpc", "lxm": ["com.example.app.get"], "aud": true}), "`aud`"),
        (json!({"resource": "blob", "accept": ["image/*"]}), "`blob` cannot be in a permission set"),
        (json!({"resource": "account", "attr": "email"}), "`account` cannot"),
        (json!({"resource": "identity", "attr": "handle"}), "`identity` cannot"),
        (json!({"resource": "include", "nsid": "com.example.app.authMore"}), "`include` cannot"),
        (json!({"resource": "transition", "x": "generic"}), "`transition` cannot"),
        (json!({"resource": "space", "space": "com.example.app.space"}), "no resource `space`"),
        (json!({"resource": 1}), "`resource`"),
        (json!({"collection": ["com.example.app.note"]}), "`resource`"),
        (json!({"resource": "repo", "collection": ["com.example.app.note"], "maxSize": 1}), "`maxSize`"),
        (
            json!({"resource": "repo", "collection": ["com.example.app.note"], "inheritAud": false}),
            "`inheritAud`",
        ),
        (
            json!({"resource": "repo", "collection": ["com.example.app.note"], "description": {}}),
            "`description`",
        ),
        (json!({"resource": "repo", "collection": ["com.example.app.note"], "action": []}), "`action`"),
        (json!({"resource": "repo", "collection": ["com.example.app.note"], "action": "create"}), "`action`"),
        (json!({"resource": "repo", "collection": ["com.example.app.note"], "action": null}), "`action`"),
        (
            json!({"resource": "repo", "collection": ["com.example.app.note"], "action": ["manage"]}),
            "`manage`",
        ),
        (json!({"resource": "repo", "collection": []}), "`collection`"),
        (json!({"resource": "repo", "collection": "com.example.app.note"}), "`collection`"),
        (json!({"resource": "repo", "collection": ["com.example.app.note", 1]}), "`collection`"),
        (json!({"resource": "repo"}), "`collection`"),
        (json!({"resource": "repo", "collection": ["com.example.app.note repo:*"]}), "not a collection"),
        (
            json!({"resource": "repo", "collection": ["com.example.app.note?action=create"]}),
            "not a collection",
        ),
        (json!("repo:com.example.app.note"), "not an object"),
        (json!([]), "not an object"),
        (json!(null), "not an object"),
    ];
    let good = json!({"type": "permission", "resource": "repo", "collection": ["com.example.app.note"]});
    for (entry, says) in bad {
        let (scopes, dropped) = expand(&json!([good, entry, good]), WITH_SERVICE);
        assert_eq!(scopes, ["repo:com.example.app.note"; 2], "{entry}");
        assert!(matches!(&dropped[..], [(1, reason)] if reason.contains(says)), "{entry}: {dropped:?}");
    }
}

#[test]
fn sec_58_a_scope_in_a_set_is_one_token() {
    let long: Vec<String> = (0..400).map(|at| format!("com.example.app.collection{at}")).collect();
    let (scopes, dropped) = expand(&json!([{"resource": "repo", "collection": long}]), PLAIN);
    assert!(scopes.is_empty() && dropped[0].1.contains("longer than"), "{dropped:?}");
}

#[test]
fn what_changes_nothing_is_tolerated() {
    let entries = json!([
        {"resource": "repo", "collection": ["com.example.app.note"], "description": "notes"},
        {"type": "nope", "resource": "rpc", "lxm": ["com.example.app.get"], "aud": "*", "inheritAud": false},
        {"resource": "repo", "collection": ["com.example.app.b", "com.example.app.a", "com.example.app.b"],
         "action": ["delete", "create", "delete"]},
        {"resource": "repo", "collection": ["COM.Example.APP.note"]},
    ]);
    let (scopes, dropped) = expand(&entries, PLAIN);
    assert_eq!(dropped, []);
    assert_eq!(
        scopes,
        [
            "repo:com.example.app.note",
            "rpc:com.example.app.get?aud=*",
            "repo?collection=com.example.app.a&collection=com.example.app.b&action=create&action=delete",
            "repo:COM.Example.APP.note",
        ]
    );
}

#[test]
fn the_service_is_the_one_that_the_application_names() {
    let entries = json!([{"resource": "rpc", "lxm": ["com.example.app.get"], "inheritAud": true}]);
    let (scopes, _) = expand(&entries, WITH_SERVICE);
    assert_eq!(scopes, ["rpc:com.example.app.get?aud=did:web:api.example.org%23svc"]);
    let (scopes, dropped) = expand(&entries, PLAIN);
    assert!(scopes.is_empty() && dropped[0].1.contains("the `include:` names none"), "{dropped:?}");
}

#[test]
fn an_include_of_another_set_grants_nothing() {
    let entries = json!([{"resource": "repo", "collection": ["com.example.app.note"]}]);
    let (scopes, dropped) = expand(&entries, "include:com.example.app.authOther");
    assert!(scopes.is_empty() && dropped[0].1.contains("authOther"), "{dropped:?}");
    let (scopes, _) = expand(&entries, "include:COM.example.app.authBasic");
    assert_eq!(scopes, ["repo:com.example.app.note"], "case of the authority is nothing");
}

#[test]
fn an_expansion_fits_one_scope_value() {
    let names = |from: usize| -> Vec<String> {
        (from..from + 100).map(|at| format!("com.example.app.aRatherLongCollectionName{at}")).collect()
    };
    let entries = json!([
        {"resource": "repo", "collection": names(100)},
        {"resource": "repo", "collection": names(200)},
        {"resource": "repo", "collection": ["com.example.app.short"]},
    ]);
    let expansion = set(&entries).expand(&include(PLAIN));
    assert_eq!(expansion.dropped, [Dropped { index: 1, reason: DropReason::NoRoom }]);
    assert!(expansion.scopes().as_str().parse::<Scopes>().is_ok());
    assert_eq!(
        serde_json::to_value(&expansion.dropped).unwrap()[0]["reason"],
        DropReason::NoRoom.to_string(),
        "programs read the reason as text"
    );
}

/// Names in, around and beside the namespace `com.example.app.`.
fn name() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        prop::sample::select(
            &[
                "com.example.app.note",
                "COM.example.App.note",
                "com.example.app.deep.note",
                "com.example.app",
                "com.example.note",
                "com.example.apps.note",
                "com.example.appnote",
                "xcom.example.app.note",
                "app.bsky.feed.post",
                "*",
                "com.example.app.*",
                "com.example.app.note repo:*",
                "com.example.app.note%20",
                "com.example.app.note#main",
                "com.example.app.note?action=create",
                "",
            ][..]
        )
        .prop_map(ToString::to_string),
        "com\\.example\\.app\\.[ -~]{0,6}",
        "[a-z]{1,3}\\.[a-z]{1,3}\\.\\PC{0,3}",
    ]
}

fn entry() -> impl Strategy<Value = Value> {
    let field = prop::sample::select(
        &["collection", "action", "lxm", "aud", "inheritAud", "type", "description", "attr", "other"][..],
    );
    let word = prop::sample::select(&["create", "update", "delete", "*", "did:web:a.com#s", "email"][..]);
    let value = prop_oneof![
        prop::collection::vec(name(), 0..4).prop_map(Value::from),
        prop::collection::vec(word.clone(), 0..3).prop_map(Value::from),
        word.prop_map(Value::from),
        name().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let resource = prop::sample::select(&["repo", "rpc", "blob", "account", "identity", "include", "x"][..]);
    let names = prop::collection::vec(name(), 1..4);
    prop_oneof![
        names.clone().prop_map(|names| json!({"resource": "repo", "collection": names})),
        (names.clone(), any::<bool>())
            .prop_map(|(names, inherits)| json!({"resource": "rpc", "lxm": names, "inheritAud": inherits})),
        names.prop_map(|names| json!({"resource": "rpc", "lxm": names, "aud": "*"})),
        (resource, prop::collection::btree_map(field, value, 0..5)).prop_map(|(resource, fields)| {
            let mut entry = json!({"resource": resource});
            for (field, value) in fields {
                entry[field] = value;
            }
            entry
        }),
    ]
}

proptest! {
    #[test]
    fn sec_58_no_expansion_leaves_the_bounds(
        entries in prop::collection::vec(entry(), 0..6),
        with_service in any::<bool>(),
    ) {
        let set = set(&Value::from(entries.clone()));
        let include = include(if with_service { WITH_SERVICE } else { PLAIN });
        let expansion = set.expand(&include);
        prop_assert_eq!(expansion.granted.len() + expansion.dropped.len(), entries.len());
        for Entry { permission, .. } in &expansion.granted {
            let text = permission.to_string();
            prop_assert!(Scopes::from_tokens([&text]).is_ok(), "one token: {}", text);
            let again = text.parse::<Permission>();
            prop_assert_eq!(again.as_ref().map(ToString::to_string), Ok(text.clone()));
            prop_assert_eq!(again.as_ref(), Ok(permission));
            let names = match permission {
                Permission::Repo(repo) => &repo.collection,
                Permission::Rpc(rpc) => {
                    let service = match &rpc.aud {
                        AudienceOrAny::Any => None,
                        AudienceOrAny::Service(service) => Some(service),
                    };
                    prop_assert!(service.is_none() || service == include.aud.as_ref(), "{}", text);
                    &rpc.lxm
                }
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            for name in names {
                prop_assert!(matches!(name, NsidOrAny::Nsid(nsid)
                    if nsid.as_str().to_ascii_lowercase().starts_with("com.example.app.")), "{}", text);
            }
        }
        let scopes = expansion.scopes();
        prop_assert!(scopes.iter().all(|scope| !scope.starts_with("include")));
        prop_assert_eq!(scopes.known(), scopes);
    }
}

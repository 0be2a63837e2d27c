//! The vectors of SC-30, and the laws that hold for every scope.

use proptest::prelude::*;

use super::*;

/// Left what is written, right its normal form (SC-30).
const VALID: &[(&str, &str)] = &[
    ("repo:fm.plyr.track", "repo:fm.plyr.track"),
    ("repo:fm.plyr.track?", "repo:fm.plyr.track"),
    ("repo:fm%2Eplyr%2Etrack", "repo:fm.plyr.track"),
    ("repo:*", "repo:*"),
    ("repo:*?action=delete", "repo:*?action=delete"),
    ("repo:fm.plyr.track?action=create&action=create", "repo:fm.plyr.track?action=create"),
    (
        "repo?collection=fm.plyr.track&action=delete&action=create",
        "repo:fm.plyr.track?action=create&action=delete",
    ),
    (
        "repo?collection=fm.plyr.track&collection=fm.plyr.like",
        "repo?collection=fm.plyr.like&collection=fm.plyr.track",
    ),
    ("repo?collection=fm.plyr.track&collection=*", "repo:*"),
    ("repo:fm.plyr.track?action=create&action=update&action=delete", "repo:fm.plyr.track"),
    ("repo:FM.plyr.track", "repo:FM.plyr.track"),
    ("rpc:app.bsky.feed.getFeed?aud=*", "rpc:app.bsky.feed.getFeed?aud=*"),
    (
        "rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app#bsky_appview",
        "rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview",
    ),
    ("rpc:*?aud=did:web:api.bsky.app%23bsky_appview", "rpc:*?aud=did:web:api.bsky.app%23bsky_appview"),
    ("rpc?lxm=*&lxm=a.b.c&aud=did:web:x.com%23s", "rpc:*?aud=did:web:x.com%23s"),
    ("rpc:a.b.c?aud=did:web:localhost%253A1234%23svc", "rpc:a.b.c?aud=did:web:localhost%253A1234%23svc"),
    ("blob:*/*", "blob:*/*"),
    ("blob:image/*", "blob:image/*"),
    ("blob:image/svg+xml", "blob:image/svg+xml"),
    ("blob:IMAGE/PNG", "blob:image/png"),
    ("blob?accept=image/*&accept=image/png", "blob:image/*"),
    ("blob?accept=image/png&accept=image/png", "blob:image/png"),
    ("blob?accept=video/*&accept=text/html", "blob?accept=text/html&accept=video/*"),
    ("blob?accept=image/svg%2Bxml&accept=image/png", "blob?accept=image/png&accept=image/svg%2Bxml"),
    ("account:email", "account:email"),
    ("account:email?action=read", "account:email"),
    ("account:email?action=manage", "account:email?action=manage"),
    ("account?action=manage&attr=repo", "account:repo?action=manage"),
    ("identity:handle", "identity:handle"),
    ("identity:*", "identity:*"),
    ("identity:*?", "identity:*"),
    ("include:fm.plyr.authFullApp", "include:fm.plyr.authFullApp"),
    ("include?nsid=fm.plyr.authFullApp", "include:fm.plyr.authFullApp"),
    ("include:com.x.auth?aud=did:web:a.com#s", "include:com.x.auth?aud=did:web:a.com%23s"),
    ("atproto", "atproto"),
    ("transition:generic", "transition:generic"),
    ("transition:email", "transition:email"),
    ("transition:chat.bsky", "transition:chat.bsky"),
];

/// Each means nothing (SC-30).
const INVALID: &[&str] = &[
    "",
    "repo",
    "repo:",
    "repo?",
    "repo:read",
    "repo:app.bsky.*",
    "repo:*?action=*",
    "repo:x.y.z?action=Create",
    "repo:x.y.z?action=",
    "repo:x.y.z?foo=1",
    "repo:x.y.z?collection=a.b.c",
    "repo:x.y.z%20",
    "repo:x.y.z#main",
    "repo:%zz",
    "repo:x.y.z?action=%zz",
    "rpc:*?aud=*",
    "rpc:x.y.z",
    "rpc:x.y.z?aud=did:web:a.com",
    "rpc:x.y.z?aud=did:web:a.com%23",
    "rpc:x.y.z?aud=did:web:a.com%23s&aud=did:web:a.com%23s",
    "rpc:x.y.z?aud=did:web:a.com:path%23s",
    "rpc:x.y.z?aud=did:web:a.com%253A8080%23s",
    "rpc:x.y.z?aud=did:key:z6Mkfoo%23s",
    "rpc:x.y.z?inheritAud=true",
    "rpc:x.y.z?aud=*&inheritAud=true",
    "blob",
    "blob:*",
    "blob:*/png",
    "blob?accept=image/svg+xml",
    "blob:*/*?maxSize=1",
    "account",
    "account:*",
    "account:handle",
    "identity",
    "identity:did",
    "identity:handle?action=manage",
    "identity?attr=handle&attr=*",
    "include",
    "include:*",
    "include:fm.plyr",
    "include:x.y.z?aud=*",
    "include:x.y.z?aud=did:web:a.com",
    "transition:foo",
    "openid",
    "offline_access",
    "ref:abc",
    "space:x.y.z",
    "Atproto",
    "atproto?",
    "repo:x.y.z repo:*",
];

#[test]
fn sec_57_every_vector_parses_and_prints_as_specified() {
    for (written, normal) in VALID {
        let permission: Permission = written.parse().unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(permission.to_string(), *normal, "{written}");
    }
    for written in INVALID {
        assert!(written.parse::<Permission>().is_err(), "{written}");
    }
}

#[test]
fn sec_57_normal_form_is_a_fixed_point_on_the_vectors() {
    for (_, normal) in VALID {
        assert_eq!(normal.parse::<Permission>().unwrap().to_string(), *normal);
    }
}

#[test]
fn sec_57_long_input_is_refused_before_it_is_read() {
    let long = format!("repo:{}", "a".repeat(MAX_LENGTH));
    assert_eq!(long.parse::<Permission>(), Err(InvalidScope::TooLong));
    assert_eq!(long.parse::<Scopes>(), Err(InvalidScopes::TooLong));
    assert_eq!("a ".repeat(MAX_TOKENS + 1).trim_end().parse::<Scopes>(), Err(InvalidScopes::TooMany));
}

#[test]
fn sec_57_the_longest_scopes_are_read_in_no_time() {
    let fill =
        |start: &str, part: &str| start.to_owned() + &part.repeat((MAX_LENGTH - start.len()) / part.len());
    let started = std::time::Instant::now();
    for (start, part) in [
        ("repo?", "&"),
        ("repo?action=create", "&action=create"),
        ("repo?collection=a.b.c", "&collection=a.b.c"),
        ("blob?accept=a/*", "&accept=a/b"),
        ("blob:a/", "%25"),
        ("rpc:*?aud=", "%23"),
        ("account:email?", "action=read&"),
        ("repo?x", "+"),
        ("repo:", "a."),
        ("repo:", "%"),
        ("repo?", "?"),
        ("repo:", ":"),
    ] {
        if let Ok(permission) = fill(start, part).parse::<Permission>() {
            assert!(permission.to_string().len() <= 3 * MAX_LENGTH);
        }
    }
    assert!(
        started.elapsed() < std::time::Duration::from_secs(1),
        "twelve scopes took {:?}",
        started.elapsed()
    );
}

fn rpc<'a>(lxm: &'a str, aud: &'a str) -> Need<'a> {
    Need::Rpc(RpcNeed { lxm, aud })
}

fn repo(collection: &str, action: RepoAction) -> Need<'_> {
    Need::Repo(RepoNeed { collection, action })
}

fn allows(scopes: &str, need: &Need<'_>) -> bool {
    Permissions::of(&scopes.parse().unwrap()).allows(need)
}

#[test]
fn sec_57_match_vectors() {
    let bsky = "did:web:api.bsky.app#bsky_appview";
    assert!(allows("transition:generic", &rpc("app.bsky.x", bsky)));
    assert!(!allows("transition:generic", &rpc("chat.bsky.x", bsky)));
    assert!(!allows("transition:generic", &rpc("*", bsky)), "SC-21");
    assert!(!allows("transition:chat.bsky", &rpc("chat.bsky.x", bsky)), "SC-23");
    assert!(allows("transition:chat.bsky transition:generic", &rpc("chat.bsky.x", bsky)));
    assert!(allows("transition:chat.bsky transition:generic", &rpc("*", bsky)));
    assert!(!allows("transition:generic", &Need::Identity(IdentityNeed { attr: IdentityAttr::Handle })));
    assert!(!allows("repo:a.b.c?action=create", &repo("a.b.c", RepoAction::Update)));
    assert!(allows("repo:a.b.c?action=create repo:a.b.c?action=update", &repo("a.b.c", RepoAction::Update)));
    assert!(allows("blob:image/*", &Need::Blob(BlobNeed { mime: "image/png" })));
    assert!(allows("blob:image/*", &Need::Blob(BlobNeed { mime: "IMAGE/PNG" })), "SC-16");
    assert!(!allows("blob:image/*", &Need::Blob(BlobNeed { mime: "video/mp4" })));
    let email = |action| Need::Account(AccountNeed { attr: AccountAttr::Email, action });
    assert!(allows("account:email?action=manage", &email(AccountAction::Read)));
    assert!(allows("transition:email", &email(AccountAction::Read)));
    assert!(!allows("transition:email", &email(AccountAction::Manage)));
    assert!(allows("identity:*", &Need::Identity(IdentityNeed { attr: IdentityAttr::Handle })));
    assert!(!allows("identity:handle", &Need::Identity(IdentityNeed { attr: IdentityAttr::Any })));
    assert!(!allows("atproto include:a.b.auth", &repo("a.b.c", RepoAction::Create)), "PS-22");
    assert!(!allows("atproto", &repo("a.b.c", RepoAction::Create)), "SC-20");
}

#[test]
fn sec_43_case_of_an_authority_changes_no_decision() {
    let chat = "did:web:api.bsky.chat#bsky_chat";
    for lxm in ["Chat.Bsky.convo.getLog", "chat.bsky.Convo", "CHAT.BSKY.convo.getLog"] {
        assert!(!allows("transition:generic", &rpc(lxm, chat)), "{lxm}");
    }
    assert!(allows("repo:FM.plyr.track", &repo("fm.plyr.track", RepoAction::Create)));
    assert!(!allows("repo:fm.plyr.Track", &repo("fm.plyr.track", RepoAction::Create)));
}

#[test]
fn sec_44_a_call_without_a_method_needs_an_explicit_wildcard() {
    let aud = "did:web:api.example.com#s";
    assert!(!allows("transition:generic", &rpc("*", aud)));
    assert!(!allows("rpc:a.b.c?aud=*", &rpc("*", aud)));
    assert!(allows("rpc:*?aud=did:web:api.example.com%23s", &rpc("*", aud)));
}

#[test]
fn a_bare_did_is_matched_by_the_wildcard_only_and_the_refusal_says_so() {
    let held = Permissions::of(&"rpc:a.b.c?aud=did:web:x.com%23s".parse().unwrap());
    let considered = held.considered(&rpc("a.b.c", "did:web:x.com"));
    assert_eq!(
        considered.first().unwrap().why_not,
        "audience did:web:x.com is not granted, did:web:x.com#s is; ask for `did#serviceId`: only `aud=*` covers a \
         DID without a service"
    );
    assert!(allows("rpc:a.b.c?aud=*", &rpc("a.b.c", "did:web:x.com")));
}

#[test]
fn what_is_missing_is_named_as_a_scope() {
    assert_eq!(repo("x.y.z", RepoAction::Create).to_string(), "repo:x.y.z?action=create");
    assert_eq!(rpc("x.y.z", "did:web:x.com#s").to_string(), "rpc:x.y.z?aud=did:web:x.com%23s");
    assert_eq!(rpc("a b", "c d").to_string(), "rpc:a%20b?aud=c+d");
    assert_eq!(Need::Blob(BlobNeed { mime: "image/svg+xml" }).to_string(), "blob:image/svg+xml");
}

#[test]
fn an_error_tells_its_author_what_to_do() {
    let error = "repo:read".parse::<Permission>().unwrap_err().to_string();
    assert!(error.starts_with("`read` is not a collection NSID"), "{error}");
    assert!(error.contains("without any scope"), "{error}");
}

#[test]
fn lists_compare_by_meaning() {
    let declared: Scopes = "atproto repo?collection=a.b.c blob:image/png".parse().unwrap();
    let asked: Scopes = "repo:a.b.c atproto".parse().unwrap();
    assert!(asked.is_subset(&declared));
    assert_eq!(declared.difference(&asked).as_str(), "blob:image/png");
    assert_eq!(asked.union(&declared).as_str(), "repo:a.b.c atproto blob:image/png");
    assert_eq!("z atproto repo:bad".parse::<Scopes>().unwrap().known().as_str(), "atproto");
    let json = serde_json::to_string(&asked).unwrap();
    assert_eq!(serde_json::from_str::<Scopes>(&json).unwrap(), asked);
    assert!(serde_json::from_str::<Scopes>("\"a  b\"").is_err());
}

/// Texts that are close to scopes: parts of the grammar in any order.
fn scope_like() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        prop::sample::select(VALID).prop_map(|(written, _)| written.to_owned()),
        prop::sample::select(INVALID).prop_map(ToString::to_string),
        prop::sample::select(
            &[
                "repo",
                "rpc",
                "blob",
                "account",
                ":",
                "?",
                "&",
                "=",
                "%",
                "%2",
                "%25",
                "%23",
                "%2B",
                "+",
                "*",
                "/",
                ".",
                "#",
                "collection",
                "action",
                "lxm",
                "aud",
                "accept",
                "attr",
                "create",
                "a.b.c",
                "image/png",
                "did:web:a.com#s",
            ][..]
        )
        .prop_map(ToString::to_string),
        "[!-~]{0,6}",
    ];
    prop::collection::vec(part, 1..8).prop_map(|parts| parts.concat())
}

/// Scopes that mean something, in odd spellings.
fn valid_scope() -> impl Strategy<Value = String> {
    let nsid = prop::sample::select(&["a.b.c", "A.b.c", "com.example.note", "*", "chat.bsky.x"][..]);
    let action = prop::sample::select(&["create", "update", "delete"][..]);
    let accept = prop::sample::select(
        &[
            "image/png",
            "IMAGE/*",
            "*/*",
            "image/svg%2Bxml",
            "a/b%2525",
            "text/plain;x=1",
            "video/*",
            "a/%21",
            "a/*",
        ][..],
    );
    let aud =
        prop::sample::select(&["did:web:a.com%23s", "did:web:localhost%253A1%23s", "did:web:b.com#t"][..]);
    let list = |name: &'static str, values: Vec<&str>| {
        values.iter().map(|value| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    };
    prop_oneof![
        (prop::collection::vec(nsid.clone(), 1..4), prop::collection::vec(action, 0..4)).prop_map(
            move |(collections, actions)| {
                format!("repo?{}&{}", list("collection", collections), list("action", actions))
            }
        ),
        (prop::collection::vec(nsid, 1..4), aud)
            .prop_map(move |(methods, aud)| { format!("rpc?{}&aud={aud}", list("lxm", methods)) }),
        prop::collection::vec(accept, 1..5)
            .prop_map(move |accept| format!("blob?{}", list("accept", accept))),
        prop::sample::select(VALID).prop_map(|(written, _)| written.to_owned()),
    ]
}

fn any_need() -> impl Strategy<Value = (String, RepoAction, u8)> {
    let text = prop::sample::select(
        &["a.b.c", "com.example.note", "chat.bsky.x", "image/png", "video/mp4", "*", "", "fm.plyr.track"][..],
    );
    let action = prop::sample::select(&RepoAction::ALL[..]);
    (text.prop_map(ToString::to_string), action, 0..4_u8)
}

fn as_need((text, action, kind): &(String, RepoAction, u8)) -> Need<'_> {
    match kind {
        0 => repo(text, *action),
        1 => rpc(text, "did:web:a.com#s"),
        2 => Need::Blob(BlobNeed { mime: text }),
        _ => Need::Account(AccountNeed { attr: AccountAttr::Email, action: AccountAction::Read }),
    }
}

fn list(scopes: &[String]) -> Scopes {
    Scopes::from_tokens(scopes).unwrap()
}

proptest! {
    #[test]
    fn sec_57_nothing_panics(text in ".{0,64}") {
        let _ = text.parse::<Permission>().map(|permission| (permission.to_string(), sentences(&permission)));
        let _ = text.parse::<Scopes>();
        let _ = Syntax::parse(&text);
    }

    #[test]
    fn sec_57_normal_form_is_idempotent(text in scope_like()) {
        if let Ok(permission) = text.parse::<Permission>() {
            let normal = permission.to_string();
            let again: Permission = normal.parse().expect("a normal form parses");
            prop_assert_eq!(again.to_string(), normal);
        }
    }

    #[test]
    fn sec_57_normal_form_of_a_valid_scope_is_one_token_with_the_same_meaning(
        text in valid_scope(), need in any_need(),
    ) {
        let permission: Permission = text.parse().expect("valid by construction");
        let normal = permission.to_string();
        prop_assert!(Scopes::from_tokens([&normal]).is_ok());
        prop_assert_eq!(&normal.parse::<Permission>().unwrap().to_string(), &normal);
        prop_assert_eq!(allows(&normal, &as_need(&need)), allows(&text, &as_need(&need)));
    }

    #[test]
    fn adding_scopes_never_takes_a_permission_away(
        some in prop::collection::vec(valid_scope(), 0..4),
        more in prop::collection::vec(valid_scope(), 0..4),
        need in any_need(),
    ) {
        let need = as_need(&need);
        let (some, more) = (list(&some), list(&more));
        if Permissions::of(&some).allows(&need) {
            prop_assert!(Permissions::of(&some.union(&more)).allows(&need));
        }
    }

    #[test]
    fn an_index_changes_no_answer(
        scopes in prop::collection::vec(prop_oneof![valid_scope(), scope_like()], 0..12),
        needs in prop::collection::vec(any_need(), 1..8),
    ) {
        let held: Permissions = scopes.iter().map(String::as_str).collect();
        for need in &needs {
            let need = as_need(need);
            prop_assert_eq!(held.allows(&need), held.granted_by(&need).is_some(), "{} of {:?}", need, scopes);
        }
        // Whatever a list names it is asked for, too.
        for need in scopes.iter().filter_map(|scope| scope.parse::<Permission>().ok()).collect::<Vec<_>>().iter().flat_map(Permission::needs) {
            prop_assert_eq!(held.allows(&need), held.granted_by(&need).is_some(), "{} of {:?}", need, scopes);
        }
    }

    #[test]
    fn lists_keep_the_laws_of_sets(
        a in prop::collection::vec(valid_scope(), 0..5),
        b in prop::collection::vec(valid_scope(), 0..5),
    ) {
        let (a, b) = (list(&a), list(&b));
        prop_assert!(a.is_subset(&a.union(&b)) && b.is_subset(&a.union(&b)));
        prop_assert!(a.intersection(&b).is_subset(&a) && a.intersection(&b).is_subset(&b));
        prop_assert!(a.difference(&b).intersection(&b).is_empty());
        prop_assert!(a.is_subset(&a.difference(&b).union(&a.intersection(&b))));
        prop_assert_eq!(a.is_subset(&b), a.difference(&b).is_empty());
        let once = a.normalized();
        prop_assert_eq!(once.normalized(), once);
    }
}

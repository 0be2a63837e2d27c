//! Permission sets: whatever a document says, what comes of it stays in its bounds.

#![no_main]

use gatewright_protocol::permission_set::{Difference, DropReason, PermissionSet, is_within, lint};
use gatewright_protocol::scope::{Audience, Include, NsidOrAny, Permission, Scopes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(document) = serde_json::from_slice(text) else { return };
    let found = lint(&document);
    let Ok(set) = PermissionSet::from_document(&document) else {
        assert!(!found.errors.is_empty());
        return;
    };
    for shown in [set.title(&["de", "en-GB"]), set.detail(&["pt-BR"])].into_iter().flatten() {
        assert!(!shown.is_empty() && !shown.chars().any(char::is_control));
    }
    let expansions = [None, Audience::parse("did:web:a.com#s")]
        .map(|aud| set.expand(&Include { nsid: set.nsid().clone(), aud }));
    for expansion in &expansions {
        for entry in &expansion.granted {
            let scope = entry.permission.to_string();
            assert!(Scopes::from_tokens([&scope]).is_ok(), "one token");
            assert_eq!(scope.parse::<Permission>().expect("a scope").to_string(), scope, "in normal form");
            let names = match &entry.permission {
                Permission::Repo(repo) => &repo.collection,
                Permission::Rpc(rpc) => &rpc.lxm,
                other => panic!("{other:?} in a set"),
            };
            assert!(names.iter().map(NsidOrAny::as_str).all(|name| is_within(set.nsid(), name)));
        }
        assert!(expansion.scopes().as_str().parse::<Scopes>().is_ok(), "one scope value");
    }
    let [plain, with_service] = &expansions;
    let room = with_service.dropped.iter().all(|dropped| dropped.reason != DropReason::NoRoom);
    let difference = Difference::between(&plain.scopes(), &with_service.scopes());
    assert!(!room || difference.removed.is_empty(), "a service that is named takes nothing away");
});

//! Consent pages worth looking at.

use std::sync::Arc;

use gatewright_protocol::permission_set::PermissionSet;
use gatewright_protocol::scope::{Include, Permission, Scopes};
use gatewright_protocol::time::UnixTime;
use gatewright_store::approved_set::ApprovedSet;
use gatewright_store::consent::Consent;
use serde_json::{Value, json};

use super::*;
use crate::operations::FoundSet;
use crate::pages::{Sampled, Shell};
use crate::permission_sets::KnownSet;

impl<'a> Sampled<'a> for ConsentPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let returning = |client, scopes: &str, redirect: &str, consent: Option<Consent>| {
            let scopes = scopes.parse().unwrap();
            let offer = Offer::of(&scopes, &found(), consent.as_ref()).unwrap();
            // A sample lives as long as the test.
            let offer: &'static Offer = Box::leak(Box::new(offer));
            Self {
                shell,
                hidden: Hidden::sample(),
                client,
                account: AccountName::sample("alice.test"),
                offer,
                list: PermissionList::of(offer, shell.locale),
                destination: Destination::new(&redirect.parse().unwrap()),
                expected: None,
                picker: Some("/oauth/authorize/account?client_id=a&request_uri=b"),
                refused: None,
            }
        };
        let page = |client, scopes: &str, redirect: &str| returning(client, scopes, redirect, None);
        let host = ClientName::sample_host;
        let callback = "https://notes.example.com/callback";
        vec![
            (
                "notes",
                page(
                    host(),
                    "atproto repo:com.example.note?action=create blob:image/* \
                     rpc:app.bsky.feed.getTimeline?aud=did:web:api.bsky.app%23bsky_appview account:email",
                    callback,
                ),
            ),
            ("identity_only", page(ClientName::Device, "atproto", "http://127.0.0.1:4711/")),
            (
                "loud",
                page(
                    ClientName::sample_url(),
                    "atproto repo:* rpc:*?aud=did:web:api.example.com%23all rpc:com.example.ping?aud=* identity:* \
                     account:email?action=manage account:repo?action=manage blob:*/*",
                    "com.example.reader:/callback",
                ),
            ),
            (
                "transition",
                page(
                    ClientName::sample_trusted(),
                    "atproto transition:generic transition:chat.bsky transition:email",
                    callback,
                ),
            ),
            (
                "many",
                page(
                    ClientName::sample_url(),
                    "atproto repo:com.example.a?action=create&action=update \
                     repo?collection=com.example.b&collection=com.example.averyveryverylongname.withmanyparts.indeedVeryLong \
                     repo:org.example.elsewhere blob?accept=image/png&accept=video/* identity:handle \
                     include:com.example.authUntitled",
                    "https://xn--pple-43d.example.com/callback",
                ),
            ),
            ("sets", page(host(), SETS, callback)),
            ("returning", returning(host(), SETS, callback, Some(grown()))),
            ("nothing_new", returning(host(), "atproto blob:image/*", callback, Some(grown()))),
            (
                "undecided",
                Self {
                    refused: Some(ConsentRefused::Undecided),
                    expected: Some("alice.test"),
                    picker: None,
                    ..page(host(), "atproto", callback)
                },
            ),
            (
                "sets_changed",
                Self {
                    refused: Some(ConsentRefused::SetsChanged),
                    ..page(host(), "atproto include:fm.plyr.authFullApp", callback)
                },
            ),
        ]
    }
}

const SETS: &str = "atproto blob:*/* include:fm.plyr.authFullApp \
                    include:com.example.authNotes?aud=did:web:api.example.com%23notes";

/// What was approved before the first set grew.
fn grown() -> Consent {
    let granted = "repo?collection=fm.plyr.comment&collection=fm.plyr.like&collection=fm.plyr.track";
    let set = ApprovedSet {
        include: "include:fm.plyr.authFullApp".to_owned(),
        version: "an earlier one".to_owned(),
        granted: granted.parse().unwrap(),
        declined: "repo:fm.plyr.list".parse().unwrap(),
        held: Scopes::empty(),
    };
    Consent {
        account: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap(),
        client: "https://notes.example.com/oauth-client-metadata.json".parse().unwrap(),
        approved: "atproto blob:*/* include:fm.plyr.authFullApp".parse().unwrap(),
        declined: Scopes::empty(),
        sets: vec![set],
        decided_at: UnixTime::from_seconds(1_785_542_400),
    }
}

/// The sets of the samples.
pub(in crate::pages) fn found() -> Vec<FoundSet> {
    let sets = [
        ("include:fm.plyr.authFullApp", full_app()),
        ("include:com.example.authNotes?aud=did:web:api.example.com%23notes", notes()),
        ("include:com.example.authUntitled", untitled()),
    ];
    sets.into_iter().map(|(scope, document)| found_set(scope, &document)).collect()
}

fn found_set(scope: &str, document: &Value) -> FoundSet {
    let Ok(Permission::Include(include)) = scope.parse::<Permission>() else { panic!("{scope}") };
    let known = KnownSet {
        set: PermissionSet::from_document(document).unwrap(),
        cid: format!("cid-of-{}", Include::clone(&include).nsid),
        rev: "3l3qo2vutsw2b".to_owned(),
        resolved_at: UnixTime::from_seconds(0),
    };
    FoundSet { scope: scope.to_owned(), include, known: Ok(Arc::new(known)) }
}

fn full_app() -> Value {
    let collections =
        ["track", "like", "comment", "list", "actor.profile"].map(|name| format!("fm.plyr.{name}"));
    json!({"lexicon": 1, "id": "fm.plyr.authFullApp", "defs": {"main": {
        "type": "permission-set",
        "title": "Full plyr.fm Access",
        "title:lang": {"de": "Voller Zugriff auf plyr.fm", "ja": "plyr.fm のすべての機能"},
        "detail": "Provides full access to all plyr.fm features including uploading and managing tracks, playlists, \
                   likes, and comments.",
        "detail:lang": {
            "de": "Alle Funktionen von plyr.fm: Titel hochladen und verwalten, Playlists, Likes und Kommentare.",
            "ja": "楽曲のアップロードと管理、プレイリスト、いいね、コメントなど、plyr.fm のすべての機能を利用できます。",
        },
        "permissions": [
            {"type": "permission", "resource": "repo", "action": ["create", "update", "delete"],
             "collection": collections},
        ],
    }}})
}

fn notes() -> Value {
    json!({"lexicon": 1, "id": "com.example.authNotes", "defs": {"main": {
        "type": "permission-set",
        "title": "<b>Notes</b> for everybody",
        "permissions": [
            {"type": "permission", "resource": "repo", "collection": ["com.example.note"], "action": ["create"]},
            {"type": "permission", "resource": "rpc", "lxm": ["com.example.search"], "inheritAud": true},
            {"type": "permission", "resource": "rpc", "lxm": ["com.example.ping"], "aud": "*"},
            {"type": "permission", "resource": "blob", "accept": ["image/*"]},
            {"type": "permission", "resource": "repo", "collection": ["app.bsky.feed.post"]},
        ],
    }}})
}

fn untitled() -> Value {
    json!({"lexicon": 1, "id": "com.example.authUntitled", "defs": {"main": {
        "type": "permission-set",
        "permissions": [{"type": "permission", "resource": "repo", "collection": ["org.example.foreign"]}],
    }}})
}

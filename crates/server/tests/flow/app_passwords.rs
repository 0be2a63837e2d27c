//! App passwords.

use gatewright_protocol::app_password::AppPasswordSecret;
use gatewright_store::app_password::AppPasswordStore as _;
use serde_json::{Value, json};

use crate::support::app::public;
use crate::support::browser::Browser;
use crate::support::session::{
    CREATE_APP_PASSWORD, LIST_APP_PASSWORDS, REVOKE_APP_PASSWORD, Session, refusal, refused,
};
use crate::support::{ALICE, ALICE_EMAIL, ALICE_PASSWORD, World};

const REVOKED: (u16, &str, &str) = (400, "ExpiredToken", "Token has been revoked");

async fn list(world: &World) -> Vec<Value> {
    let session = world.session().await;
    let reply = world.xrpc(LIST_APP_PASSWORDS, Some(&session.access), None).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["passwords"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_app_password_is_shown_once_and_begins_a_session_of_its_kind() {
    let world = World::new().await;
    for (privileged, scope) in [(false, "com.atproto.appPass"), (true, "com.atproto.appPassPrivileged")] {
        let name = format!("  bot {privileged} ");
        let reply = world.app_password(json!({"name": name, "privileged": privileged})).await;
        let shown = reply.json();
        assert_eq!((&shown["name"], &shown["privileged"]), (&json!(name.trim()), &json!(privileged)));
        assert_eq!(shown["createdAt"], "2025-06-15T15:06:40.000Z");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let secret = shown["password"].as_str().unwrap();
        secret.parse::<AppPasswordSecret>().unwrap();
        for identifier in [ALICE, "alice.example.net", ALICE_EMAIL] {
            let reply = world.log_in(identifier, secret).await;
            let session = Session::of(&reply);
            assert_eq!(session.claims()["scope"], scope);
            assert_eq!(reply.json()["email"], ALICE_EMAIL, "it may read the address (APP-9)");
            let next = Session::of(&world.refresh_session(&session.refresh).await);
            assert_eq!(next.claims()["scope"], scope, "SESS-17");
        }
        assert_eq!(world.log_in("bob.example.net", secret).await.status, 401, "it is alice's");
        assert_eq!(world.log_in(ALICE, &secret.to_uppercase()).await.status, 401);
    }
    let listed = list(&world).await;
    assert_eq!(listed.len(), 2);
    for row in &listed {
        let mut fields: Vec<_> = row.as_object().unwrap().keys().collect();
        fields.sort_unstable();
        assert_eq!(fields, ["createdAt", "name", "privileged"]);
    }
}

#[tokio::test]
async fn names_are_short_unique_and_said_to_be_wrong() {
    let world = World::new().await;
    world.new_app_password(json!({"name": "bot"})).await;
    let again = world.app_password(json!({"name": " bot "})).await;
    assert_eq!((again.status.as_u16(), refusal(&again).1.as_str()), (400, "DuplicateName"));
    for body in [
        json!({}),
        json!({"name": ""}),
        json!({"name": "   "}),
        json!({"name": "x".repeat(65)}),
        json!({"name": 7}),
        json!({"name": "x", "privileged": "yes"}),
        json!({"name": "x", "expiresAt": "tomorrow"}),
        json!({"name": "x", "expiresAt": "2025-06-15T15:06:40.000Z"}),
        json!({"name": "x", "scope": "a  b"}),
    ] {
        let reply = world.app_password(body.clone()).await;
        assert_eq!((reply.status.as_u16(), refusal(&reply).1.as_str()), (400, "InvalidRequest"), "{body}");
    }
    assert_eq!(list(&world).await.len(), 1);
}

#[tokio::test]
async fn an_account_has_a_hundred_app_passwords_at_most() {
    let world = World::new().await;
    let session = world.session().await;
    let create = async |name: String| {
        world.xrpc(CREATE_APP_PASSWORD, Some(&session.access), Some(&json!({"name": name}))).await
    };
    for number in 0..100 {
        assert_eq!(create(format!("bot {number}")).await.status, 200);
    }
    let reply = create("one more".to_owned()).await;
    assert_eq!((reply.status.as_u16(), refusal(&reply).1.as_str()), (400, "InvalidRequest"));
    let revoke = json!({"name": "bot 7"});
    assert_eq!(world.xrpc(REVOKE_APP_PASSWORD, Some(&session.access), Some(&revoke)).await.status, 200);
    assert_eq!(create("one more".to_owned()).await.status, 200);
}

#[tokio::test]
async fn sec_65_a_revoked_app_password_ends_its_sessions_at_once() {
    let world = World::new().await;
    let secret = world.new_app_password(json!({"name": "bot"})).await;
    let other = world.new_app_password(json!({"name": "other"})).await;
    let bot = Session::of(&world.log_in(ALICE, &secret).await);
    let session = world.session().await;
    // APP-5: unknown names are fine.
    for name in ["bot", "bot", "never was", "", &"x".repeat(100)] {
        let body = json!({"name": name});
        assert_eq!(world.xrpc(REVOKE_APP_PASSWORD, Some(&session.access), Some(&body)).await.status, 200);
    }
    assert_eq!(world.log_in(ALICE, &secret).await.status, 401);
    assert_eq!(refusal(&world.refresh_session(&bot.refresh).await), refused(REVOKED.0, REVOKED.1, REVOKED.2));
    // One of the same name does not bring it back (SESS-17).
    world.new_app_password(json!({"name": "bot"})).await;
    assert_eq!(refusal(&world.refresh_session(&bot.refresh).await), refused(REVOKED.0, REVOKED.1, REVOKED.2));
    assert!(world.is_open(&session).await);
    Session::of(&world.log_in(ALICE, &other).await);
}

#[tokio::test]
async fn sec_64_an_app_password_makes_lists_and_revokes_none() {
    let world = World::new().await;
    for privileged in [false, true] {
        let fields = json!({"name": format!("bot {privileged}"), "privileged": privileged});
        let secret = world.new_app_password(fields).await;
        let bot = Session::of(&world.log_in(ALICE, &secret).await);
        let body = json!({"name": "mine"});
        for (method, body) in [
            (CREATE_APP_PASSWORD, Some(&body)),
            (LIST_APP_PASSWORDS, None),
            (REVOKE_APP_PASSWORD, Some(&body)),
        ] {
            let reply = world.xrpc(method, Some(&bot.access), body).await;
            assert_eq!(refusal(&reply), refused(400, "InvalidToken", "Bad token scope"), "{method}");
        }
    }
    assert_eq!(list(&world).await.len(), 2);
}

#[tokio::test]
async fn sec_64_an_app_password_opens_no_page() {
    let world = World::new().await;
    let secret = world.new_app_password(json!({"name": "bot", "privileged": true})).await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = browser.get(&app.authorize_path(&app.push("atproto").await)).await;
    let refused = browser.sign_in_as(&page, "alice.example.net", &secret, false).await;
    assert_eq!(refused.status, 401);
    let opened = browser.sign_in_as(&refused, "alice.example.net", ALICE_PASSWORD, false).await;
    assert_eq!(opened.status, 200);
}

#[tokio::test]
async fn an_application_never_gets_near_app_passwords() {
    let world = World::new().await;
    let app = public(&world);
    let tokens = app.tokens().await;
    for method in [CREATE_APP_PASSWORD, LIST_APP_PASSWORDS, REVOKE_APP_PASSWORD] {
        let reply = app.call_xrpc(method, &tokens.access).await;
        assert_eq!((reply.status.as_u16(), refusal(&reply).1.as_str()), (403, "Forbidden"), "{method}");
    }
}

#[tokio::test]
async fn scopes_of_an_app_password_are_checked_when_it_is_made() {
    let world = World::new().await;
    for scope in [
        "",
        "repo:read",
        "what:ever",
        "repo:com.example.note what:ever",
        "identity:handle",
        "identity:*",
        "account:email?action=manage",
        "account:repo?action=manage",
        "account:status?action=manage",
        "include:com.example.unresolved",
    ] {
        let reply = world.app_password(json!({"name": "bot", "scope": scope})).await;
        assert_eq!((reply.status.as_u16(), refusal(&reply).1.as_str()), (400, "InvalidScope"), "{scope}");
    }
    assert!(list(&world).await.is_empty());
    let scope = "repo:com.example.note?action=create account:email blob:image/* rpc:com.example.x?aud=*";
    let expires_at = "2025-06-15T16:06:40.500Z";
    let fields = json!({"name": "bot", "scope": scope, "expiresAt": expires_at});
    let shown = world.app_password(fields).await.json();
    assert_eq!((&shown["scope"], &shown["expiresAt"]), (&json!(scope), &json!(expires_at)));
    let listed = list(&world).await;
    assert_eq!((&listed[0]["scope"], &listed[0]["expiresAt"]), (&json!(scope), &json!(expires_at)));
}

#[tokio::test]
async fn sec_48_a_scoped_app_password_sees_the_address_only_where_it_is_scoped_to() {
    let world = World::new().await;
    for (scope, sees) in [("repo:*", false), ("repo:* account:email", true), ("transition:email", true)] {
        let secret = world.new_app_password(json!({"name": scope, "scope": scope})).await;
        let first = world.log_in(ALICE, &secret).await;
        let session = Session::of(&first);
        let second = world.refresh_session(&session.refresh).await;
        for reply in [first, second] {
            for field in ["email", "emailConfirmed", "emailAuthFactor"] {
                assert_eq!(reply.json().get(field).is_some(), sees, "{scope} {field}");
            }
        }
    }
}

#[tokio::test]
async fn an_app_password_that_ends_takes_everything_along() {
    let world = World::new().await;
    // 1.5 s from now: ends are told in whole seconds, and kept to the millisecond.
    let fields = json!({"name": "bot", "expiresAt": "2025-06-15T15:06:41.500Z"});
    let secret = world.new_app_password(fields).await;
    let session = Session::of(&world.log_in(ALICE, &secret).await);
    assert_eq!(session.claims()["exp"], 1_750_000_002);
    world.clock.advance(std::time::Duration::from_millis(1499));
    let next = Session::of(&world.refresh_session(&session.refresh).await);
    world.clock.advance(std::time::Duration::from_millis(1));
    assert_eq!(world.log_in(ALICE, &secret).await.status, 401);
    for refresh in [&session.refresh, &next.refresh] {
        assert_eq!(refusal(&world.refresh_session(refresh).await), refused(REVOKED.0, REVOKED.1, REVOKED.2));
    }
    assert!(list(&world).await.is_empty());
    world.new_app_password(json!({"name": "bot"})).await;
}

#[tokio::test]
async fn the_last_use_is_kept_for_the_owner_by_product_and_network() {
    let world = World::new().await;
    let secret = world.new_app_password(json!({"name": "bot"})).await;
    let last_use = async || {
        let listed = world.store.list_app_passwords(&ALICE.parse().unwrap()).await.unwrap();
        listed[0].last_use.clone()
    };
    assert_eq!(last_use().await, None);
    let session = Session::of(&world.log_in(ALICE, &secret).await);
    let first = last_use().await.expect("it was used");
    assert_eq!((first.client.as_deref(), first.network.as_deref()), (Some("testbot"), Some("192.0.2.0/24")));
    world.clock.seconds(100);
    world.refresh_session(&session.refresh).await;
    let second = last_use().await.expect("it was used");
    assert_eq!(second.at.since(first.at).as_secs(), 100);
}

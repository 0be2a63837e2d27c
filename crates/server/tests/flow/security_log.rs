//! The log in which people see what happened to their account.

use gatewright_store::security_event::SecurityEventStore as _;
use serde_json::{Value, json};

use crate::app_password_page::signed_in;
use crate::factors::with_totp;
use crate::support::app::{Tokens, public};
use crate::support::browser::Browser;
use crate::support::session::{CREATE_SESSION, REFRESH_SESSION, Session};
use crate::support::{ALICE, ALICE_PASSWORD, BOB, BOB_PASSWORD, World};

const PAGE: &str = "/account/security-log";
const DOWNLOAD: &str = "/account/security-log/events.json";

/// The log as a program gets it, oldest first.
async fn download(browser: &mut Browser<'_>) -> Vec<Value> {
    let reply = browser.get(DOWNLOAD).await;
    reply.assert_ok();
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"security-log.json\""));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let mut events = reply.json()["events"].as_array().unwrap().clone();
    events.reverse();
    events
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

fn find<'e>(events: &'e [Value], kind: &str) -> &'e Value {
    events.iter().find(|event| event["event"] == kind).unwrap_or_else(|| panic!("{kind}: {events:#?}"))
}

#[tokio::test]
async fn sec_71_an_owner_sees_what_happened() {
    let world = World::new().await;
    let mut app = public(&world);
    app.address = Some("192.0.2.9:1".parse().unwrap());
    let tokens = app.tokens().await;
    let refused = app.call_xrpc("com.atproto.server.createAppPassword", &tokens.access).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    app.call_xrpc("com.atproto.server.createAppPassword", &tokens.access).await;
    let tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    let secret = world.new_app_password(json!({"name": "bot", "scope": "repo:com.example.note"})).await;
    let session = Session::of(&world.log_in(ALICE, &secret).await);
    let session = Session::of(&world.refresh_session(&session.refresh).await);
    world.clock.seconds(60);
    let mut browser = signed_in(&world, "alice.example.net", ALICE_PASSWORD).await;
    let events = download(&mut browser).await;
    assert_eq!(
        kinds(&events),
        ["sign-in", "grant", "password-session", "app-password-created", "app-password-used", "sign-in"],
        "nothing moved, and what was refused without scopes is no refused scope: {events:#?}"
    );
    let grant = find(&events, "grant");
    assert_eq!(grant["client"], app.id);
    assert_eq!(grant["network"], "192.0.2.0/24");
    assert_eq!(grant["scope"], tokens.scope);
    let used = find(&events, "app-password-used");
    assert_eq!(
        (&used["subject"], &used["client"], &used["network"]),
        (&json!("bot"), &json!("testbot"), &json!("192.0.2.0/24"))
    );
    assert_eq!(find(&events, "app-password-created")["scope"], "repo:com.example.note");
    app.address = Some("198.51.100.9:1".parse().unwrap());
    let tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    // The same network, as far as a person is told.
    app.address = Some("198.51.100.77:1".parse().unwrap());
    app.refresh(&tokens.refresh).await.assert_ok();
    world.xrpc_from("203.0.113.4:2", REFRESH_SESSION, Some(&session.refresh), None).await.assert_ok();
    let events = download(&mut browser).await;
    let moved: Vec<_> = events.iter().filter(|event| event["event"] == "new-network").collect();
    assert_eq!(
        moved.iter().map(|event| (&event["client"], &event["network"])).collect::<Vec<_>>(),
        [(&json!(app.id), &json!("198.51.100.0/24")), (&json!("testbot"), &json!("203.0.113.0/24"))]
    );
    let page = browser.get(PAGE).await;
    page.assert_ok();
    for said in [
        "An application was given access",
        "Signed in with the app password <bdi>bot</bdi>",
        "Access was renewed from a network not seen before",
        "<dd translate=\"no\">198.51.100.0/24</dd>",
        "Create <bdi>com.example.note</bdi> records",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    for secret in [&secret, &tokens.access, &tokens.refresh, &session.access, &session.refresh] {
        assert!(!page.text.contains(secret.as_str()));
        assert!(!format!("{events:?}").contains(secret.as_str()));
    }
}

#[tokio::test]
async fn sec_71_a_wrong_second_factor_after_the_right_password_is_told() {
    let world = World::new().await;
    let (mut browser, _) = with_totp(&world).await;
    let body = json!({
        "identifier": ALICE, "password": ALICE_PASSWORD, "authFactorToken": "000000",
    });
    assert_eq!(world.xrpc_from("203.0.113.4:2", CREATE_SESSION, None, Some(&body)).await.status, 401);
    let body = json!({ "identifier": ALICE, "password": "wrong", "authFactorToken": "000000" });
    assert_eq!(world.xrpc_from("203.0.113.5:2", CREATE_SESSION, None, Some(&body)).await.status, 401);
    let events = download(&mut browser).await;
    assert_eq!(kinds(&events).iter().filter(|kind| **kind == "factor-wrong").count(), 1, "{events:#?}");
    assert_eq!(find(&events, "factor-wrong")["network"], "203.0.113.0/24");
    assert_eq!(find(&events, "factor-added")["client"], "Mozilla/5.0 (test)");
}

#[tokio::test]
async fn sec_71_a_log_is_its_owners_alone() {
    let world = World::new().await;
    public(&world).tokens().await;
    let mut bob = signed_in(&world, "bob.example.net", BOB_PASSWORD).await;
    for path in [format!("{DOWNLOAD}?account={ALICE}"), DOWNLOAD.to_owned()] {
        let reply = bob.get(&path).await;
        reply.assert_ok();
        assert_eq!(reply.json()["account"], BOB, "an account that is not signed in here is not shown");
        assert_eq!(reply.json()["events"].as_array().unwrap().len(), 1);
    }
    let mut nobody = Browser::new(&world);
    for path in [PAGE, DOWNLOAD] {
        let reply = nobody.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.header("location")), (303, Some("/account")));
    }
    let noted = world.store.list_security_events(&ALICE.parse().unwrap()).await.unwrap();
    assert_eq!(noted.len(), 2, "{noted:?}");
}

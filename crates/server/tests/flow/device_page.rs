//! The page on which people see where they are signed in.

use gatewright_store::app_password::AppPasswordStore as _;
use gatewright_store::device::DeviceStore as _;
use gatewright_store::legacy_session::LegacySessionStore as _;
use gatewright_store::token::TokenStore as _;
use serde_json::json;

use crate::app_password_page::signed_in;
use crate::support::app::{public, replaced};
use crate::support::browser::{Browser, PageForm, form_of, forms, location};
use crate::support::machine::Reply;
use crate::support::session::Session;
use crate::support::{ALICE, ALICE_PASSWORD, BOB, BOB_PASSWORD, World};

const PAGE: &str = "/account/devices";
const SIGN_OUT: &str = "/account/devices/sign-out";
const SIGN_OUT_OTHERS: &str = "/account/devices/sign-out-others";
const END_SESSION: &str = "/account/devices/end-session";

async fn alice(world: &World) -> Browser<'_> {
    signed_in(world, "alice.example.net", ALICE_PASSWORD).await
}

/// A browser in which alice signed in without being remembered.
async fn alice_once(world: &World) -> Browser<'_> {
    let mut browser = Browser::new(world);
    let form = form_of(&browser.get("/account").await, "/account/sign-in");
    let fields = replaced(form.fields, "identifier", "alice.example.net");
    location(&browser.post(&form.action, &replaced(fields, "password", ALICE_PASSWORD)).await);
    browser
}

async fn send(browser: &mut Browser<'_>, form: &PageForm) -> Reply {
    browser.post(&form.action, &form.fields).await
}

async fn sign_ins(world: &World) -> usize {
    world.store.list_sign_ins(&ALICE.parse().unwrap()).await.unwrap().len()
}

async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    !browser.get("/account").await.text.contains("name=\"password\"")
}

/// Presses the first form of this action until there is none; how many there were.
async fn press_all(browser: &mut Browser<'_>, page: &str, action: &str) -> usize {
    for pressed in 0.. {
        let shown = browser.get(page).await;
        shown.assert_ok();
        let Some(form) = forms(&shown.text).into_iter().find(|form| form.action == action) else {
            return pressed;
        };
        location(&send(browser, &form).await);
    }
    unreachable!()
}

#[tokio::test]
async fn sec_71_whatever_acts_for_an_account_is_listed_and_ended_by_page() {
    let world = World::new().await;
    let did = ALICE.parse().unwrap();
    let mut grants = Vec::new();
    let public = public(&world);
    for app in [&public, &public, &public] {
        grants.push((app, app.tokens().await));
    }
    let mut others = [alice(&world).await, alice(&world).await, alice_once(&world).await];
    let mut passwords = Vec::new();
    for name in ["bot", "other"] {
        passwords.push(world.new_app_password(json!({"name": name})).await);
        Session::of(&world.log_in(ALICE, passwords.last().unwrap()).await);
    }
    let mut here = alice(&world).await;
    // Every browser that approved something signed in too, and each app password was made in a password session.
    let listed = here.get(PAGE).await;
    let devices = sign_ins(&world).await;
    assert_eq!(listed.text.matches("id=\"device-").count(), devices, "{}", listed.text);
    let sessions = world.store.list_legacy_sessions(&did).await.unwrap().len();
    assert_eq!(listed.text.matches("id=\"session-").count(), sessions, "{}", listed.text);
    for said in ["With the app password <bdi>bot</bdi>", "With your password", "This one"] {
        assert!(listed.text.contains(said), "{said}: {}", listed.text);
    }
    assert_eq!(press_all(&mut here, "/account", "/account/end-session").await, grants.len());
    for (app, tokens) in &grants {
        assert!(!app.is_alive(tokens).await);
    }
    assert!(world.store.list_tokens(&did).await.unwrap().is_empty());
    assert_eq!(press_all(&mut here, PAGE, SIGN_OUT).await, devices - 1);
    for other in &mut others {
        assert!(!is_signed_in(other).await);
    }
    assert_eq!(press_all(&mut here, PAGE, END_SESSION).await, sessions);
    assert!(world.store.list_legacy_sessions(&did).await.unwrap().is_empty());
    assert_eq!(press_all(&mut here, "/account/app-passwords", "/account/app-passwords/revoke").await, 2);
    assert!(world.store.list_app_passwords(&did).await.unwrap().is_empty());
    for secret in &passwords {
        assert_eq!(world.log_in(ALICE, secret).await.status, 401);
    }
    assert!(is_signed_in(&mut here).await, "this browser ends itself last");
    let this = form_of(&here.get(PAGE).await, "/account/sign-out");
    location(&send(&mut here, &this).await);
    assert!(!is_signed_in(&mut here).await && sign_ins(&world).await == 0);
}

#[tokio::test]
async fn sec_71_all_others_are_signed_out_at_once_and_this_one_stays() {
    let world = World::new().await;
    let mut others = [alice(&world).await, alice_once(&world).await];
    let mut bob = signed_in(&world, "bob.example.net", BOB_PASSWORD).await;
    let mut here = alice(&world).await;
    let form = form_of(&here.get(PAGE).await, SIGN_OUT_OTHERS);
    let sent = send(&mut here, &form).await;
    let page = here.get(&location(&sent)).await;
    assert!(page.text.contains("on all devices but this one"), "{}", page.text);
    assert_eq!(page.text.matches("id=\"device-").count(), 1);
    assert!(!page.text.contains(SIGN_OUT_OTHERS), "there is no other");
    for other in &mut others {
        assert!(!is_signed_in(other).await);
    }
    assert!(is_signed_in(&mut here).await && is_signed_in(&mut bob).await);
}

#[tokio::test]
async fn a_device_is_described_by_what_it_is_and_when_it_came() {
    let world = World::new().await;
    let mut phone = Browser::new(&world);
    phone.user_agent =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Safari/604.1".to_owned();
    let form = form_of(&phone.get("/account").await, "/account/sign-in");
    let fields = replaced(form.fields, "identifier", "alice.example.net");
    location(&phone.post(&form.action, &replaced(fields, "password", ALICE_PASSWORD)).await);
    world.clock.seconds(10 * 60);
    let mut here = alice(&world).await;
    let page = here.get(PAGE).await;
    let (this, other) = page.text.split_once("id=\"device-2\"").unwrap();
    assert!(this.contains("This one") && this.contains("2025-06-15 15:16 UTC"), "{this}");
    for said in ["<bdi>Safari</bdi> on <bdi>iPhone</bdi>", "2025-06-15 15:06 UTC", "Not remembered"] {
        assert!(other.contains(said), "{said}: {other}");
    }
    // What is not remembered is over soon, swept or not.
    world.clock.seconds(6 * 60);
    let page = here.get(PAGE).await;
    assert!(!page.text.contains("iPhone") && sign_ins(&world).await == 2, "{}", page.text);
}

#[tokio::test]
async fn nobody_signs_out_somebody_else() {
    let world = World::new().await;
    let mut own = [alice(&world).await, alice(&world).await];
    let session = world.session().await;
    let page = own[0].get(PAGE).await;
    let mut bob = signed_in(&world, "bob.example.net", BOB_PASSWORD).await;
    let csrf = form_of(&bob.get(PAGE).await, "/account/sign-out").fields;
    let csrf = csrf.into_iter().find(|(name, _)| name == "csrf").unwrap().1;
    for action in [SIGN_OUT, SIGN_OUT_OTHERS, END_SESSION] {
        let form = form_of(&page, action);
        for account in [BOB, ALICE] {
            let fields = replaced(replaced(form.fields.clone(), "csrf", &csrf), "account", account);
            let reply = bob.post(action, &fields).await;
            assert!([303, 403].contains(&reply.status.as_u16()), "{action}: {}", reply.status);
        }
        own[0].post(action, &replaced(form.fields.clone(), "csrf", "")).await;
        if action != SIGN_OUT_OTHERS {
            let broken = replaced(replaced(form.fields.clone(), "device", "AAAA"), "session", "ses-00");
            own[0].post(action, &broken).await;
        }
        own[0].extra = vec![("sec-fetch-site", "cross-site".to_owned())];
        assert_eq!(send(&mut own[0], &form).await.status, 403, "{action}");
        own[0].extra = Vec::new();
        assert_eq!(own[0].get(action).await.status, 405, "{action}");
    }
    assert!(world.is_open(&session).await);
    for browser in &mut own {
        assert!(is_signed_in(browser).await);
    }
    let ids: Vec<_> = world.store.list_sign_ins(&ALICE.parse().unwrap()).await.unwrap();
    assert!(ids.iter().all(|sign_in| !page.text.contains(&sign_in.device.0)), "no page names a row");
}

//! Passkeys: made on the account page, good in place of a password, as a second factor and before something that matters.

use gatewright_store::factor::FactorStore as _;

use crate::support::app::{App, Form, public, replaced};
use crate::support::browser::{Browser, PageForm, form_of, location, query};
use crate::support::machine::Reply;
use crate::support::passkey::Device;
use crate::support::session::{CREATE_SESSION, refusal};
use crate::support::{ALICE, ALICE_PASSWORD, BOB_PASSWORD, World};

const BROAD: &str = "atproto transition:generic";

async fn send(browser: &mut Browser<'_>, form: &PageForm, action: &str, more: &[(&str, &str)]) -> Reply {
    let fields: Form = more.iter().fold(form.fields.clone(), |form, (name, value)| {
        let mut form = replaced(form, name, "");
        form.push(((*name).to_owned(), (*value).to_owned()));
        form
    });
    browser.post(action, &fields).await
}

async fn own_sign_in(browser: &mut Browser<'_>, name: &str, password: &str) -> Reply {
    let page = browser.get("/account").await;
    let form = form_of(&page, "/account/sign-in");
    let fields = [("identifier", name), ("password", password), ("remember", "on")];
    send(browser, &form, &form.action, &fields).await
}

/// The page that asks a browser to make a passkey.
async fn offer(browser: &mut Browser<'_>) -> Reply {
    let page = browser.get("/account/factors").await;
    let form = form_of(&page, "/account/factors/passkey");
    let page = browser.post(&form.action, &form.fields).await;
    page.assert_ok();
    page
}

async fn confirm(browser: &mut Browser<'_>, page: &Reply, answer: &str) -> Reply {
    let form = form_of(page, "/account/factors/passkey/confirm");
    send(browser, &form, &form.action, &[("passkey", answer), ("name", " My phone ")]).await
}

/// A browser in which somebody signed in with a password, and the passkey that they made there.
async fn with_passkey<'w>(world: &'w World, name: &str, password: &str, id: u8) -> (Browser<'w>, Device) {
    let mut browser = Browser::new(world);
    assert_eq!(own_sign_in(&mut browser, name, password).await.status, 303);
    let page = offer(&mut browser).await;
    let (device, answer) = Device::make(&page, id);
    let added = confirm(&mut browser, &page, &answer).await;
    added.assert_ok();
    assert!(added.text.contains("<li><code>"), "recovery codes: {}", added.text);
    (browser, device)
}

async fn alices(world: &World) -> (Browser<'_>, Device) {
    with_passkey(world, "alice.example.net", ALICE_PASSWORD, 1).await
}

/// The sign-in page of a new request, and the browser that has it.
async fn sign_in_page<'w>(app: &App<'w>, scope: &str) -> (Browser<'w>, Reply) {
    let push = app.push(scope).await;
    let mut browser = Browser::new(app.world);
    let page = browser.get(&app.authorize_path(&push)).await;
    page.assert_ok();
    (browser, page)
}

/// Answers the question of a sign-in page.
async fn by_passkey(browser: &mut Browser<'_>, page: &Reply, answer: &str) -> Reply {
    let form = form_of(page, "/oauth/authorize/sign-in");
    send(browser, &form, "/oauth/authorize/passkey", &[("passkey", answer), ("remember", "on")]).await
}

/// The consent page of another request, in a browser that remembers alice.
async fn chosen(app: &App<'_>, browser: &mut Browser<'_>, scope: &str) -> Reply {
    let push = app.push(scope).await;
    let picker = browser.get(&app.authorize_path(&push)).await;
    let form = form_of(&picker, "/oauth/authorize/account");
    send(browser, &form, &form.action, &[("account", ALICE)]).await
}

#[track_caller]
fn assert_refused(reply: &Reply) {
    assert_eq!(reply.status, 401, "{}", reply.text);
    assert!(reply.text.contains("No account here has this passkey"), "{}", reply.text);
    form_of(reply, "/oauth/authorize/sign-in");
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_password() {
    let world = World::new().await;
    let (mut first, mut device) = alices(&world).await;
    let page = first.get("/account/factors").await;
    assert!(page.text.contains("<bdi>My phone</bdi>"), "{}", page.text);
    let app = public(&world);
    let (mut browser, page) = sign_in_page(&app, "atproto").await;
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'self';"));
    let answer = device.answer(&page);
    let consent = by_passkey(&mut browser, &page, &answer).await;
    let answer = browser.decide(&consent, "approve").await;
    assert!(query(&location(&answer)).contains_key("code"));
    // Nobody who has just shown a passkey is asked again, however much is asked for.
    let consent = chosen(&app, &mut browser, BROAD).await;
    let answer = browser.decide(&consent, "approve").await;
    assert!(query(&location(&answer)).contains_key("code"), "{}", answer.text);
    // On the account's own pages, in a browser that was never here.
    let mut browser = Browser::new(&world);
    let page = browser.get("/account").await;
    let form = form_of(&page, "/account/sign-in");
    let reply =
        send(&mut browser, &form, "/account/sign-in/passkey", &[("passkey", &device.answer(&page))]).await;
    let page = browser.get(&location(&reply)).await;
    assert!(page.text.contains("alice.example.net"), "{}", page.text);
}

#[tokio::test]
async fn a_passkey_is_asked_for_after_a_password_and_before_something_that_matters() {
    let world = World::new().await;
    let (_, mut device) = alices(&world).await;
    let app = public(&world);
    let push = app.push("atproto").await;
    let mut browser = Browser::new(&world);
    let page = browser.get(&app.authorize_path(&push)).await;
    let question = browser.sign_in_as(&page, "alice.example.net", ALICE_PASSWORD, true).await;
    let form = form_of(&question, "/oauth/authorize/factor");
    assert!(question.text.contains("Use a passkey"), "{}", question.text);
    let wrong = send(&mut browser, &form, &form.action, &[("code", "123456")]).await;
    assert_eq!(wrong.status, 401);
    let answer = device.answer(&wrong);
    let form = form_of(&wrong, "/oauth/authorize/factor");
    let consent = send(&mut browser, &form, &form.action, &[("passkey", &answer)]).await;
    location(&browser.decide(&consent, "approve").await);

    world.clock.seconds(11 * 60);
    let consent = chosen(&app, &mut browser, BROAD).await;
    let question = browser.decide(&consent, "approve").await;
    let form = form_of(&question, "/oauth/authorize/consent");
    assert!(question.text.contains("Use a passkey"), "{}", question.text);
    let answer = device.answer(&question);
    let granted = send(&mut browser, &form, &form.action, &[("passkey", &answer)]).await;
    assert!(query(&location(&granted)).contains_key("code"), "{}", granted.text);
}

#[tokio::test]
async fn an_answer_is_good_once_here_and_now() {
    let world = World::new().await;
    let (_, mut device) = alices(&world).await;
    let app = public(&world);
    // Once.
    let (mut browser, page) = sign_in_page(&app, "atproto").await;
    let answer = device.answer(&page);
    by_passkey(&mut browser, &page, &answer).await.assert_ok();
    let again = by_passkey(&mut browser, &page, &answer).await;
    assert_eq!(again.status, 401, "the second time: {}", again.text);
    // For the question of this browser.
    let (_, others) = sign_in_page(&app, "atproto").await;
    let (mut browser, page) = sign_in_page(&app, "atproto").await;
    assert_refused(&by_passkey(&mut browser, &page, &device.answer(&others)).await);
    let foreign = form_of(&others, "/oauth/authorize/sign-in").fields;
    let sealed = &foreign.iter().find(|(name, _)| name == "passkey_sealed").unwrap().1;
    let form = form_of(&page, "/oauth/authorize/sign-in");
    let fields = [("passkey", device.answer(&others)), ("passkey_sealed", sealed.clone())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_refused(&send(&mut browser, &form, "/oauth/authorize/passkey", &fields).await);
    // In five minutes.
    let (mut browser, page) = sign_in_page(&app, "atproto").await;
    let answer = device.answer(&page);
    world.clock.seconds(299);
    browser.get("/account").await;
    world.clock.seconds(1);
    let late = by_passkey(&mut browser, &page, &answer).await;
    assert_ne!(late.status, 200);
    assert!(!late.text.contains("decision"), "{}", late.text);
}

#[tokio::test]
async fn an_answer_from_elsewhere_or_without_a_finger_is_none() {
    let world = World::new().await;
    let (_, mut device) = alices(&world).await;
    let app = public(&world);
    for (origin, verifies) in [
        ("https://auth.example.com.evil.example", true),
        ("https://auth.example.com:8443", true),
        ("http://auth.example.com", true),
        (crate::support::ISSUER, false),
    ] {
        (device.origin, device.verifies) = (origin.to_owned(), verifies);
        let (mut browser, page) = sign_in_page(&app, "atproto").await;
        assert_refused(&by_passkey(&mut browser, &page, &device.answer(&page)).await);
    }
    (device.origin, device.verifies) = (crate::support::ISSUER.to_owned(), true);
    let (mut browser, page) = sign_in_page(&app, "atproto").await;
    for broken in ["", "{}", "[]", "x", &"y".repeat(3000)] {
        let reply = by_passkey(&mut browser, &page, broken).await;
        assert!(reply.status == 401 || reply.status == 403, "{broken}: {}", reply.status);
    }
    by_passkey(&mut browser, &page, &device.answer(&page)).await.assert_ok();
}

#[tokio::test]
async fn a_passkey_that_counts_backwards_is_a_copy() {
    let world = World::new().await;
    let (_, mut device) = alices(&world).await;
    let app = public(&world);
    // The device adds one before it signs.
    for (counter, works) in [(7, true), (8, true), (8, false), (2, false), (19, true), (9, false)] {
        device.counter = counter;
        let (mut browser, page) = sign_in_page(&app, "atproto").await;
        let reply = by_passkey(&mut browser, &page, &device.answer(&page)).await;
        assert_eq!(reply.status == 200, works, "{counter}: {}", reply.text);
    }
}

#[tokio::test]
async fn a_passkey_proves_its_own_account_only() {
    let world = World::new().await;
    let (mut browser, _) = alices(&world).await;
    let (_, mut bobs) = with_passkey(&world, "bob.example.net", BOB_PASSWORD, 2).await;
    // At the second step of alice.
    let app = public(&world);
    let push = app.push("atproto").await;
    let mut other = Browser::new(&world);
    let page = other.get(&app.authorize_path(&push)).await;
    let question = other.sign_in_as(&page, "alice.example.net", ALICE_PASSWORD, true).await;
    let form = form_of(&question, "/oauth/authorize/factor");
    let wrong = send(&mut other, &form, &form.action, &[("passkey", &bobs.answer(&question))]).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.text.contains("is not one of this account"), "{}", wrong.text);
    // Before something that matters to alice.
    world.clock.seconds(11 * 60);
    let page = browser.get("/account/factors").await;
    let form = form_of(&page, "/account/factors/passkey");
    let question = browser.post(&form.action, &form.fields).await;
    let form = form_of(&question, "/account/factors/passkey");
    let wrong = send(&mut browser, &form, &form.action, &[("passkey", &bobs.answer(&question))]).await;
    assert_eq!(wrong.status, 401, "{}", wrong.text);
}

#[tokio::test]
async fn a_passkey_that_was_removed_is_good_for_nothing() {
    let world = World::new().await;
    let (mut browser, mut device) = alices(&world).await;
    let page = browser.get("/account/factors").await;
    let form = form_of(&page, "/account/factors/remove");
    location(&browser.post(&form.action, &form.fields).await);
    assert!(world.store.list_factors(&ALICE.parse().unwrap()).await.unwrap().is_empty());
    let app = public(&world);
    let (mut other, page) = sign_in_page(&app, "atproto").await;
    assert_refused(&by_passkey(&mut other, &page, &device.answer(&page)).await);
}

#[tokio::test]
async fn a_passkey_is_made_once_where_it_was_asked_for() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    own_sign_in(&mut browser, "alice.example.net", ALICE_PASSWORD).await;
    let page = offer(&mut browser).await;
    let (_, answer) = Device::make(&page, 1);
    let again = confirm(&mut browser, &page, "{}").await;
    assert_eq!(again.status, 400);
    assert!(again.text.contains("value=\" My phone \""), "what was typed stays: {}", again.text);
    let mut bob = Browser::new(&world);
    own_sign_in(&mut bob, "bob.example.net", BOB_PASSWORD).await;
    let theirs = offer(&mut bob).await;
    let sealed = form_of(&page, "/account/factors/passkey/confirm").fields;
    let sealed = sealed.iter().find(|(name, _)| name == "passkey_sealed").unwrap().1.clone();
    let form = form_of(&theirs, "/account/factors/passkey/confirm");
    let taken =
        send(&mut bob, &form, &form.action, &[("passkey", &answer), ("passkey_sealed", &sealed)]).await;
    assert_eq!(taken.status, 400, "an offer to somebody else");
    assert!(world.store.list_factors(&ALICE.parse().unwrap()).await.unwrap().is_empty());
    confirm(&mut browser, &page, &answer).await.assert_ok();
    location(&confirm(&mut browser, &page, &answer).await);
    assert_eq!(world.store.list_factors(&ALICE.parse().unwrap()).await.unwrap().len(), 1, "it is there once");
}

#[tokio::test]
async fn a_client_of_old_is_told_what_to_do_where_there_is_a_passkey() {
    let world = World::new().await;
    alices(&world).await;
    let reply = world.log_in(ALICE, ALICE_PASSWORD).await;
    let (status, error, message) = refusal(&reply);
    assert_eq!((status, error.as_str()), (401, "AuthFactorTokenRequired"), "{CREATE_SESSION}");
    assert!(message.contains("app password"), "{message}");
}

//! A new password for whoever forgot theirs.

use gatewright_store::app_password::AppPasswordStore as _;
use serde_json::{Value, json};

use crate::support::app::{Form, public, replaced};
use crate::support::browser::{Browser, form_of, location};
use crate::support::machine::Reply;
use crate::support::notices::code_of;
use crate::support::session::{Session, refusal, refused};
use crate::support::{ALICE, ALICE_EMAIL, ALICE_PASSWORD, BOB, BOB_PASSWORD, World};

const REQUEST: &str = "com.atproto.server.requestPasswordReset";
const RESET: &str = "com.atproto.server.resetPassword";
const NEW: &str = "a password of tomorrow";

impl World {
    async fn request_reset(&self, email: &str) -> Reply {
        self.xrpc(REQUEST, None, Some(&json!({ "email": email }))).await
    }

    async fn reset(&self, token: &str, password: &str) -> Reply {
        self.xrpc(RESET, None, Some(&json!({ "token": token, "password": password }))).await
    }

    /// The code of a new request for alice.
    async fn reset_code(&self) -> String {
        assert_eq!(self.request_reset(ALICE_EMAIL).await.status, 200);
        let message = self.notices.next().await;
        assert_eq!(message.to, ALICE_EMAIL);
        code_of(&message)
    }
}

#[tokio::test]
async fn sec_67_a_reset_ends_sessions_devices_and_legacy_refresh_tokens() {
    let world = World::new().await;
    let app = public(&world);
    let tokens = app.tokens().await;
    let mut browser = Browser::new(&world);
    let push = app.push("atproto").await;
    browser.approve(&app.authorize_path(&push)).await;
    assert!(browser.get("/account").await.text.contains("alice.example.net"), "signed in on this device");
    let app_password = world.new_app_password(json!({"name": "bot"})).await;
    let own = world.session().await;
    let bot = Session::of(&world.log_in(ALICE, &app_password).await);
    let others = Session::of(&world.log_in(BOB, BOB_PASSWORD).await);

    let code = world.reset_code().await;
    assert!(app.is_alive(&tokens).await && world.is_open(&own).await, "a request alone ends nothing");
    assert_eq!(world.reset(&code.to_uppercase(), NEW).await.status, 200, "as people type it");

    assert!(!app.is_alive(&tokens).await);
    app.refresh(&tokens.refresh).await.assert_refused(400, "invalid_grant");
    let page = browser.get("/account").await;
    form_of(&page, "/account/sign-in");
    for session in [&own, &bot] {
        let reply = world.refresh_session(&session.refresh).await;
        assert_eq!(refusal(&reply), refused(400, "ExpiredToken", "Token has been revoked"));
        assert!(!world.is_open(session).await);
    }
    assert_eq!(world.log_in(ALICE, ALICE_PASSWORD).await.status, 401);
    Session::of(&world.log_in(ALICE, NEW).await);
    Session::of(&world.log_in(ALICE, &app_password).await);
    assert!(world.is_open(&others).await, "somebody else's");
    let told = world.notices.next().await;
    assert_eq!((told.to.as_str(), told.subject.as_str()), (ALICE_EMAIL, "Your password was changed"));
}

#[tokio::test]
async fn a_code_is_good_once_in_its_time_and_for_nothing_else() {
    let world = World::new().await;
    let invalid = |reply: &Reply| assert_eq!(refusal(reply).1, "InvalidToken", "{}", reply.text);
    let code = world.reset_code().await;
    invalid(&world.reset("abcde-23456", NEW).await);
    invalid(&world.reset("", NEW).await);
    invalid(&world.reset(&"x".repeat(5000), NEW).await);
    let short = world.reset(&code, "seven77").await;
    assert_eq!(refusal(&short).1, "InvalidRequest");
    assert!(short.text.contains("8 to 256"), "{}", short.text);
    assert_eq!(refusal(&world.reset(&code, &"x".repeat(257)).await).1, "InvalidRequest");
    world.clock.seconds(15 * 60);
    let late = world.reset(&code, NEW).await;
    assert_eq!(refusal(&late), refused(400, "ExpiredToken", "the code has expired: ask for a new one"));
    Session::of(&world.log_in(ALICE, ALICE_PASSWORD).await);

    let (first, second) = (world.reset_code().await, world.reset_code().await);
    assert_ne!(first, second);
    assert_eq!(world.reset(&first, NEW).await.status, 200, "an earlier one is good still");
    invalid(&world.reset(&first, NEW).await);
    invalid(&world.reset(&second, NEW).await);
}

#[tokio::test]
async fn sec_62_whether_there_is_an_account_shows_neither_in_the_answer_nor_on_the_page() {
    let world = World::new().await;
    let known = world.request_reset(ALICE_EMAIL).await;
    world.notices.next().await;
    let unknown = world.request_reset("nobody@example.net").await;
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    world.notices.assert_none().await;
    let mut answers = Vec::new();
    for name in ["alice.example.net", "nobody.example.net"] {
        let mut browser = Browser::new(&world);
        let page = browser.get("/account/reset-password").await;
        let form = form_of(&page, "/account/reset-password");
        let reply = browser.post(&form.action, &typed(&form.fields, &[("identifier", name)])).await;
        answers.push((location(&reply), reply.text));
    }
    assert_eq!(answers[0], answers[1]);
    world.notices.next().await;
    world.notices.assert_none().await;
}

#[tokio::test]
async fn whoever_asks_for_codes_all_the_time_fills_no_mailbox_and_ends_no_code() {
    let world = World::new().await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(world.reset_code().await);
    }
    for number in 0..9 {
        let body = json!({ "email": ALICE_EMAIL });
        let address = format!("198.51.100.{number}:1");
        assert_eq!(world.xrpc_from(&address, REQUEST, None, Some(&body)).await.status, 200);
    }
    world.notices.assert_none().await;
    assert_eq!(world.reset(&codes[0], NEW).await.status, 200);
}

#[tokio::test]
async fn sec_63_requests_and_codes_are_limited_by_network() {
    let world = World::new().await;
    for number in 0..15 {
        assert_eq!(world.request_reset(&format!("{number}@example.net")).await.status, 200);
    }
    let too_many = world.request_reset(ALICE_EMAIL).await;
    assert_eq!(refusal(&too_many).0, 429);
    assert!(too_many.header("retry-after").is_some());
    for _ in 0..50 {
        assert_eq!(world.reset("abcde-23456", NEW).await.status, 400);
    }
    assert_eq!(world.reset("abcde-23456", NEW).await.status, 429);
    let body: Value = json!({ "email": ALICE_EMAIL });
    let elsewhere = world.xrpc_from("198.51.100.7:1", REQUEST, None, Some(&body)).await;
    assert_eq!(elsewhere.status, 200, "nobody is locked out from elsewhere");
    world.notices.next().await;
}

#[tokio::test]
async fn a_person_sets_a_new_password_on_the_pages() {
    let world = World::new().await;
    let app_password = world.new_app_password(json!({"name": "bot"})).await;
    let mut browser = Browser::new(&world);
    let page = browser.get("/account").await;
    assert!(page.text.contains("href=\"/account/reset-password\""), "{}", page.text);
    let page = browser.get("/account/reset-password").await;
    let form = form_of(&page, "/account/reset-password");
    let empty = browser.post(&form.action, &form.fields).await;
    assert_eq!(empty.status, 400);
    assert!(empty.text.contains("Enter your handle or e-mail address."));
    browser.extra.push(("accept-language", "de".to_owned()));
    let reply =
        browser.post(&form.action, &typed(&form.fields, &[("identifier", " alice.example.net ")])).await;
    browser.extra.clear();
    let message = world.notices.next().await;
    assert!(
        message.text.contains("Geben Sie ihn niemandem."),
        "in the language of the page: {}",
        message.text
    );
    assert!(
        message.text.contains("https://auth.example.com/account/reset-password/code\n"),
        "{}",
        message.text
    );
    let code = code_of(&message);

    let page = browser.get(&location(&reply)).await;
    let form = form_of(&page, "/account/reset-password/code");
    for (fields, said) in [
        (vec![("password", NEW)], "Type the code from the message."),
        (vec![("code", "abcde-23456"), ("password", NEW)], "The code is not right"),
        (vec![("code", code.as_str()), ("password", "short")], "8 to 256 characters"),
    ] {
        let again = browser.post(&form.action, &typed(&form.fields, &fields)).await;
        assert_eq!(again.status, 400);
        assert!(again.text.contains(said), "{said}: {}", again.text);
        assert!(!again.text.contains(&code) && !again.text.contains(NEW), "a secret stands on the page");
    }
    let fields = [("code", code.as_str()), ("password", NEW), ("end_app_passwords", "on")];
    let reply = browser.post(&form.action, &typed(&form.fields, &fields)).await;
    let page = browser.get(&location(&reply)).await;
    page.assert_ok();
    assert!(page.text.contains("Your password is new"), "{}", page.text);
    Session::of(&world.log_in(ALICE, NEW).await);
    assert_eq!(world.log_in(ALICE, &app_password).await.status, 401);
    assert!(world.store.list_app_passwords(&ALICE.parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn sec_11_the_forms_of_a_reset_work_in_their_own_browser_only() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let page = browser.get("/account/reset-password").await;
    let form = form_of(&page, "/account/reset-password");
    let fields = typed(&form.fields, &[("identifier", "alice.example.net")]);
    let mut stranger = Browser::new(&world);
    assert_eq!(stranger.post(&form.action, &fields).await.status, 403, "without a cookie");
    stranger.get("/account/reset-password").await;
    assert_eq!(stranger.post(&form.action, &fields).await.status, 403, "with another");
    browser.extra.push(("sec-fetch-site", "cross-site".to_owned()));
    assert_eq!(browser.post(&form.action, &fields).await.status, 403, "from another site");
    world.notices.assert_none().await;
}

fn typed(fields: &Form, values: &[(&str, &str)]) -> Form {
    values.iter().fold(fields.clone(), |form, (name, value)| replaced(form, name, value))
}

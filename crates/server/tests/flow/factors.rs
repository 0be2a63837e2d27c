//! Second factors: added on the account page, asked for at every sign-in, and before something that matters.

use std::time::Duration;

use gatewright_protocol::factor::{OneTimeCodeHash, TotpSecret};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::Clock as _;
use gatewright_store::account::{AccountStore as _, PasswordHash};
use gatewright_store::device::DeviceStore as _;
use gatewright_store::factor::FactorStore as _;
use serde_json::json;

use crate::support::app::{SCOPE, confidential, public, replaced};
use crate::support::browser::{Browser, PageForm, form_of, location};
use crate::support::machine::Reply;
use crate::support::session::{CREATE_SESSION, Session, refusal};
use crate::support::{ALICE, ALICE_PASSWORD, BOB_PASSWORD, World};

fn alice() -> Did {
    ALICE.parse().unwrap()
}

/// What an authenticator application of alice's holds.
pub(crate) struct Authenticator {
    secret: TotpSecret,
    pub(crate) recovery: Vec<String>,
}

impl Authenticator {
    /// The code that it shows now.
    pub(crate) fn code(&self, world: &World) -> String {
        self.secret.code_at(world.clock.now()).expose().to_owned()
    }

    /// The code that it shows once this one is over.
    pub(crate) fn next(&self, world: &World) -> String {
        world.clock.seconds(30);
        self.code(world)
    }

    fn of(page: &Reply) -> Self {
        let text =
            between(&page.text, "<p class=\"secret\" translate=\"no\"><code>", "</code>").replace(' ', "");
        let letter = |letter| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap();
        let bits: Vec<bool> = text
            .chars()
            .map(letter)
            .flat_map(|five| (0..5).rev().map(move |bit| five >> bit & 1 == 1))
            .collect();
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        let bytes: Vec<u8> = bits.chunks(8).map(byte).collect();
        Self { secret: TotpSecret::from_bytes(&bytes).unwrap(), recovery: Vec::new() }
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    text.split(before).nth(1).unwrap_or_else(|| panic!("no {before} in {text}")).split(after).next().unwrap()
}

pub(crate) fn codes(page: &Reply) -> Vec<String> {
    page.text
        .split("<li><code>")
        .skip(1)
        .map(|rest| rest.split("</code>").next().unwrap().to_owned())
        .filter(|text| text.len() == 11)
        .collect()
}

pub(crate) async fn send(browser: &mut Browser<'_>, form: &PageForm, more: &[(&str, &str)]) -> Reply {
    let mut fields = form.fields.clone();
    for (name, value) in more {
        fields = replaced(fields, name, value);
    }
    browser.post(&form.action, &fields).await
}

/// Signs in on the account page with the password alone.
pub(crate) async fn own_sign_in(browser: &mut Browser<'_>, password: &str) -> Reply {
    let page = browser.get("/account").await;
    let form = form_of(&page, "/account/sign-in");
    let fields = [("identifier", "alice.example.net"), ("password", password), ("remember", "on")];
    send(browser, &form, &fields).await
}

/// A browser in which alice signed in, and the application that she added there.
pub(crate) async fn with_totp(world: &World) -> (Browser<'_>, Authenticator) {
    let mut browser = Browser::new(world);
    assert_eq!(own_sign_in(&mut browser, ALICE_PASSWORD).await.status, 303);
    let page = browser.get("/account/factors").await;
    page.assert_ok();
    let offer = send(&mut browser, &form_of(&page, "/account/factors/totp"), &[]).await;
    offer.assert_ok();
    let mut authenticator = Authenticator::of(&offer);
    let code = authenticator.code(world);
    let form = form_of(&offer, "/account/factors/totp/confirm");
    let added = send(&mut browser, &form, &[("code", &code)]).await;
    added.assert_ok();
    authenticator.recovery = codes(&added);
    assert_eq!(authenticator.recovery.len(), 10, "{}", added.text);
    (browser, authenticator)
}

#[tokio::test]
async fn an_application_is_added_once_its_code_is_right() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    own_sign_in(&mut browser, ALICE_PASSWORD).await;
    let page = browser.get("/account/factors").await;
    let offer = send(&mut browser, &form_of(&page, "/account/factors/totp"), &[]).await;
    let authenticator = Authenticator::of(&offer);
    assert!(offer.text.contains("<svg class=\"qr\"") && offer.text.contains("h1v1h-1z"), "a picture");
    let form = form_of(&offer, "/account/factors/totp/confirm");
    for wrong in ["", "12345", "abcde-23456"] {
        let again = send(&mut browser, &form, &[("code", wrong)]).await;
        assert_eq!(again.status, 400, "{wrong}");
        assert_eq!(form_of(&again, "/account/factors/totp/confirm").fields, form.fields, "the same offer");
    }
    let sealed = form.fields.iter().find(|(name, _)| name == "sealed").unwrap().1.clone();
    let code = authenticator.code(&world);
    // An offer is for one account in one browser, and nobody makes one up.
    for broken in ["", "AAAA", &format!("{sealed}A"), &sealed.replacen(&sealed[20..21], "_", 1)] {
        if *broken != sealed {
            let refused = send(&mut browser, &form, &[("code", &code), ("sealed", broken)]).await;
            assert_eq!(refused.status, 403, "{broken}");
        }
    }
    let mut other = Browser::new(&world);
    own_sign_in(&mut other, ALICE_PASSWORD).await;
    let page = other.get("/account/factors").await;
    let own = form_of(&send(&mut other, &form_of(&page, "/account/factors/totp"), &[]).await, &form.action);
    let taken = send(&mut other, &own, &[("code", &code), ("sealed", &sealed)]).await;
    assert_eq!(taken.status, 403, "an offer of another browser");
    assert!(world.store.list_factors(&alice()).await.unwrap().is_empty());
    let added = send(&mut browser, &form, &[("code", &code)]).await;
    assert_eq!(codes(&added).len(), 10);
    let page = browser.get("/account/factors").await;
    assert!(
        page.text.contains("Authenticator app") && page.text.contains("There are <bdi>10</bdi> left"),
        "{}",
        page.text
    );
    assert!(codes(&page).is_empty(), "they are shown once");
    // Once more changes nothing.
    let again = send(&mut browser, &form, &[("code", &authenticator.next(&world))]).await;
    assert_eq!(again.status, 303);
    assert_eq!(world.store.list_factors(&alice()).await.unwrap().len(), 1);
    world.clock.seconds(31 * 60);
    let late = send(&mut other, &own, &[("code", "123456")]).await;
    assert_eq!(late.status, 403, "an offer ends");
}

#[tokio::test]
async fn the_password_alone_lets_nobody_in_who_has_a_factor() {
    let world = World::new().await;
    let (_, authenticator) = with_totp(&world).await;
    let app = public(&world);
    let path = app.authorize_path(&app.push(SCOPE).await);
    let mut browser = Browser::new(&world);
    let page = browser.sign_in(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("name=\"code\"") && !page.text.contains("name=\"decision\""), "{}", page.text);
    // Nobody is signed in yet: the page of the request asks for the password again.
    assert!(browser.get(&path).await.text.contains("name=\"password\""));
    assert!(browser.get("/account").await.text.contains("name=\"password\""));
    let form = form_of(&page, "/oauth/authorize/factor");
    let used = authenticator.code(&world);
    for wrong in ["", "nonsense", "abcde-23456", &used] {
        let again = send(&mut browser, &form, &[("code", wrong)]).await;
        assert_eq!(again.status, 401, "{wrong}");
        assert!(again.text.contains("name=\"code\"") && again.text.contains("role=\"alert\""), "{wrong}");
    }
    let consent = send(&mut browser, &form, &[("code", &authenticator.next(&world))]).await;
    assert!(consent.text.contains("name=\"decision\""), "{}", consent.text);
    assert!(location(&browser.decide(&consent, "approve").await).contains("code="));
    // It was remembered, and a code is good once.
    assert!(browser.get("/account").await.text.contains("alice.example.net"));
    let mut other = Browser::new(&world);
    let asked = own_sign_in(&mut other, ALICE_PASSWORD).await;
    assert_eq!(asked.status, 200);
    let form = form_of(&asked, "/account/sign-in/factor");
    let replayed = send(&mut other, &form, &[("code", &authenticator.code(&world))]).await;
    assert_eq!(replayed.status, 401);
    let reply = send(&mut other, &form, &[("code", &authenticator.next(&world))]).await;
    assert!(other.get(&location(&reply)).await.text.contains("alice.example.net"));
    // Another account, which has no factor, is asked for nothing more.
    let mut bob = Browser::new(&world);
    let page = bob.get(&app.authorize_path(&app.push(SCOPE).await)).await;
    let page = bob.sign_in_as(&page, "bob.example.net", BOB_PASSWORD, false).await;
    assert!(page.text.contains("name=\"decision\""), "{}", page.text);
}

#[tokio::test]
async fn a_sign_in_waits_in_its_browser_for_its_request_a_little_while() {
    let world = World::new().await;
    let (_, authenticator) = with_totp(&world).await;
    let app = public(&world);
    let path = app.authorize_path(&app.push(SCOPE).await);
    let mut browser = Browser::new(&world);
    let page = browser.sign_in(&path).await;
    let form = form_of(&page, "/oauth/authorize/factor");
    let mut stranger = Browser::new(&world);
    let stranger_page = stranger.get(&app.authorize_path(&app.push(SCOPE).await)).await;
    assert_eq!(send(&mut stranger, &form, &[("code", &authenticator.next(&world))]).await.status, 403);
    // The form of another request in the same browser: nothing waits for that one.
    let other = browser.get(&app.authorize_path(&app.push(SCOPE).await)).await;
    let other = form_of(&other, "/oauth/authorize/sign-in");
    let crossed = PageForm { action: form.action.clone(), ..other };
    let reply = send(&mut browser, &crossed, &[("code", &authenticator.next(&world))]).await;
    assert_eq!(reply.status, 401);
    assert!(
        reply.text.contains("name=\"password\"") && reply.text.contains("Sign in again"),
        "{}",
        reply.text
    );
    drop(stranger_page);
    // Five tries, then the password again, though the code is right.
    for tries in 1..=5 {
        let reply = send(&mut browser, &form, &[("code", "abcde-23456")]).await;
        assert_eq!(reply.status, 401);
        assert_eq!(reply.text.contains("name=\"code\""), tries < 5, "{tries}");
    }
    let late = send(&mut browser, &form, &[("code", &authenticator.next(&world))]).await;
    assert!(late.status == 401 && late.text.contains("name=\"password\""), "{}", late.text);
    // Five minutes.
    let page = browser.sign_in(&app.authorize_path(&app.push(SCOPE).await)).await;
    let form = form_of(&page, "/oauth/authorize/factor");
    world.clock.seconds(290);
    let still = send(&mut browser, &form, &[("code", "abcde-23456")]).await;
    assert!(still.text.contains("name=\"code\""), "{}", still.text);
    world.clock.seconds(10);
    let over = send(&mut browser, &form, &[("code", &authenticator.code(&world))]).await;
    assert!(over.status == 401 && over.text.contains("name=\"password\""), "{}", over.text);
}

#[tokio::test]
async fn a_password_that_is_replaced_while_a_factor_is_awaited_lets_nobody_in() {
    let world = World::new().await;
    let (_, authenticator) = with_totp(&world).await;
    let mut browser = Browser::new(&world);
    let page = own_sign_in(&mut browser, ALICE_PASSWORD).await;
    let form = form_of(&page, "/account/sign-in/factor");
    world.store.replace_password(&alice(), PasswordHash("another".to_owned())).await.unwrap();
    let reply = send(&mut browser, &form, &[("code", &authenticator.next(&world))]).await;
    assert_eq!(reply.status, 401);
    assert!(reply.text.contains("name=\"password\""), "{}", reply.text);
}

#[tokio::test]
async fn a_recovery_code_signs_in_once() {
    let world = World::new().await;
    let (_, authenticator) = with_totp(&world).await;
    let code = &authenticator.recovery[3];
    for (typed, status) in [(code.to_uppercase().replace('-', " "), 303), (code.clone(), 401)] {
        let mut browser = Browser::new(&world);
        let page = own_sign_in(&mut browser, ALICE_PASSWORD).await;
        let form = form_of(&page, "/account/sign-in/factor");
        assert_eq!(send(&mut browser, &form, &[("code", &typed)]).await.status, status, "{typed}");
    }
    assert_eq!(world.store.count_recovery_codes(&alice()).await.unwrap(), 9);
}

#[tokio::test]
async fn new_recovery_codes_take_the_place_of_the_old() {
    let world = World::new().await;
    let (mut browser, authenticator) = with_totp(&world).await;
    let page = browser.get("/account/factors").await;
    let renewed = send(&mut browser, &form_of(&page, "/account/factors/recovery-codes"), &[]).await;
    let new = codes(&renewed);
    assert_eq!(new.len(), 10);
    assert!(authenticator.recovery.iter().all(|old| !new.contains(old)));
    let log_in = async |code: &str| {
        let body = json!({"identifier": ALICE, "password": ALICE_PASSWORD, "authFactorToken": code});
        world.xrpc(CREATE_SESSION, None, Some(&body)).await.status.as_u16()
    };
    assert_eq!(log_in(&authenticator.recovery[0]).await, 401);
    assert_eq!(log_in(&new[0]).await, 200);
}

#[tokio::test]
async fn guessing_codes_is_limited_for_the_account_and_recovery_codes_still_help() {
    let world = World::with(|settings| {
        settings.limits.wrong_codes.count = 8;
        settings.limits.sign_in.count = 1000;
    })
    .await;
    let (_, authenticator) = with_totp(&world).await;
    let log_in = async |address: &str, code: &str| {
        let body = json!({"identifier": ALICE, "password": ALICE_PASSWORD, "authFactorToken": code});
        world.xrpc_from(address, CREATE_SESSION, None, Some(&body)).await
    };
    world.clock.seconds(60);
    let right = authenticator.code(&world);
    let wrong = if right == "123456" { "654321" } else { "123456" };
    for attempt in 0..8 {
        let address = format!("198.51.{attempt}.1:4711");
        let refused = log_in(&address, wrong).await;
        assert_eq!(refusal(&refused).1, "AuthenticationRequired", "{}", refused.text);
    }
    let limited = log_in("203.0.113.9:4711", &right).await;
    assert_eq!((limited.status.as_u16(), refusal(&limited).1.as_str()), (429, "RateLimitExceeded"));
    assert!(limited.header("retry-after").is_some());
    let mut browser = Browser::new(&world);
    let page = own_sign_in(&mut browser, ALICE_PASSWORD).await;
    let form = form_of(&page, "/account/sign-in/factor");
    assert_eq!(send(&mut browser, &form, &[("code", &right)]).await.status, 429);
    assert_eq!(log_in("203.0.113.9:4711", &authenticator.recovery[0]).await.status, 200);
    assert_eq!(send(&mut browser, &form, &[("code", &authenticator.recovery[1])]).await.status, 303);
    world.clock.advance(Duration::from_hours(48));
    assert_eq!(log_in("203.0.113.9:4711", &authenticator.code(&world)).await.status, 200);
}

#[tokio::test]
async fn password_sessions_ask_for_the_factor_and_app_passwords_do_not() {
    let world = World::new().await;
    let app_password = {
        let session = Session::of(&world.log_in(ALICE, ALICE_PASSWORD).await);
        let method = crate::support::session::CREATE_APP_PASSWORD;
        let made = world.xrpc(method, Some(&session.access), Some(&json!({"name": "bot"}))).await;
        made.json()["password"].as_str().unwrap().to_owned()
    };
    let (_, authenticator) = with_totp(&world).await;
    let log_in = async |password: &str, code: Option<&str>| {
        let body = json!({"identifier": ALICE, "password": password, "authFactorToken": code});
        world.xrpc(CREATE_SESSION, None, Some(&body)).await
    };
    for nothing in [None, Some(""), Some("  ")] {
        let asked = log_in(ALICE_PASSWORD, nothing).await;
        assert_eq!((asked.status.as_u16(), refusal(&asked).1.as_str()), (401, "AuthFactorTokenRequired"));
    }
    let wrong = log_in(ALICE_PASSWORD, Some("abcde-23456")).await;
    assert_eq!((wrong.status.as_u16(), refusal(&wrong).1.as_str()), (401, "AuthenticationRequired"));
    let code = authenticator.next(&world);
    // Whoever does not know the password learns nothing of a factor, and uses no code up.
    let wrong = log_in("wrong", Some(&code)).await;
    assert_eq!((wrong.status.as_u16(), refusal(&wrong).1.as_str()), (401, "AuthenticationRequired"));
    assert_eq!(refusal(&log_in("wrong", None).await).1, "AuthenticationRequired");
    let session = Session::of(&log_in(ALICE_PASSWORD, Some(&code)).await);
    assert_eq!(session.claims()["scope"], "com.atproto.access");
    assert_eq!(log_in(ALICE_PASSWORD, Some(&code)).await.status, 401, "a code is good once");
    Session::of(&log_in(ALICE_PASSWORD, Some(&authenticator.recovery[0])).await);
    Session::of(&log_in(&app_password, None).await);
}

#[tokio::test]
async fn changing_a_factor_asks_for_a_fresh_one() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    own_sign_in(&mut browser, ALICE_PASSWORD).await;
    world.clock.seconds(11 * 60);
    // Without a factor it is the password.
    let page = browser.get("/account/factors").await;
    let add = form_of(&page, "/account/factors/totp");
    let asked = send(&mut browser, &add, &[]).await;
    asked.assert_ok();
    assert!(
        asked.text.contains("name=\"password\"") && !asked.text.contains("class=\"qr\""),
        "{}",
        asked.text
    );
    let again = form_of(&asked, "/account/factors/totp");
    for (wrong, status) in [("", 400), ("wrong", 401), (BOB_PASSWORD, 401)] {
        let refused = send(&mut browser, &again, &[("password", wrong)]).await;
        let expected = if wrong.is_empty() { 200 } else { status };
        assert_eq!(refused.status, expected, "{wrong}");
        assert!(!refused.text.contains("class=\"qr\""));
    }
    let offer = send(&mut browser, &again, &[("password", ALICE_PASSWORD)]).await;
    let authenticator = Authenticator::of(&offer);
    let confirm = form_of(&offer, "/account/factors/totp/confirm");
    let added = send(&mut browser, &confirm, &[("code", &authenticator.code(&world))]).await;
    assert_eq!(codes(&added).len(), 10);
    // Fresh for ten minutes, here.
    let page = browser.get("/account/factors").await;
    let remove = form_of(&page, "/account/factors/remove");
    world.clock.seconds(10 * 60);
    for form in [&remove, &form_of(&page, "/account/factors/recovery-codes")] {
        let asked = send(&mut browser, form, &[]).await;
        assert!(asked.text.contains("name=\"code\""), "{}", asked.text);
        // With a factor, the password is not enough.
        let refused = send(&mut browser, form, &[("password", ALICE_PASSWORD)]).await;
        assert!(refused.text.contains("name=\"code\""), "{}", refused.text);
        let wrong = send(&mut browser, form, &[("code", "abcde-23456")]).await;
        assert_eq!(wrong.status, 401);
    }
    assert_eq!(world.store.list_factors(&alice()).await.unwrap().len(), 1);
    let asked = send(&mut browser, &remove, &[]).await;
    let form = form_of(&asked, "/account/factors/remove");
    assert!(form.fields.contains(remove.fields.iter().find(|(name, _)| name == "factor").unwrap()));
    let removed = send(&mut browser, &form, &[("code", &authenticator.code(&world))]).await;
    assert!(browser.get(&location(&removed)).await.text.contains("Removed."));
    assert!(world.store.list_factors(&alice()).await.unwrap().is_empty());
    assert_eq!(world.store.count_recovery_codes(&alice()).await.unwrap(), 0);
    assert_eq!(own_sign_in(&mut Browser::new(&world), ALICE_PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_factor_that_is_added_makes_other_browsers_prove_it() {
    let world = World::new().await;
    let mut other = Browser::new(&world);
    own_sign_in(&mut other, ALICE_PASSWORD).await;
    let (_, _authenticator) = with_totp(&world).await;
    let page = other.get("/account/factors").await;
    let asked = send(&mut other, &form_of(&page, "/account/factors/remove"), &[]).await;
    assert!(asked.text.contains("name=\"code\""), "signed in seconds ago, but without it: {}", asked.text);
}

#[tokio::test]
async fn sec_31_no_secret_of_a_factor_is_kept_in_clear() {
    let world = World::new().await;
    let (_, authenticator) = with_totp(&world).await;
    let factors = world.store.list_factors(&alice()).await.unwrap();
    let [factor] = factors.as_slice() else { panic!("{factors:?}") };
    let secret = authenticator.secret.expose();
    assert!(!factor.sealed.windows(8).any(|part| part == &secret[..8]), "the secret is sealed");
    for code in &authenticator.recovery {
        let bare = OneTimeCodeHash(gatewright_protocol::crypto::sha256(code.as_bytes()));
        assert!(!world.store.consume_recovery_code(&alice(), bare).await.unwrap(), "its hash has a key");
    }
    let text = format!("{:?} {:?}", factor, authenticator.secret);
    assert!(!text.contains("secret(["), "{text}");
}

#[tokio::test]
async fn sec_11_forms_about_factors_need_their_token() {
    let world = World::new().await;
    let (mut browser, _) = with_totp(&world).await;
    let page = browser.get("/account/factors").await;
    for action in ["/account/factors/remove", "/account/factors/recovery-codes"] {
        let form = form_of(&page, action);
        assert_eq!(send(&mut browser, &form, &[("csrf", "")]).await.status, 403, "{action}");
        assert_eq!(send(&mut Browser::new(&world), &form, &[]).await.status, 403, "{action}");
        browser.extra = vec![("sec-fetch-site", "cross-site".to_owned())];
        assert_eq!(send(&mut browser, &form, &[]).await.status, 403, "{action}");
        browser.extra = Vec::new();
        assert_eq!(browser.get(action).await.status, 405, "{action}");
    }
    assert_eq!(world.store.list_factors(&alice()).await.unwrap().len(), 1);
    let stranger = Browser::new(&world).get("/account/factors").await;
    assert_eq!((stranger.status.as_u16(), stranger.header("location")), (303, Some("/account")));
}

#[tokio::test]
async fn a_sign_in_that_only_waits_is_on_no_device() {
    let world = World::new().await;
    let (_, _) = with_totp(&world).await;
    let app = confidential(&world);
    let mut browser = Browser::new(&world);
    browser.sign_in(&app.authorize_path(&app.push(SCOPE).await)).await;
    assert_eq!(world.store.list_devices(&alice()).await.unwrap().len(), 1, "where the factor was added");
}

/// `atproto` and something broad, and something that is not.
const BROAD: &str = "atproto transition:generic repo:com.example.note?action=create";

/// A browser in which alice is remembered, some minutes after she signed in; and the consent page of a new request.
async fn consent_after(browser: &mut Browser<'_>, minutes: u64, scope: &str) -> Reply {
    let world = browser.world;
    world.clock.seconds(60 * minutes);
    let app = public(world);
    let push = app.push_with(scope, &[("login_hint", ALICE)]).await;
    let page = browser.get(&app.authorize_path(&push)).await;
    assert!(page.text.contains("name=\"decision\""), "{}", page.text);
    page
}

#[tokio::test]
async fn a_broad_scope_asks_for_the_factor_again_after_ten_minutes() {
    let world = World::new().await;
    let (mut browser, authenticator) = with_totp(&world).await;
    let page = consent_after(&mut browser, 9, BROAD).await;
    assert!(location(&browser.decide(&page, "approve").await).contains("code="), "fresh still");
    let page = consent_after(&mut browser, 1, "atproto repo:com.example.note?action=create").await;
    assert!(location(&browser.decide(&page, "approve").await).contains("code="), "nothing broad");
    let page = consent_after(&mut browser, 1, BROAD).await;
    // Unticked, it is not granted, and nobody asks.
    let form = form_of(&page, "/oauth/authorize/consent");
    let narrow: Vec<_> =
        form.fields.iter().filter(|(_, value)| value != "transition:generic").cloned().collect();
    assert!(narrow.len() < form.fields.len());
    let narrow = replaced(narrow, "decision", "approve");
    assert!(location(&browser.post(&form.action, &narrow).await).contains("code="));
    let page = consent_after(&mut browser, 0, BROAD).await;
    let denied = browser.decide(&page, "deny").await;
    assert!(location(&denied).contains("error=access_denied"), "saying no needs no proof");
    let page = consent_after(&mut browser, 0, BROAD).await;
    let asked = browser.decide(&page, "approve").await;
    assert_eq!(asked.status, 200);
    assert!(
        asked.text.contains("name=\"code\"") && !asked.text.contains("name=\"password\""),
        "{}",
        asked.text
    );
    let form = form_of(&asked, "/oauth/authorize/consent");
    for (name, wrong) in [("code", "abcde-23456"), ("password", ALICE_PASSWORD)] {
        let again = send(&mut browser, &form, &[(name, wrong)]).await;
        assert!(again.status != 303 && again.text.contains("name=\"code\""), "{name}: {}", again.text);
    }
    let stale = send(&mut browser, &form, &[("code", &authenticator.code(&world)), ("csrf", "")]).await;
    assert_eq!(stale.status, 403, "the token is asked for all the same");
    let answer = send(&mut browser, &form, &[("code", &authenticator.code(&world))]).await;
    assert!(location(&answer).contains("code="), "{}", answer.text);
    // It counts for the next ten minutes.
    let page = consent_after(&mut browser, 9, BROAD).await;
    assert!(location(&browser.decide(&page, "approve").await).contains("code="));
}

#[tokio::test]
async fn a_broad_scope_asks_for_the_password_where_there_is_no_factor() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    own_sign_in(&mut browser, ALICE_PASSWORD).await;
    let page = consent_after(&mut browser, 10, BROAD).await;
    let asked = browser.decide(&page, "approve").await;
    let form = form_of(&asked, "/oauth/authorize/consent");
    assert!(
        asked.text.contains("name=\"password\"") && !asked.text.contains("name=\"code\""),
        "{}",
        asked.text
    );
    let wrong = send(&mut browser, &form, &[("password", BOB_PASSWORD)]).await;
    assert_eq!(wrong.status, 401);
    let answer = send(&mut browser, &form, &[("password", ALICE_PASSWORD)]).await;
    assert!(location(&answer).contains("code="), "{}", answer.text);
    // Too many wrong ones are told to wait, and changed nothing.
    let page = consent_after(&mut browser, 10, BROAD).await;
    let form = form_of(&browser.decide(&page, "approve").await, "/oauth/authorize/consent");
    let mut last = 0;
    for _ in 0..31 {
        last = send(&mut browser, &form, &[("password", "wrong")]).await.status.as_u16();
    }
    assert_eq!(last, 429);
    assert_eq!(send(&mut browser, &form, &[("password", ALICE_PASSWORD)]).await.status, 429);
}

#[tokio::test]
async fn what_asks_and_for_how_long_is_the_operators() {
    let world = World::with(|settings| {
        settings.step_up.scopes.clear();
        settings.step_up.fresh = Duration::from_mins(1);
    })
    .await;
    let mut browser = Browser::new(&world);
    own_sign_in(&mut browser, ALICE_PASSWORD).await;
    let page = consent_after(&mut browser, 2, BROAD).await;
    assert!(location(&browser.decide(&page, "approve").await).contains("code="));
    let page = browser.get("/account/factors").await;
    let asked = send(&mut browser, &form_of(&page, "/account/factors/totp"), &[]).await;
    assert!(
        asked.text.contains("name=\"password\""),
        "a factor is changed by nobody without: {}",
        asked.text
    );
}

//! Signing in, choosing an account, consenting.

use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::secret::{CodeHash, Password};
use gatewright_protocol::time::Clock as _;
use gatewright_server::operations;
use gatewright_store::account::{AccountStatus, AccountStore as _};
use gatewright_store::consent::{Consent, ConsentStore as _};
use gatewright_store::device::{DeviceId, DeviceStore as _};
use gatewright_store::request::{RequestId, RequestStore as _, Stage};

use crate::support::app::{App, SCOPE, WEB, confidential, form, loopback, loopback_id, public};
use crate::support::browser::{Browser, form_of, location, query};
use crate::support::machine::Reply;
use crate::support::{ALICE, ALICE_PASSWORD, BOB_PASSWORD, World};

/// Opens a new request of the client.
async fn open(app: &App<'_>, browser: &mut Browser<'_>, scope: &str, more: &[(&str, &str)]) -> Reply {
    let push = app.push_with(scope, more).await;
    browser.get(&app.authorize_path(&push)).await
}

/// The error that the client gets.
fn error(reply: &Reply) -> String {
    query(&location(reply))["error"].clone()
}

fn is_sign_in(page: &Reply) -> bool {
    page.text.contains("name=\"password\"")
}

fn is_consent(page: &Reply) -> bool {
    page.status == 200 && page.text.contains("name=\"decision\"")
}

/// A browser in which alice signed in and approved `SCOPE` for the client.
async fn acquainted<'w>(app: &App<'w>) -> Browser<'w> {
    let mut browser = Browser::new(app.world);
    browser.approve(&app.authorize_path(&app.push(SCOPE).await)).await;
    browser
}

#[tokio::test]
async fn sec_11_a_form_without_its_token_or_from_elsewhere_changes_nothing() {
    let world = World::new().await;
    let app = public(&world);
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    let page = browser.sign_in(&app.authorize_path(&push)).await;
    let consent = form_of(&page, "/oauth/authorize/consent");
    let mut approve = consent.fields.clone();
    approve.extend(form(&[("decision", "approve")]));

    let without = crate::support::app::replaced(approve.clone(), "csrf", "");
    assert_eq!(browser.post(&consent.action, &without).await.status, 403);
    let mut stranger = Browser::new(&world);
    let foreign = stranger.get(&app.authorize_path(&app.push(SCOPE).await)).await;
    let token = form_of(&foreign, "/oauth/authorize/sign-in").fields[0].1.clone();
    let other = crate::support::app::replaced(approve.clone(), "csrf", &token);
    assert_eq!(browser.post(&consent.action, &other).await.status, 403);
    assert_eq!(stranger.post(&consent.action, &approve).await.status, 403, "another device");
    assert_eq!(Browser::new(&world).post(&consent.action, &approve).await.status, 403, "no device");
    for (name, value) in [
        ("origin", "https://evil.example.net"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-mode", "cors"),
        ("referer", "https://auth.example.com/elsewhere"),
    ] {
        browser.extra = vec![(name, value.to_owned())];
        let reply = browser.post(&consent.action, &approve).await;
        assert!([400, 403].contains(&reply.status.as_u16()), "{name} {value}: {}", reply.status);
    }
    browser.extra = Vec::new();
    assert!(location(&browser.post(&consent.action, &approve).await).contains("code="));
}

#[tokio::test]
async fn sec_14_silent_sign_in_is_for_clients_that_can_prove_themselves() {
    let world = World::new().await;
    let hint = [("login_hint", "alice.example.net")];
    for app in [public(&world), loopback(&world)] {
        let mut browser = acquainted(&app).await;
        let verifier = app.verifier();
        let mut silent = app.push_form(&verifier, SCOPE);
        silent.extend(form(&[("prompt", "none"), ("login_hint", ALICE)]));
        app.post("/oauth/par", silent).await.assert_refused(400, "invalid_request");
        // A prompt is made `consent` when it is pushed, but for this one.
        for more in [&hint[..], &[hint[0], ("prompt", "create")]] {
            let page = open(&app, &mut browser, SCOPE, more).await;
            assert!(is_consent(&page), "the person is asked: {}", page.text);
        }
    }
    let app = confidential(&world);
    let mut browser = acquainted(&app).await;
    assert!(location(&open(&app, &mut browser, SCOPE, &hint).await).contains("code="));
    let none = [("login_hint", ALICE), ("prompt", "none")];
    assert!(location(&open(&app, &mut browser, SCOPE, &none).await).contains("code="));
    let consent = [("login_hint", ALICE), ("prompt", "consent")];
    assert!(is_consent(&open(&app, &mut browser, SCOPE, &consent).await));
}

#[tokio::test]
async fn sec_14_a_loopback_client_is_asked_every_time_even_if_it_is_trusted() {
    let id = ClientId::from_stored(&loopback_id()).unwrap();
    let trusted = id.clone();
    let world = World::with(|settings| settings.trusted_clients.extend([trusted])).await;
    let app = loopback(&world);
    let mut browser = acquainted(&app).await;
    let remembered = world.store.find_consent(&ALICE.parse().unwrap(), &id).await.unwrap();
    assert_eq!(remembered, None, "nothing is remembered for it");
    // As if it had been: it is asked all the same.
    let consent = Consent {
        account: ALICE.parse().unwrap(),
        client: id,
        approved: SCOPE.parse().unwrap(),
        declined: Scopes::default(),
        sets: Vec::new(),
        decided_at: world.clock.now(),
    };
    remember(&world, &app, consent).await;
    let hint = ("login_hint", ALICE);
    assert!(is_consent(&open(&app, &mut browser, SCOPE, &[hint]).await));
    let none = open(&app, &mut browser, SCOPE, &[hint, ("prompt", "none")]).await;
    assert_eq!(error(&none), "consent_required");
}

/// Puts a consent into the store, beside the approval of another request.
async fn remember(world: &World, app: &App<'_>, consent: Consent) {
    let push = app.push(SCOPE).await;
    let id = RequestId(push.request_uri.rsplit(':').next().unwrap().to_owned());
    let (device, now) = (DeviceId("another device".to_owned()), world.clock.now());
    let later = now.plus(std::time::Duration::from_mins(1));
    world.store.open_request(&id, &device, now, later).await.unwrap();
    let stage = Stage::Approved {
        account: consent.account.clone(),
        scope: consent.approved.clone(),
        sets: Vec::new(),
        code: CodeHash([9; 32]),
        code_expires_at: later,
    };
    assert!(world.store.approve_request(&id, &device, stage, Some(consent), now).await.unwrap());
}

#[tokio::test]
async fn sec_14_without_a_page_there_is_an_error_for_what_is_missing() {
    let world = World::new().await;
    let app = confidential(&world);
    let none = |hint: &'static str| [("prompt", "none"), ("login_hint", hint)];
    let mut nobody = Browser::new(&world);
    assert_eq!(error(&open(&app, &mut nobody, SCOPE, &none(ALICE)).await), "login_required");
    assert_eq!(error(&open(&app, &mut nobody, SCOPE, &[("prompt", "none")]).await), "login_required");
    let mut browser = acquainted(&app).await;
    assert_eq!(error(&open(&app, &mut browser, SCOPE, &none("bob.example.net")).await), "login_required");
    let more = "atproto repo:com.example.other";
    assert_eq!(error(&open(&app, &mut browser, more, &none(ALICE)).await), "consent_required");
    assert_eq!(
        error(&open(&app, &mut browser, SCOPE, &[("prompt", "none")]).await),
        "account_selection_required"
    );
    world.clock.seconds(8 * 24 * 60 * 60);
    assert_eq!(error(&open(&app, &mut browser, SCOPE, &none(ALICE)).await), "login_required");
}

#[tokio::test]
async fn sec_15_what_was_declined_is_asked_again() {
    let world = World::new().await;
    let app = confidential(&world);
    let mut browser = Browser::new(&world);
    let push = app.push(SCOPE).await;
    let page = browser.sign_in(&app.authorize_path(&push)).await;
    let consent = form_of(&page, "/oauth/authorize/consent");
    let mut fields: Vec<_> =
        consent.fields.into_iter().filter(|(_, value)| value != "blob:image/*").collect();
    fields.extend(form(&[("decision", "approve")]));
    let code = query(&location(&browser.post(&consent.action, &fields).await))["code"].clone();
    let tokens = crate::support::app::Tokens::of(&app.exchange(&code, &push.verifier).await);
    assert_eq!(tokens.scope, "atproto repo:com.example.note?action=create");

    let hint = [("login_hint", ALICE)];
    let narrower = "atproto repo:com.example.note?action=create";
    assert!(location(&open(&app, &mut browser, narrower, &hint).await).contains("code="));
    assert!(is_consent(&open(&app, &mut browser, SCOPE, &hint).await), "the declined one is asked for again");
    assert_eq!(crate::support::app::Tokens::of(&app.refresh(&tokens.refresh).await).scope, tokens.scope);
}

#[tokio::test]
async fn sec_15_nothing_is_approved_that_was_not_asked_for() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let push = app.push("atproto blob:image/*").await;
    let page = browser.sign_in(&app.authorize_path(&push)).await;
    let consent = form_of(&page, "/oauth/authorize/consent");
    let mut fields = consent.fields;
    fields.extend(form(&[("decision", "approve"), ("scope", "transition:generic"), ("scope", "repo:*")]));
    let code = query(&location(&browser.post(&consent.action, &fields).await))["code"].clone();
    let tokens = crate::support::app::Tokens::of(&app.exchange(&code, &push.verifier).await);
    assert_eq!(tokens.scope, "atproto blob:image/*");
}

#[tokio::test]
async fn sec_16_the_expected_account_signs_in_or_nobody() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = acquainted(&app).await;
    let page = open(&app, &mut browser, SCOPE, &[("login_hint", "bob.example.net")]).await;
    assert!(is_sign_in(&page) && page.text.contains("value=\"bob.example.net\""), "{}", page.text);
    let refused = browser.sign_in_as(&page, "alice.example.net", ALICE_PASSWORD, false).await;
    assert_eq!(refused.status, 400);
    assert!(is_sign_in(&refused));
    let consent = browser.sign_in_as(&refused, "bob.example.net", BOB_PASSWORD, false).await;
    assert!(is_consent(&consent));
    // The form of bob's page with alice's name in it.
    let form_fields = form_of(&consent, "/oauth/authorize/consent");
    let mut fields = crate::support::app::replaced(form_fields.fields, "account", ALICE);
    fields.extend(form(&[("decision", "approve")]));
    assert_eq!(error(&browser.post(&form_fields.action, &fields).await), "access_denied");
}

#[tokio::test]
async fn sec_62_a_wrong_password_and_an_unknown_account_look_alike() {
    let world = World::new().await;
    let app = public(&world);
    let mut pages = Vec::new();
    for name in ["alice.example.net", "carol.example.net"] {
        let mut browser = Browser::new(&world);
        let page = open(&app, &mut browser, SCOPE, &[]).await;
        let refused = browser.sign_in_as(&page, name, "wrong", false).await;
        assert_eq!(refused.status, 401);
        let csrf = form_of(&refused, "/oauth/authorize/sign-in").fields;
        let mut text = refused.text.replace(name, "NAME");
        let drawn = ["csrf", "request", "passkey_sealed"];
        for (name, value) in csrf.iter().filter(|(name, _)| drawn.contains(&name.as_str())) {
            text = text.replace(value, name);
        }
        let challenge =
            text.split("challenge&#34;:&#34;").nth(1).unwrap().split('&').next().unwrap().to_owned();
        pages.push(text.replace(&challenge, "challenge"));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn sec_62_a_sign_in_takes_its_time_whoever_is_named() {
    let floor = std::time::Duration::from_millis(150);
    let world = World::with(|settings| settings.sign_in_floor = floor).await;
    let app = public(&world);
    for name in ["alice.example.net", "carol.example.net", "did:plc:nobody"] {
        let mut browser = Browser::new(&world);
        let page = open(&app, &mut browser, SCOPE, &[]).await;
        let start = std::time::Instant::now();
        browser.sign_in_as(&page, name, "wrong", false).await;
        assert!(start.elapsed() >= floor, "{name}");
    }
}

#[tokio::test]
async fn a_form_left_empty_is_shown_again() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = open(&app, &mut browser, SCOPE, &[]).await;
    let again = browser.sign_in_as(&page, "alice.example.net", "", false).await;
    assert_eq!(again.status, 400);
    assert!(is_sign_in(&again) && again.text.contains("value=\"alice.example.net\""));
    let long = browser.sign_in_as(&again, "alice.example.net", &"x".repeat(600), false).await;
    assert_eq!(long.status, 401);
}

#[tokio::test]
async fn an_account_of_this_device_is_offered_as_a_button() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = acquainted(&app).await;
    let page = open(&app, &mut browser, SCOPE, &[]).await;
    let picker = form_of(&page, "/oauth/authorize/account");
    assert!(picker.buttons.contains(&("account".to_owned(), ALICE.to_owned())));
    let mut fields = picker.fields;
    fields.extend(picker.buttons);
    let consent = browser.post(&picker.action, &fields).await;
    assert!(is_consent(&consent));
    assert!(location(&browser.decide(&consent, "approve").await).contains("code="));
}

#[tokio::test]
async fn a_sign_in_that_is_not_remembered_is_good_for_its_request() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = open(&app, &mut browser, SCOPE, &[]).await;
    let consent = browser.sign_in_as(&page, "alice.example.net", ALICE_PASSWORD, false).await;
    assert!(location(&browser.decide(&consent, "approve").await).contains("code="));
    assert!(is_sign_in(&open(&app, &mut browser, SCOPE, &[]).await));
}

#[tokio::test]
async fn a_sign_in_is_asked_for_again_by_prompt_and_by_age() {
    let world = World::new().await;
    let app = confidential(&world);
    let mut browser = acquainted(&app).await;
    world.clock.seconds(100);
    assert!(is_sign_in(&open(&app, &mut browser, SCOPE, &[("prompt", "login")]).await));
    let hint = ("login_hint", ALICE);
    assert!(is_sign_in(&open(&app, &mut browser, SCOPE, &[hint, ("max_age", "0")]).await));
    assert!(is_sign_in(&open(&app, &mut browser, SCOPE, &[hint, ("max_age", "99")]).await));
    assert!(location(&open(&app, &mut browser, SCOPE, &[hint, ("max_age", "101")]).await).contains("code="));
    let page = open(&app, &mut browser, SCOPE, &[hint, ("prompt", "login")]).await;
    let reply = browser.sign_in_as(&page, "alice.example.net", ALICE_PASSWORD, false).await;
    assert!(location(&reply).contains("code="), "approved before, and signed in now");
}

#[tokio::test]
async fn a_taken_down_account_does_not_sign_in_and_a_deactivated_one_does_not_approve() {
    let world = World::new().await;
    let app = public(&world);
    let alice = ALICE.parse().unwrap();
    let mut browser = Browser::new(&world);
    let push = app.push(SCOPE).await;
    let consent = browser.sign_in(&app.authorize_path(&push)).await;
    world.store.set_account_status(&alice, AccountStatus::Deactivated).await.unwrap();
    assert_eq!(error(&browser.decide(&consent, "approve").await), "access_denied");
    world.store.set_account_status(&alice, AccountStatus::TakenDown).await.unwrap();
    let page = open(&app, &mut Browser::new(&world), SCOPE, &[]).await;
    assert_eq!(page.status, 200);
    let mut fresh = Browser::new(&world);
    let page = open(&app, &mut fresh, SCOPE, &[]).await;
    assert_eq!(fresh.sign_in_as(&page, "alice.example.net", ALICE_PASSWORD, false).await.status, 401);
}

#[tokio::test]
async fn the_secret_of_a_device_changes_and_an_old_one_ends_it() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = acquainted(&app).await;
    let before = browser.cookies.clone();
    open(&app, &mut browser, SCOPE, &[]).await;
    assert_eq!(browser.cookies, before, "young secrets stay");
    world.clock.seconds(301);
    open(&app, &mut browser, SCOPE, &[]).await;
    assert_ne!(browser.cookies["__Host-ses-id"], before["__Host-ses-id"]);
    assert_eq!(browser.cookies["__Host-dev-id"], before["__Host-dev-id"]);

    let mut overlapping = Browser::new(&world);
    overlapping.cookies.clone_from(&before);
    assert!(!is_sign_in(&open(&app, &mut overlapping, SCOPE, &[]).await), "good for five seconds more");
    world.clock.seconds(6);
    let mut copied = Browser::new(&world);
    copied.cookies.clone_from(&before);
    assert!(is_sign_in(&open(&app, &mut copied, SCOPE, &[]).await), "a stale secret is nobody's");
    assert!(is_sign_in(&open(&app, &mut browser, SCOPE, &[]).await), "and ends the device");
}

#[tokio::test]
async fn the_secret_of_a_device_changes_with_its_name_and_with_a_sign_in() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    open(&app, &mut browser, SCOPE, &[]).await;
    let first = browser.cookies["__Host-ses-id"].clone();
    browser.sign_in(&app.authorize_path(&app.push(SCOPE).await)).await;
    let second = browser.cookies["__Host-ses-id"].clone();
    assert_ne!(first, second);
    browser.user_agent = "Another/1.0".to_owned();
    open(&app, &mut browser, SCOPE, &[]).await;
    assert_ne!(browser.cookies["__Host-ses-id"], second);
}

#[tokio::test]
async fn a_trusted_client_is_named_and_may_be_silent() {
    let world = World::with(|settings| {
        let id = gatewright_protocol::oauth::client_id::ClientId::from_stored(WEB).unwrap();
        settings.trusted_clients.insert(id);
    })
    .await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = open(&app, &mut browser, SCOPE, &[]).await;
    assert!(page.text.contains("Totally Your Bank"));
    let mut browser = acquainted(&app).await;
    assert!(location(&open(&app, &mut browser, SCOPE, &[("login_hint", ALICE)]).await).contains("code="));
}

#[tokio::test]
async fn the_cancel_button_denies() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = open(&app, &mut browser, SCOPE, &[]).await;
    let cancel = form_of(&page, "/oauth/authorize/cancel");
    assert_eq!(error(&browser.post(&cancel.action, &cancel.fields).await), "access_denied");
}

#[tokio::test]
async fn sec_31_the_store_holds_no_code_token_or_cookie_in_clear() {
    let world = World::new().await;
    let app = public(&world);
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    let code = query(&browser.approve(&app.authorize_path(&push)).await)["code"].clone();
    let text = format!("{:?}", world.store);
    let tokens = crate::support::app::Tokens::of(&app.exchange(&code, &push.verifier).await);
    let text = format!("{text}{:?}", world.store);
    assert!(text.contains(ALICE) && text.contains("com.example.note"), "the rows are printed");
    for secret in [&code, &tokens.access, &tokens.refresh, &browser.cookies["__Host-ses-id"]] {
        assert!(!text.contains(secret.as_str()));
    }
    // Names of devices are not printed, so the store is asked: what the cookie says is no name.
    let cookie = &browser.cookies["__Host-dev-id"];
    assert_eq!(world.store.find_device(&DeviceId(cookie.clone())).await.unwrap(), None);
    assert!(world.store.find_device(&DeviceId::of_cookie(cookie)).await.unwrap().is_some());
}

#[tokio::test]
async fn sec_11_whoever_planted_the_cookies_of_a_browser_is_not_signed_in_with_it() {
    let world = World::new().await;
    let app = public(&world);
    let mut planter = Browser::new(&world);
    open(&app, &mut planter, SCOPE, &[]).await;
    let mut browser = Browser::new(&world);
    browser.cookies.clone_from(&planter.cookies);
    browser.sign_in(&app.authorize_path(&app.push(SCOPE).await)).await;
    assert!(is_sign_in(&open(&app, &mut planter, SCOPE, &[]).await), "not even within the five seconds");
}

#[tokio::test]
async fn a_password_that_is_replaced_while_the_old_one_is_checked_signs_nobody_in() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = open(&app, &mut browser, SCOPE, &[]).await;
    world.replaced_meanwhile.store(true, std::sync::atomic::Ordering::SeqCst);
    let refused = browser.sign_in_as(&page, "alice.example.net", ALICE_PASSWORD, true).await;
    assert_eq!(refused.status, 401, "{}", refused.text);
    assert!(is_sign_in(&refused));
    let device = DeviceId::of_cookie(&browser.cookies["__Host-dev-id"]);
    assert!(world.store.list_device_accounts(&device, None).await.unwrap().is_empty());
    world.replaced_meanwhile.store(false, std::sync::atomic::Ordering::SeqCst);
    assert!(is_sign_in(&open(&app, &mut browser, SCOPE, &[]).await));
}

#[tokio::test]
async fn sec_72_documents_are_asked_for_on_behalf_of_who_opens_a_page() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let consent = browser.sign_in(&app.authorize_path(&app.push(SCOPE).await)).await;
    browser.decide(&consent, "approve").await;
    let page = open(&app, &mut browser, SCOPE, &[]).await;
    let mut picker = form_of(&page, "/oauth/authorize/account");
    picker.fields.extend(picker.buttons);
    let page = browser.post(&picker.action, &picker.fields).await;
    browser.decide(&page, "perhaps").await;
    browser.decide(&page, "deny").await;
    let peers = world.clients.peers.lock();
    assert!(peers.len() >= 9, "{}", peers.len());
    assert!(peers.iter().all(Option::is_some), "{peers:?}");
}

#[tokio::test]
async fn sec_11_nobody_signs_in_on_a_device_that_has_ended() {
    let world = World::new().await;
    let app = public(&world);
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    let page = browser.get(&app.authorize_path(&push)).await;
    // Ends while the password is checked.
    let device = DeviceId::of_cookie(&browser.cookies["__Host-dev-id"]);
    world.store.delete_device(&device).await.unwrap();
    let request = push.request_uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    let form = operations::SignIn {
        identifier: "alice.example.net".to_owned(),
        password: Password::parse(ALICE_PASSWORD).unwrap(),
        remember: true,
    };
    let id = RequestId(request.to_owned());
    let refused = operations::sign_in(&world.server.context(), &id, &device, None, form).await;
    assert!(matches!(refused, Err(operations::SignInError::DeviceGone)), "{refused:?}");
    assert_eq!(browser.sign_in_as(&page, "alice.example.net", ALICE_PASSWORD, true).await.status, 403);
}

#[tokio::test]
async fn sec_16_another_account_than_the_expected_is_chosen_at_the_client() {
    let world = World::new().await;
    let app = public(&world);
    let hint = [("login_hint", "bob.example.net")];
    let mut browser = acquainted(&app).await;
    let denied = |reply: &Reply| {
        let answer = query(&location(reply));
        (answer["error"].clone(), answer["error_description"].clone())
    };
    let expected = ("access_denied".to_owned(), "another account is to be used".to_owned());

    // Where the password is asked for, and again after alice's.
    let page = open(&app, &mut browser, SCOPE, &hint).await;
    let page = browser.sign_in_as(&page, "alice.example.net", ALICE_PASSWORD, false).await;
    assert!(page.text.contains("Sign in as <bdi>bob.example.net</bdi>"), "{}", page.text);
    let leave = form_of(&page, "/oauth/authorize/cancel");
    assert_eq!(leave.buttons, form(&[("reason", "other-account")]));
    let mut fields = leave.fields;
    fields.extend(leave.buttons);
    assert_eq!(denied(&browser.post(&leave.action, &fields).await), expected);

    // Where bob is asked to consent.
    let page = open(&app, &mut browser, SCOPE, &hint).await;
    let page = browser.sign_in_as(&page, "bob.example.net", BOB_PASSWORD, true).await;
    assert_eq!(
        form_of(&page, "/oauth/authorize/consent").buttons,
        form(&[("decision", "deny"), ("decision", "approve")]),
        "programs find two buttons there, and no third"
    );
    let leave = form_of(&page, "/oauth/authorize/cancel");
    assert_eq!(leave.buttons, form(&[("reason", "other-account")]));
    let mut fields = leave.fields;
    fields.extend(leave.buttons);
    assert_eq!(denied(&browser.post(&leave.action, &fields).await), expected);

    // Where he is to be chosen: alice is signed in too, and not offered.
    let select = [hint[0], ("prompt", "select_account")];
    let app = confidential(&world);
    let page = open(&app, &mut browser, SCOPE, &select).await;
    assert!(!page.text.contains("alice.example.net") && !page.text.contains("/oauth/authorize/sign-in"));
    let leave = form_of(&page, "/oauth/authorize/cancel");
    let mut fields = leave.fields;
    fields.extend(leave.buttons);
    assert_eq!(denied(&browser.post(&leave.action, &fields).await), expected);

    // Whom nobody expects may choose here.
    let page = open(&app, &mut browser, SCOPE, &[]).await;
    assert!(page.text.contains("/oauth/authorize/sign-in") && !page.text.contains("other-account"));
}

#[tokio::test]
async fn an_address_that_forms_go_to_says_so_when_it_is_loaded_again() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    for path in ["sign-in", "account", "consent", "cancel"] {
        let page = browser.get(&format!("/oauth/authorize/{path}")).await;
        assert_eq!((page.status.as_u16(), page.header("allow")), (405, Some("POST")), "{path}");
        assert!(page.text.contains("This page cannot be loaded again"), "{path}: {}", page.text);
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{path}");
    }
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn a_form_that_was_open_for_too_long_ends_with_its_request() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = browser.sign_in(&app.authorize_path(&app.push(SCOPE).await)).await;
    world.clock.seconds(301);
    assert_eq!(error(&browser.decide(&page, "approve").await), "access_denied");
    assert_eq!(browser.decide(&page, "approve").await.status, 400);
}

#[tokio::test]
async fn neither_button_is_no_decision() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = browser.sign_in(&app.authorize_path(&app.push(SCOPE).await)).await;
    let again = browser.decide(&page, "perhaps").await;
    assert_eq!(again.status, 400);
    assert!(location(&browser.decide(&again, "approve").await).contains("code="));
}

#[tokio::test]
async fn sec_11_nobody_approves_for_an_account_that_is_not_signed_in_here() {
    let world = World::new().await;
    let app = public(&world);
    // She is signed in elsewhere.
    acquainted(&app).await;
    let mut browser = Browser::new(&world);
    let push = app.push(SCOPE).await;
    let page = browser.get(&app.authorize_path(&push)).await;
    let consent = browser.sign_in_as(&page, "bob.example.net", BOB_PASSWORD, true).await;
    // Bob's form with alice's name in it.
    let bobs = form_of(&consent, "/oauth/authorize/consent");
    let mut fields = crate::support::app::replaced(bobs.fields, "account", ALICE);
    fields.extend(form(&[("decision", "approve")]));
    let page = browser.post(&bobs.action, &fields).await;
    assert!(is_sign_in(&page), "{} {}", page.status, page.text);
    // And before anybody signed in at all.
    let mut nobody = Browser::new(&world);
    let page = nobody.get(&app.authorize_path(&app.push(SCOPE).await)).await;
    let mut fields = form_of(&page, "/oauth/authorize/sign-in").fields;
    fields.extend(form(&[("account", ALICE), ("decision", "approve")]));
    for path in ["/oauth/authorize/consent", "/oauth/authorize/account"] {
        let page = nobody.post(path, &fields).await;
        assert!(is_sign_in(&page), "{path}: {} {}", page.status, page.text);
    }
}

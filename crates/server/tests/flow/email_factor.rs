//! Codes by mail as a second factor.

use gatewright_store::account::AccountStore as _;
use gatewright_store::factor::{FactorKind, FactorStore as _};
use serde_json::json;

use crate::factors::{codes, own_sign_in, send};
use crate::support::app::{SCOPE, public};
use crate::support::browser::{Browser, form_of, location};
use crate::support::notices::code_of;
use crate::support::session::{CREATE_SESSION, Session, refusal};
use crate::support::{ALICE, ALICE_EMAIL, ALICE_PASSWORD, BOB_PASSWORD, World};

/// A browser in which alice made codes by mail her second factor, and a recovery code.
async fn with_mail(world: &World) -> (Browser<'_>, String) {
    let mut browser = Browser::new(world);
    assert_eq!(own_sign_in(&mut browser, ALICE_PASSWORD).await.status, 303);
    let page = browser.get("/account/factors").await;
    assert!(page.text.contains(ALICE_EMAIL), "{}", page.text);
    let sent = send(&mut browser, &form_of(&page, "/account/factors/email"), &[]).await;
    sent.assert_ok();
    let message = world.notices.next().await;
    assert_eq!(message.to, ALICE_EMAIL);
    let form = form_of(&sent, "/account/factors/email/confirm");
    for wrong in ["", "123456", "abcde-23456", &"x".repeat(500)] {
        let again = send(&mut browser, &form, &[("mail_code", wrong)]).await;
        assert_eq!(again.status, 400, "{wrong}: {}", again.text);
        assert!(again.text.contains("role=\"alert\"") && again.text.contains("name=\"mail_code\""));
    }
    let did = ALICE.parse().unwrap();
    assert!(world.store.list_factors(&did).await.unwrap().is_empty());
    let added = send(&mut browser, &form, &[("mail_code", &code_of(&message))]).await;
    added.assert_ok();
    assert!(world.store.find_account(&did).await.unwrap().unwrap().email_confirmed, "it arrived there");
    let recovery = codes(&added);
    assert_eq!(recovery.len(), 10, "{}", added.text);
    let page = browser.get("/account/factors").await;
    assert!(!page.text.contains("action=\"/account/factors/email\""), "there is one at most");
    (browser, recovery[0].clone())
}

#[tokio::test]
async fn a_code_is_sent_to_whoever_asks_for_it_at_a_sign_in() {
    let world = World::new().await;
    let (_, recovery) = with_mail(&world).await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = browser.sign_in(&app.authorize_path(&app.push(SCOPE).await)).await;
    let form = form_of(&page, "/oauth/authorize/factor");
    assert_eq!(form.buttons, [("send".to_owned(), "email".to_owned())]);
    world.notices.assert_none().await;
    let sent = send(&mut browser, &form, &[("send", "email")]).await;
    sent.assert_ok();
    assert!(sent.text.contains("A code is on its way"), "{}", sent.text);
    let code = code_of(&world.notices.next().await);
    let form = form_of(&sent, "/oauth/authorize/factor");
    let consent = send(&mut browser, &form, &[("code", &code)]).await;
    assert!(consent.text.contains("name=\"decision\""), "{}", consent.text);
    // On the pages of the account; a code is good once, and a recovery code helps who gets no mail.
    let mut own = Browser::new(&world);
    let page = own_sign_in(&mut own, ALICE_PASSWORD).await;
    let form = form_of(&page, "/account/sign-in/factor");
    assert_eq!(send(&mut own, &form, &[("code", &code)]).await.status, 401);
    let sent = send(&mut own, &form, &[("send", "email")]).await;
    assert!(sent.status == 200 && sent.text.contains("A code is on its way"), "{}", sent.text);
    let code = code_of(&world.notices.next().await);
    let reply = send(&mut own, &form, &[("code", &code.to_uppercase())]).await;
    assert!(own.get(&location(&reply)).await.text.contains("alice.example.net"));
    let mut other = Browser::new(&world);
    let page = own_sign_in(&mut other, ALICE_PASSWORD).await;
    let form = form_of(&page, "/account/sign-in/factor");
    assert_eq!(send(&mut other, &form, &[("code", &recovery)]).await.status, 303);
}

#[tokio::test]
async fn a_program_is_asked_for_the_code_that_it_makes_us_send() {
    let world = World::new().await;
    with_mail(&world).await;
    let asked = world.log_in(ALICE, ALICE_PASSWORD).await;
    assert_eq!((asked.status.as_u16(), refusal(&asked).1.as_str()), (401, "AuthFactorTokenRequired"));
    let code = code_of(&world.notices.next().await);
    let body = |code: &str| json!({"identifier": ALICE, "password": ALICE_PASSWORD, "authFactorToken": code});
    let wrong = world.xrpc(CREATE_SESSION, None, Some(&body("abcde-23456"))).await;
    assert_eq!(wrong.status, 401);
    let reply = world.xrpc(CREATE_SESSION, None, Some(&body(&code))).await;
    Session::of(&reply);
    assert_eq!(reply.json()["emailAuthFactor"], true);
    assert_eq!(world.xrpc(CREATE_SESSION, None, Some(&body(&code))).await.status, 401, "once");
    // Whoever does not know the password sends nobody mail.
    let sent = world.notices.sent.lock().len();
    assert_eq!(world.log_in(ALICE, "wrong").await.status, 401);
    assert_eq!(world.notices.sent.lock().len(), sent);
}

#[tokio::test]
async fn sec_63_no_code_goes_where_nobody_showed_to_read_it() {
    let world = World::new().await;
    let (mut browser, recovery) = with_mail(&world).await;
    let did = ALICE.parse().unwrap();
    // The address is another now, and whoever changed it has not shown that they read its mail.
    world.log_in(ALICE, ALICE_PASSWORD).await;
    let code = code_of(&world.notices.next().await);
    let body = json!({"identifier": ALICE, "password": ALICE_PASSWORD, "authFactorToken": code});
    let session = Session::of(&world.xrpc(CREATE_SESSION, None, Some(&body)).await);
    world
        .xrpc("com.atproto.server.requestEmailUpdate", Some(&session.access), Some(&json!({})))
        .await
        .assert_ok();
    let code = code_of(&world.notices.next().await);
    let update = json!({"email": "eve@example.org", "token": code});
    world.xrpc("com.atproto.server.updateEmail", Some(&session.access), Some(&update)).await.assert_ok();
    world.notices.next().await;
    world.notices.assert_none().await;
    assert_eq!(world.log_in(ALICE, ALICE_PASSWORD).await.status, 401);
    world.notices.assert_none().await;
    let mut other = Browser::new(&world);
    let page = own_sign_in(&mut other, ALICE_PASSWORD).await;
    let form = form_of(&page, "/account/sign-in/factor");
    assert_eq!(send(&mut other, &form, &[("send", "email")]).await.status, 403);
    world.notices.assert_none().await;
    assert_eq!(send(&mut other, &form, &[("code", &recovery)]).await.status, 303, "a recovery code helps");
    // Without the factor, nothing that was sent for it is good.
    let page = browser.get("/account/factors").await;
    send(&mut browser, &form_of(&page, "/account/factors/remove"), &[]).await;
    assert!(world.store.list_factors(&did).await.unwrap().is_empty());
    Session::of(&world.log_in(ALICE, ALICE_PASSWORD).await);
    world.notices.assert_none().await;
}

#[tokio::test]
async fn somebody_who_is_not_fresh_gets_a_code_for_the_step_up() {
    let world = World::new().await;
    let (mut browser, _) = with_mail(&world).await;
    world.clock.seconds(11 * 60);
    let page = browser.get("/account/factors").await;
    let asked = send(&mut browser, &form_of(&page, "/account/factors/recovery-codes"), &[]).await;
    asked.assert_ok();
    let form = form_of(&asked, "/account/factors/recovery-codes");
    let sent = send(&mut browser, &form, &[("send", "email")]).await;
    assert!(sent.text.contains("A code is on its way"), "{}", sent.text);
    let form = form_of(&sent, "/account/factors/recovery-codes");
    assert!(form.fields.iter().all(|(name, _)| name != "send"), "{form:?}");
    let code = code_of(&world.notices.next().await);
    let renewed = send(&mut browser, &form, &[("code", &code)]).await;
    assert_eq!(codes(&renewed).len(), 10, "{}", renewed.text);
    let factors = world.store.list_factors(&ALICE.parse().unwrap()).await.unwrap();
    let [factor] = factors.as_slice() else { panic!("{factors:?}") };
    assert_eq!(factor.kind, FactorKind::Email);
    // Who has no address is offered none.
    let mut bob = crate::app_password_page::signed_in(&world, "bob.example.net", BOB_PASSWORD).await;
    assert!(!bob.get("/account/factors").await.text.contains("/account/factors/email"));
}

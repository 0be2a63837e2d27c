//! The page on which people see, and end, what acts for their account.

use gatewright_store::device::DeviceStore as _;

use crate::support::app::{App, SCOPE, Tokens, confidential, public, replaced};
use crate::support::browser::{Browser, PageForm, form_of, forms, location};
use crate::support::machine::Reply;
use crate::support::{ALICE, ALICE_PASSWORD, BOB, BOB_PASSWORD, World};

/// Fills in the sign-in form of the page.
async fn sign_in(
    browser: &mut Browser<'_>,
    page: &Reply,
    name: &str,
    password: &str,
    remember: bool,
) -> Reply {
    let sign_in = form_of(page, "/account/sign-in");
    let mut fields = sign_in.fields;
    for (field, value) in [("identifier", name), ("password", password)] {
        fields.iter_mut().find(|(known, _)| known == field).expect("a sign-in form").1 = value.to_owned();
    }
    if remember {
        fields.push(("remember".to_owned(), "on".to_owned()));
    }
    browser.post(&sign_in.action, &fields).await
}

/// The account page of alice, who signs in.
async fn own_page(browser: &mut Browser<'_>) -> Reply {
    let page = browser.get("/account").await;
    let reply = sign_in(browser, &page, "alice.example.net", ALICE_PASSWORD, true).await;
    let page = browser.get(&location(&reply)).await;
    page.assert_ok();
    page
}

async fn send(browser: &mut Browser<'_>, form: &PageForm) -> Reply {
    browser.post(&form.action, &form.fields).await
}

/// A browser in which alice approved `SCOPE` for the client, and the tokens of that.
async fn approved<'w>(app: &App<'w>) -> (Browser<'w>, Tokens) {
    let mut browser = Browser::new(app.world);
    let push = app.push(SCOPE).await;
    let answer = browser.approve(&app.authorize_path(&push)).await;
    let code = crate::support::browser::query(&answer)["code"].clone();
    (browser, Tokens::of(&app.exchange(&code, &push.verifier).await))
}

#[tokio::test]
async fn sec_71_a_person_sees_and_ends_what_acts_for_them() {
    let world = World::new().await;
    let app = public(&world);
    let (mut browser, tokens) = approved(&app).await;
    let page = browser.get("/account").await;
    page.assert_ok();
    for said in
        ["alice.example.net", "app.example.dev", "Create <bdi>com.example.note</bdi> records", "2025-06-15"]
    {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert!(!page.text.contains("Totally Your Bank"), "the name is the client's own word");
    assert!(app.is_alive(&tokens).await);
    let reply = send(&mut browser, &form_of(&page, "/account/end-session")).await;
    let page = browser.get(&location(&reply)).await;
    assert!(page.text.contains("No application may act for this account"), "{}", page.text);
    assert!(page.text.contains("Ended."));
    assert!(!app.is_alive(&tokens).await);
    app.refresh(&tokens.refresh).await.assert_refused(400, "invalid_grant");
    // The same button once more ends nothing else and breaks nothing.
    assert_eq!(
        send(&mut browser, &form_of(&own_page(&mut Browser::new(&world)).await, "/account/sign-out"))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn nobody_sees_or_ends_what_is_not_theirs() {
    let world = World::new().await;
    let app = public(&world);
    let (mut alice, tokens) = approved(&app).await;
    let end = form_of(&alice.get("/account").await, "/account/end-session");
    let mut bob = Browser::new(&world);
    let page = bob.get("/account").await;
    let reply = sign_in(&mut bob, &page, "bob.example.net", BOB_PASSWORD, true).await;
    let page = bob.get(&location(&reply)).await;
    assert!(page.text.contains("bob.example.net") && !page.text.contains("app.example.dev"), "{}", page.text);
    let token = form_of(&page, "/account/sign-out").fields;
    let csrf = &token.iter().find(|(name, _)| name == "csrf").unwrap().1;
    // Alice's session in bob's name, and in alice's.
    for account in [BOB, ALICE] {
        let fields = replaced(replaced(end.fields.clone(), "csrf", csrf), "account", account);
        let reply = bob.post(&end.action, &fields).await;
        assert!([303, 403].contains(&reply.status.as_u16()), "{}", reply.status);
        assert!(app.is_alive(&tokens).await, "as {account}");
    }
    let page = bob.get(&format!("/account?account={}", ALICE.replace(':', "%3A"))).await;
    assert!(!page.text.contains("alice.example.net"), "{}", page.text);
}

#[tokio::test]
async fn sec_11_forms_of_the_account_page_need_their_token_and_place() {
    let world = World::new().await;
    let app = public(&world);
    let (mut browser, tokens) = approved(&app).await;
    let page = browser.get("/account").await;
    for form in forms(&page.text) {
        let bare = replaced(form.fields.clone(), "csrf", "");
        assert_eq!(browser.post(&form.action, &bare).await.status, 403, "{}", form.action);
        assert_eq!(
            Browser::new(&world).post(&form.action, &form.fields).await.status,
            403,
            "{}",
            form.action
        );
        for (name, value) in [
            ("origin", "https://evil.example.net"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "cors"),
            ("referer", "https://auth.example.com/elsewhere"),
        ] {
            browser.extra = vec![(name, value.to_owned())];
            assert_eq!(browser.post(&form.action, &form.fields).await.status, 403, "{} {name}", form.action);
        }
        browser.extra = Vec::new();
        assert_eq!(browser.get(&form.action).await.status, 405, "{}", form.action);
    }
    assert!(app.is_alive(&tokens).await);
    // The sign-in form is bound to the browser that was given it, though nothing is kept of that.
    let mut visitor = Browser::new(&world);
    let page = visitor.get("/account").await;
    let stranger = sign_in(&mut Browser::new(&world), &page, "alice.example.net", ALICE_PASSWORD, true).await;
    assert_eq!(stranger.status, 403);
    let other = Browser::new(&world).get("/account").await;
    assert_eq!(sign_in(&mut visitor, &other, "alice.example.net", ALICE_PASSWORD, true).await.status, 403);
    assert_eq!(sign_in(&mut visitor, &page, "alice.example.net", ALICE_PASSWORD, true).await.status, 303);
}

#[tokio::test]
async fn sec_72_a_visit_fills_nothing() {
    let limits = gatewright_store::Limits { devices: 3, ..gatewright_store::Limits::MEMORY };
    let world = World::limited(limits).await;
    for _ in 0..10 {
        let mut browser = Browser::new(&world);
        let page = browser.get("/account").await;
        page.assert_ok();
        assert_eq!(sign_in(&mut browser, &page, "alice.example.net", "wrong", true).await.status, 401);
    }
    own_page(&mut Browser::new(&world)).await;
}

#[tokio::test]
async fn a_wrong_or_empty_sign_in_shows_the_form_again() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let mut page = browser.get("/account").await;
    for (name, password, status) in [
        ("alice.example.net", "wrong", 401),
        ("nobody.example.net", ALICE_PASSWORD, 401),
        ("alice.example.net", "", 400),
    ] {
        page = sign_in(&mut browser, &page, name, password, false).await;
        assert_eq!(page.status, status, "{name}");
        assert!(page.text.contains(&format!("value=\"{name}\"")) && page.text.contains("role=\"alert\""));
    }
    for _ in 0..40 {
        page = sign_in(&mut browser, &page, "alice.example.net", "wrong", false).await;
    }
    assert_eq!(page.status, 429);
    assert!(page.header("retry-after").is_some());
}

#[tokio::test]
async fn a_sign_in_that_is_not_remembered_ends_soon() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let page = browser.get("/account").await;
    let reply = sign_in(&mut browser, &page, "alice.example.net", ALICE_PASSWORD, false).await;
    let page = browser.get(&location(&reply)).await;
    assert!(
        page.text.contains("alice.example.net") && page.text.contains("/account/sign-out"),
        "{}",
        page.text
    );
    // No application is approved without the password by it.
    let app = confidential(&world);
    let push = app.push_with(SCOPE, &[("login_hint", ALICE)]).await;
    let opened = browser.get(&app.authorize_path(&push)).await;
    assert!(opened.text.contains("name=\"password\""), "{}", opened.text);
    world.clock.seconds(16 * 60);
    let page = browser.get("/account").await;
    assert!(page.text.contains("name=\"password\""), "{}", page.text);
}

#[tokio::test]
async fn signing_out_forgets_the_account_on_this_device() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let page = own_page(&mut browser).await;
    assert_eq!(world.store.list_devices(&ALICE.parse().unwrap()).await.unwrap().len(), 1);
    let reply = send(&mut browser, &form_of(&page, "/account/sign-out")).await;
    let page = browser.get(&location(&reply)).await;
    assert!(page.text.contains("name=\"password\""), "{}", page.text);
    assert!(world.store.list_devices(&ALICE.parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_accounts_on_one_device_lead_to_each_other() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let page = own_page(&mut browser).await;
    // The form to sign in as another: where nobody is signed in for it, the device is known.
    let reply = send(&mut browser, &form_of(&page, "/account/sign-out")).await;
    let page = browser.get(&location(&reply)).await;
    let reply = sign_in(&mut browser, &page, "bob.example.net", BOB_PASSWORD, true).await;
    location(&reply);
    let app = public(&world);
    let opened = browser.get(&app.authorize_path(&app.push(SCOPE).await)).await;
    let other = opened.text.split("<a href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let page = browser.get(&other.replace("&#38;", "&")).await;
    world.clock.seconds(10);
    browser.sign_in_as(&page, "alice.example.net", ALICE_PASSWORD, true).await.assert_ok();
    let page = browser.get("/account").await;
    assert!(
        page.text.contains("alice.example.net") && page.text.contains("bob.example.net"),
        "{}",
        page.text
    );
    let link =
        page.text.split("class=\"others\"").nth(1).and_then(|rest| rest.split("href=\"").nth(1)).unwrap();
    let page = browser.get(link.split('"').next().unwrap()).await;
    let shown = page.text.split("<h1>").nth(1).unwrap().split("</p>").next().unwrap();
    assert!(shown.contains("bob.example.net"), "{shown}");
}

#[tokio::test]
async fn password_managers_find_the_page() {
    let world = World::new().await;
    let reply = Browser::new(&world).get("/.well-known/change-password").await;
    assert_eq!(location(&reply), "/account/reset-password");
    let page = Browser::new(&world).get("/account").await;
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.headers.get("access-control-allow-origin").is_none());
}

//! Pages in a real browser: with and without JavaScript, with a keyboard alone, on a phone, in light and dark.

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use gatewright_testkit::app::{App, Person, Pushed};
use gatewright_testkit::browser::{Chromium, Look};
use thirtyfour::{Key, TypingData};
use tokio::sync::mpsc;
use url::Url;

use crate::start::{NOTES, network};

const LOUD: &str = "atproto repo:* identity:* rpc:*?aud=did:web:api.example.com%23all account:email blob:image/* \
     include:fm.plyr.authFullApp";

/// Types what the sign-in form asks for, and sends it.
async fn sign_in(chromium: &Chromium, person: &Person) -> Result<()> {
    chromium.fill("identifier", &person.handle).await?;
    chromium.fill("password", &person.password).await?;
    chromium.click("main form button.main").await
}

async fn code_of(app: &mut App, pushed: &Pushed, back: &Url) -> Result<String> {
    let code = app.code(back, pushed)?;
    let answer = app.exchange(&code, pushed).await?;
    Ok(app.keep(&answer)?.scope)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_consents_with_and_without_javascript() -> Result<()> {
    let (network, alice, _) = network().await?;
    for look in [Look::default(), Look::PHONE.without_scripts()] {
        let mut app = App::loopback(network.url(), NOTES)?;
        let pushed = app.push(&[("login_hint", &alice.handle)]).await?;
        let chromium = Chromium::open(look).await?;
        chromium.open_page(&app.authorize_url(&pushed.request_uri)).await?;
        let hinted = chromium.find("input[name='identifier']").await?.value().await?;
        assert_eq!(hinted.as_deref(), Some(alice.handle.as_str()), "the hint fills the field");
        sign_in(&chromium, &alice).await?;
        chromium.click("button[name='decision'][value='approve']").await?;
        let back = chromium.wait_for(&app.redirect_uri).await?;
        assert_eq!(code_of(&mut app, &pushed, &back).await?, NOTES);
        chromium.close().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_permission_inside_a_set_can_be_unticked() -> Result<()> {
    let (network, alice, _) = network().await?;
    for look in [Look::default(), Look::PHONE.without_scripts()] {
        let mut app = App::loopback(network.url(), "atproto blob:*/* include:fm.plyr.authFullApp")?;
        let pushed = app.push(&[]).await?;
        let chromium = Chromium::open(look).await?;
        chromium.open_page(&app.authorize_url(&pushed.request_uri)).await?;
        sign_in(&chromium, &alice).await?;
        chromium.click(".set summary").await?;
        ensure!(!chromium.overflows().await?, "the opened set is wider than the page");
        chromium.click("input[value='include:fm.plyr.authFullApp repo:fm.plyr.like']").await?;
        chromium.click("button[name='decision'][value='approve']").await?;
        let back = chromium.wait_for(&app.redirect_uri).await?;
        let scope = code_of(&mut app, &pushed, &back).await?;
        for (name, is_granted) in
            [("actor.profile", true), ("comment", true), ("like", false), ("list", true), ("track", true)]
        {
            assert_eq!(scope.contains(&format!("collection=fm.plyr.{name}")), is_granted, "{name}: {scope}");
        }
        chromium.close().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unticked_is_not_granted() -> Result<()> {
    let (network, alice, _) = network().await?;
    let mut app = App::loopback(network.url(), NOTES)?;
    let pushed = app.push(&[]).await?;
    let chromium = Chromium::open(Look::PHONE).await?;
    chromium.open_page(&app.authorize_url(&pushed.request_uri)).await?;
    sign_in(&chromium, &alice).await?;
    chromium.click("input[name='scope'][value='blob:image/*']").await?;
    chromium.click("button[name='decision'][value='approve']").await?;
    let back = chromium.wait_for(&app.redirect_uri).await?;
    assert_eq!(code_of(&mut app, &pushed, &back).await?, "atproto repo:com.example.note?action=create");
    chromium.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_is_enough() -> Result<()> {
    let (network, alice, _) = network().await?;
    let mut app = App::loopback(network.url(), NOTES)?;
    let pushed = app.push(&[]).await?;
    let chromium = Chromium::open(Look::default()).await?;
    chromium.open_page(&app.authorize_url(&pushed.request_uri)).await?;
    chromium.find("input[name='identifier']").await?;
    // The first field has the focus already.
    press(&chromium, alice.handle.as_str()).await?;
    press(&chromium, Key::Tab).await?;
    press(&chromium, alice.password.as_str()).await?;
    press(&chromium, Key::Enter).await?;
    chromium.find("button[name='decision']").await?;
    for _ in 0..20 {
        press(&chromium, Key::Tab).await?;
        let focused = chromium.driver().active_element().await?;
        if focused.attr("value").await?.as_deref() == Some("approve") {
            focused.send_keys(Key::Enter).await?;
            let back = chromium.wait_for(&app.redirect_uri).await?;
            app.code(&back, &pushed)?;
            return chromium.close().await;
        }
    }
    anyhow::bail!("the approve button is not reached with the Tab key")
}

async fn press(chromium: &Chromium, keys: impl Into<TypingData>) -> Result<()> {
    Ok(chromium.driver().active_element().await?.send_keys(keys).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_passes_axe_on_a_phone_in_light_and_dark() -> Result<()> {
    let (network, alice, _) = network().await?;
    for look in [Look::PHONE, Look::PHONE.in_the_dark(), Look::default()] {
        let mut app = App::loopback(network.url(), LOUD)?;
        let chromium = Chromium::open(look).await?;
        let pushed = app.push(&[]).await?;
        let authorize = app.authorize_url(&pushed.request_uri);
        chromium.open_page(&authorize).await?;
        chromium.find("input[name='password']").await?;
        passes(&chromium, "sign-in").await?;

        chromium.fill("identifier", &alice.handle).await?;
        chromium.fill("password", "not the password").await?;
        chromium.click("main form button.main").await?;
        chromium.find("[role='alert']").await?;
        passes(&chromium, "sign-in refused").await?;

        chromium.click("input[name='remember']").await?;
        sign_in(&chromium, &alice).await?;
        chromium.find("button[name='decision']").await?;
        chromium.click(".set summary").await?;
        passes(&chromium, "consent").await?;
        let marks = chromium.driver().find_all(thirtyfour::By::Css(".warning")).await?;
        assert_eq!(marks.len(), 3, "repo:*, identity:* and rpc:* are marked");
        for mark in marks {
            ensure!(mark.text().await?.starts_with("Careful:"), "a mark is text, not colour only");
        }
        chromium.click("button[name='decision'][value='deny']").await?;
        let back = chromium.wait_for(&app.redirect_uri).await?;
        assert!(back.query().unwrap_or_default().contains("error=access_denied"), "{back}");

        // Alice is remembered on this device now.
        let pushed = app.push(&[("prompt", "select_account")]).await?;
        chromium.open_page(&app.authorize_url(&pushed.request_uri)).await?;
        let button = chromium.find("button[name='account']").await?;
        assert!(button.text().await?.contains(&alice.handle));
        passes(&chromium, "account picker").await?;
        button.click().await?;
        chromium.click("button[name='decision'][value='approve']").await?;
        let back = chromium.wait_for(&app.redirect_uri).await?;
        code_of(&mut app, &pushed, &back).await?;
        chromium.open_page(&format!("{}/account", network.url())).await?;
        chromium.click(".app summary").await?;
        passes(&chromium, "account").await?;

        chromium.open_page(&authorize).await?;
        chromium.find("h1").await?;
        passes(&chromium, "error").await?;
        chromium.close().await?;
    }
    Ok(())
}

/// The page is shown as it was designed, nothing keeps people out of it, and nothing has to be scrolled sideways.
pub(crate) async fn passes(chromium: &Chromium, page: &str) -> Result<()> {
    let rules =
        "return [...document.styleSheets].map(sheet => sheet.cssRules.length).reduce((a, b) => a + b, 0)";
    let rules = chromium.driver().execute(rules, Vec::new()).await?.json().as_u64();
    assert!(rules > Some(20), "{page}: the stylesheet is not applied");
    let violations = chromium.violations().await.with_context(|| page.to_owned())?;
    assert!(violations.is_empty(), "{page}: {violations:#?}");
    assert!(!chromium.overflows().await?, "{page} is wider than the window");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn form_post_reaches_the_client_with_and_without_javascript() -> Result<()> {
    let (network, alice, _) = network().await?;
    let (sender, mut received) = mpsc::unbounded_channel();
    let client = Router::new().route("/callback", post(keep_body)).with_state(sender);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let redirect_uri = format!("http://127.0.0.1:{}/callback", listener.local_addr()?.port());
    tokio::spawn(async move { axum::serve(listener, client).await });
    for look in [Look::default(), Look::default().without_scripts()] {
        let mut app = App::loopback(network.url(), NOTES)?;
        app.redirect_uri.clone_from(&redirect_uri);
        let pushed = app.push(&[("response_mode", "form_post")]).await?;
        let chromium = Chromium::open(look).await?;
        chromium.open_page(&app.authorize_url(&pushed.request_uri)).await?;
        sign_in(&chromium, &alice).await?;
        chromium.click("button[name='decision'][value='approve']").await?;
        if !look.scripts {
            // The consent page has buttons too, and may stand for a moment yet.
            chromium.click(&format!("form[action='{redirect_uri}'] button")).await?;
        }
        let fields = received.recv().await.context("the client got nothing")?;
        let back = Url::parse(&format!("{redirect_uri}?{fields}"))?;
        assert_eq!(code_of(&mut app, &pushed, &back).await?, NOTES);
        chromium.close().await?;
    }
    Ok(())
}

async fn keep_body(State(sender): State<mpsc::UnboundedSender<String>>, body: String) -> &'static str {
    // The test may have ended before a browser that reloads.
    let _: Result<(), _> = sender.send(body);
    "thanks"
}

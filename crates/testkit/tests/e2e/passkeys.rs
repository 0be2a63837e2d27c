//! Passkeys in a real Chromium, whose authenticator is virtual: nobody has to touch anything.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use gatewright::dev::Options;
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::SystemClock;
use gatewright_testkit::app::App;
use gatewright_testkit::browser::{Chromium, Look};
use gatewright_testkit::clock::TestClock;
use gatewright_testkit::network::TestNetwork;
use serde_json::json;

const BROAD: &str = "atproto repo:* blob:*/*";

/// Gives the browser a device that keeps passkeys and believes that its owner is there.
async fn give_authenticator(chromium: &Chromium) -> Result<()> {
    let tools = chromium.driver().cdp();
    tools.send_raw("WebAuthn.enable", json!({ "enableUI": false })).await?;
    let options = json!({ "options": {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": true,
        "hasUserVerification": true,
        "isUserVerified": true,
        "automaticPresenceSimulation": true,
    } });
    tools.send_raw("WebAuthn.addVirtualAuthenticator", options).await?;
    Ok(())
}

async fn screenshot(chromium: &Chromium, name: &str) -> Result<()> {
    if let Some(folder) = std::env::var_os("GATEWRIGHT_SCREENSHOTS") {
        chromium.driver().screenshot(&std::path::Path::new(&folder).join(name)).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_opens_the_door_and_what_matters_and_the_owner_closes_it() -> Result<()> {
    let clock = Arc::new(TestClock::at(SystemClock.now().seconds()));
    let own = Arc::clone(&clock);
    let network = TestNetwork::start_with(|options| Options { clock: own, ..options }).await?;
    let alice = network.people().into_iter().next().context("a network starts with two accounts")?;
    let chromium = Chromium::open(Look::PHONE).await?;
    give_authenticator(&chromium).await?;

    // Registered on the account page.
    chromium.open_page(&format!("{}/account", network.url())).await?;
    chromium.fill("identifier", &alice.handle).await?;
    chromium.fill("password", &alice.password).await?;
    chromium.click("main form button.main").await?;
    chromium.find("form[action='/account/sign-out']").await?;
    chromium.open_page(&format!("{}/account/factors", network.url())).await?;
    chromium.click("form[action='/account/factors/passkey'] button").await?;
    chromium.fill("name", "My phone").await?;
    screenshot(&chromium, "passkey-add.png").await?;
    assert!(!chromium.overflows().await?, "the page fits a phone");
    chromium.click("[data-passkey] button").await?;
    let codes = chromium.find("ul.codes").await?.text().await?;
    assert_eq!(codes.lines().count(), 10, "{codes}");
    chromium.open_page(&format!("{}/account/factors", network.url())).await?;
    let listed = chromium.find("main").await?.text().await?;
    assert!(listed.contains("Passkey · My phone"), "{listed}");
    screenshot(&chromium, "passkey-factors.png").await?;
    chromium.open_page(&format!("{}/account", network.url())).await?;
    chromium.click("form[action='/account/sign-out'] button").await?;

    // In place of a password, in the flow of an application.
    let mut app = App::loopback(network.url(), BROAD)?.with_clock(Arc::clone(&clock) as _);
    let pushed = app.push(&[]).await?;
    chromium.open_page(&app.authorize_url(&pushed.request_uri)).await?;
    chromium.find("[data-passkey] button").await?;
    let violations = chromium.violations().await?;
    assert!(violations.is_empty(), "{violations:?}");
    screenshot(&chromium, "passkey-sign-in.png").await?;
    chromium.click("input[name='remember']").await?;
    chromium.click("[data-passkey] button").await?;
    chromium.find("button[name='decision'][value='approve']").await?;

    // Once more, because of what is granted, when the sign-in is older than ten minutes.
    clock.advance(Duration::from_mins(11));
    let pushed = app.push(&[("login_hint", &alice.handle)]).await?;
    chromium.open_page(&app.authorize_url(&pushed.request_uri)).await?;
    chromium.click("button[name='decision'][value='approve']").await?;
    // The page before has a heading too, but nothing for a passkey.
    chromium.find("[data-passkey] button").await?;
    let heading = chromium.find("h1").await?.text().await?;
    assert_eq!(heading, "Confirm that it is you");
    screenshot(&chromium, "passkey-step-up.png").await?;
    chromium.click("[data-passkey] button").await?;
    let back = chromium.wait_for(&app.redirect_uri).await?;
    let code = app.code(&back, &pushed)?;
    let answer = app.exchange(&code, &pushed).await?;
    app.keep(&answer)?;
    let record =
        json!({ "repo": alice.did, "collection": "com.example.note", "record": { "text": "hello" } });
    let written = app.procedure(network.url(), "com.atproto.repo.createRecord", &record).await?;
    assert_eq!(written.status, 200, "{written:?}");

    // What it may not do is refused, and the owner finds that in the log with all the rest.
    let handle = json!({ "handle": "other.test" });
    let refused = app.procedure(network.url(), "com.atproto.identity.updateHandle", &handle).await?;
    assert_eq!(refused.status, 403, "{refused:?}");
    chromium.open_page(&format!("{}/account/security-log", network.url())).await?;
    let log = chromium.find("main").await?.text().await?;
    for said in [
        "Second factor added",
        "Signed in in a browser",
        "An application was given access",
        "An application was refused what you did not allow",
        "127.0.0.0/24",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!chromium.overflows().await?, "the page fits a phone");
    screenshot(&chromium, "security-log.png").await?;

    // The owner ends it; the next request of the application fails.
    chromium.open_page(&format!("{}/account", network.url())).await?;
    chromium.click("form[action='/account/end-session'] button").await?;
    chromium.find("p.done").await?;
    let refused = app.procedure(network.url(), "com.atproto.repo.createRecord", &record).await?;
    assert_eq!(refused.status, 401, "{refused:?}");
    chromium.close().await?;
    Ok(())
}

//! The walk of the README, as a person takes it: the demo app in a real browser.

use anyhow::{Context as _, Result};
use gatewright_testkit::browser::{Chromium, Look};

use crate::start::network;

/// Presses the button of an action, and returns what the app then says about it.
async fn press(chromium: &Chromium, action: &str) -> Result<String> {
    chromium.click(&format!("form#{action} button")).await?;
    Ok(chromium.find(&format!("form#{action} .outcome")).await?.text().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_does_what_it_may_and_shows_why_it_may_not() -> Result<()> {
    let (network, alice, _) = network().await?;
    let demo = network.ready()["demo_url"].as_str().context("the demo runs")?.to_owned();
    for look in [Look::PHONE, Look::PHONE.in_the_dark().without_scripts()] {
        let chromium = Chromium::open(look).await?;
        chromium.open_page(&demo).await?;
        chromium.fill("identifier", &alice.handle).await?;
        chromium.click("button.main").await?;
        chromium.find("input[name='password']").await?;
        assert!(
            chromium.url().await?.as_str().starts_with(network.url()),
            "the password is asked for at the host"
        );
        chromium.fill("password", &alice.password).await?;
        chromium.click("main form button.main").await?;
        chromium.click("button[name='decision'][value='approve']").await?;
        chromium.wait_for(&demo).await?;
        chromium.find("form#create-note").await?;

        assert!(press(&chromium, "create-note").await?.contains("200"));
        assert!(press(&chromium, "upload-picture").await?.contains("200"));
        for (action, missing) in [
            ("update-note", "repo:com.example.note?action=update"),
            ("create-other", "repo:com.example.other?action=create"),
            ("upload-text", "blob:text/plain"),
            ("service-token", "rpc:com.example.notes.listNotes?aud=did:web:api.example.com%23notes"),
        ] {
            let said = press(&chromium, action).await?;
            assert!(said.contains("403") && said.contains(missing), "{action}: {said}");
        }
        assert!(!chromium.overflows().await?, "the page fits a phone");
        if look.scripts {
            let violations = chromium.violations().await?;
            assert!(violations.is_empty(), "{violations:?}");
        }
        if let Some(folder) = std::env::var_os("GATEWRIGHT_SCREENSHOTS") {
            let name = if look.dark { "demo-dark.png" } else { "demo-light.png" };
            chromium.driver().screenshot(&std::path::Path::new(&folder).join(name)).await?;
        }
        chromium.click("form.leave button").await?;
        chromium.find("input[name='identifier']").await?;
        chromium.close().await?;
    }
    Ok(())
}

//! The walk of the README, as a person takes it: the demo app in a real browser.

use anyhow::{Context as _, Result};
use gatewright_testkit::browser::{Chromium, Look};

use crate::start::network;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_keeps_tracks_and_asks_for_what_is_missing() -> Result<()> {
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

        // Both permissions are used: a file is uploaded, and a record with it is created.
        chromium.fill("title", "Four notes").await?;
        chromium.click("form.add button").await?;
        let track = chromium.find(".tracks li").await?.text().await?;
        assert!(track.contains("Four notes"), "{track}");
        // A file of another kind is not covered, and never asked for.
        let picture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/assets/icon.png");
        chromium.fill("title", "A picture").await?;
        let file = chromium.find("input[type='file']").await?;
        file.send_keys(std::fs::canonicalize(picture)?.to_string_lossy()).await?;
        chromium.click("form.add button").await?;
        let refused = chromium.find("#refusal").await?.text().await?;
        assert!(refused.contains("blob:image/png") && refused.contains("never asks"), "{refused}");
        chromium.click("form.elsewhere button").await?;
        chromium.wait_for(&format!("{demo}/elsewhere")).await?;
        let refused = chromium.find("#refusal").await?.text().await?;
        assert!(refused.contains("repo:com.example.other?action=create"), "{refused}");

        // What is missing is asked for, at the host, and then granted beside the rest.
        chromium.click(".tracks form button").await?;
        chromium.wait_for(&format!("{demo}/tracks/remove")).await?;
        let refused = chromium.find("#refusal").await?;
        let text = refused.text().await?;
        assert!(text.contains("repo:com.example.track?action=delete"), "{text}");
        if let Some(folder) = std::env::var_os("GATEWRIGHT_SCREENSHOTS") {
            let name = if look.dark { "demo-dark.png" } else { "demo-light.png" };
            chromium.driver().screenshot(&std::path::Path::new(&folder).join(name)).await?;
        }
        assert!(!chromium.overflows().await?, "the page fits a phone");
        if look.scripts {
            let violations = chromium.violations().await?;
            assert!(violations.is_empty(), "{violations:?}");
        }
        chromium.click("#refusal button").await?;
        chromium.fill("password", &alice.password).await?;
        chromium.click("main form button.main").await?;
        chromium.click("button[name='decision'][value='approve']").await?;
        chromium.wait_for(&format!("{demo}/")).await?;
        let granted = chromium.find("ul.scopes").await?.text().await?;
        assert!(granted.contains("blob:audio/*") && granted.contains("delete"), "{granted}");
        chromium.click(".tracks form button").await?;
        chromium.find("p.none").await?;

        let first = chromium.driver().window().await?;
        let other = chromium.driver().new_tab().await?;
        chromium.driver().switch_to_window(other.clone()).await?;
        chromium.open_page(&demo).await?;
        chromium.find("form.elsewhere").await?;
        chromium.driver().switch_to_window(first).await?;
        chromium.click("form.all button").await?;
        let said = chromium.find(".notice.good").await?.text().await?;
        assert!(said.contains("signed out"), "{said}");
        // Another tab has the library open still: its forms lead to the sign-in.
        chromium.driver().switch_to_window(other).await?;
        chromium.click("form.elsewhere button").await?;
        chromium.find("#asked").await?;
        chromium.close().await?;
    }
    Ok(())
}

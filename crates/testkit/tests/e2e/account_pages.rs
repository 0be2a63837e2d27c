//! The pages on which people look after their account, in a real browser, and what comes of it for programs.

use anyhow::{Context as _, Result, ensure};
use gatewright_testkit::app::Person;
use gatewright_testkit::browser::{Chromium, Look};
use thirtyfour::By;

use crate::pages::passes;
use crate::password_sessions::{Bot, GET_SESSION, error, refused};
use crate::start::network;

const APP_PASSWORDS: &str = "/account/app-passwords";
const DEVICES: &str = "/account/devices";

/// Signs in on the account page.
async fn sign_in(chromium: &Chromium, url: &str, person: &Person) -> Result<()> {
    chromium.open_page(&format!("{url}/account")).await?;
    chromium.fill("identifier", &person.handle).await?;
    chromium.fill("password", &person.password).await?;
    chromium.click("main form button.main").await?;
    chromium.find("nav").await.map(drop)
}

/// Makes an app password on its page, and reads it.
async fn make(chromium: &Chromium, url: &str, name: &str, kind: &str) -> Result<String> {
    chromium.open_page(&format!("{url}{APP_PASSWORDS}")).await?;
    chromium.fill("name", name).await?;
    chromium.click(&format!("input[value='{kind}']")).await?;
    chromium.click("form[action$='/create'] button.main").await?;
    Ok(chromium.find(".secret code").await?.text().await?)
}

async fn count(chromium: &Chromium, selector: &str) -> Result<usize> {
    Ok(chromium.driver().find_all(By::Css(selector)).await?.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_65_an_app_password_is_made_and_revoked_on_its_page_without_javascript() -> Result<()> {
    let (network, alice, _) = network().await?;
    let chromium = Chromium::open(Look::PHONE.without_scripts()).await?;
    sign_in(&chromium, network.url(), &alice).await?;
    let secret = make(&chromium, network.url(), "notes bot", "normal").await?;
    let mut bot = Bot::new(network.url(), &alice.handle, &secret).await?;
    assert_eq!(bot.call(GET_SESSION, None).await?.status, 200);

    chromium.open_page(&format!("{}{DEVICES}", network.url())).await?;
    let text = chromium.find("main").await?.text().await?;
    ensure!(text.contains("notes bot") && text.contains("Chrome on Linux"), "{text}");

    chromium.open_page(&format!("{}{APP_PASSWORDS}", network.url())).await?;
    let shown = chromium.find("main").await?.text().await?;
    ensure!(shown.contains("notes bot") && shown.contains("127.0.0.0/24"), "{shown}");
    ensure!(!chromium.driver().source().await?.contains(&secret), "it is shown once");
    let listed = count(&chromium, ".app").await?;
    chromium.click("form:has(input[value='notes bot']) button").await?;
    chromium.find(".done").await?;
    assert_eq!(count(&chromium, ".app").await?, listed - 1);
    assert_eq!(error(&bot.call(GET_SESSION, None).await?), refused(400, "ExpiredToken"), "the next request");
    let again = Bot::log_in(network.url(), &alice.handle, &secret).await?.err();
    assert_eq!(again.context("it is revoked")?.status, 401);
    chromium.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_71_another_browser_is_signed_out() -> Result<()> {
    let (network, alice, _) = network().await?;
    let other = Chromium::open(Look::default()).await?;
    sign_in(&other, network.url(), &alice).await?;
    let here = Chromium::open(Look::PHONE.without_scripts()).await?;
    sign_in(&here, network.url(), &alice).await?;
    here.open_page(&format!("{}{DEVICES}", network.url())).await?;
    here.find(".app").await?;
    assert_eq!(count(&here, ".app").await?, 2);
    here.click("form[action$='/sign-out-others'] button").await?;
    here.find(".done").await?;
    assert_eq!(count(&here, ".app").await?, 1);
    other.open_page(&format!("{}{DEVICES}", network.url())).await?;
    other.find("input[name='password']").await?;
    other.close().await?;
    here.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_an_account_pass_axe_on_a_phone_in_light_and_dark() -> Result<()> {
    let (network, alice, _) = network().await?;
    for look in [Look::PHONE, Look::PHONE.in_the_dark(), Look::default()] {
        let chromium = Chromium::open(look).await?;
        sign_in(&chromium, network.url(), &alice).await?;
        let name = format!("bot {} {}", look.width, look.dark);
        let secret = make(&chromium, network.url(), &name, "messages").await?;
        passes(&chromium, "app password made").await?;
        let _bot = Bot::new(network.url(), &alice.handle, &secret).await?;
        chromium.open_page(&format!("{}{APP_PASSWORDS}", network.url())).await?;
        chromium.fill("name", &name).await?;
        chromium.click("form[action$='/create'] button.main").await?;
        chromium.find("[role='alert']").await?;
        passes(&chromium, "app passwords").await?;
        for page in [DEVICES, "/account/factors", "/account"] {
            chromium.open_page(&format!("{}{page}", network.url())).await?;
            chromium.find("[aria-current='page']").await?;
            passes(&chromium, page).await?;
        }
        chromium.close().await?;
    }
    Ok(())
}

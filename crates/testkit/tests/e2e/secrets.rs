//! What is kept and what is logged: nothing that opens anything.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64ct::{Base64UrlUnpadded, Encoding};
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::form::{Arrival, Browser};
use gatewright_testkit::program::Program;
use gatewright_testkit::store::Database;
use serde_json::json;

use crate::start::network;

/// The address that the people of the second test come from, and one that they claim.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 77);
const CLAIMED: &str = "203.0.113.77";
const SCOPE: &str = "atproto repo:com.example.note";

/// What a flow brought to light: what each secret is called, and what it says.
#[derive(Debug, Default)]
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn add(&mut self, what: &str, text: &str) {
        assert!(text.len() >= 8, "{what} is too short to be looked for");
        self.0.push((what.to_owned(), text.to_owned()));
    }

    fn add_cookies(&mut self, when: &str, browser: &Browser) {
        for name in ["dev-id", "ses-id"] {
            let value = browser.cookie("localhost", name).expect("a page sets both cookies");
            self.add(&format!("cookie {name} {when}"), value);
        }
    }

    /// The first secret found in these bytes: as it was spoken, without what names its kind, or as the bytes that it
    /// spells.
    fn find_in(&self, bytes: &[u8]) -> Option<&str> {
        let shown = self.0.iter().find(|(_, text)| spellings(text).iter().any(|one| contains(bytes, one)));
        shown.map(|(what, _)| what.as_str())
    }
}

fn spellings(text: &str) -> Vec<Vec<u8>> {
    let body =
        text.rsplit_once("gatewright_").and_then(|(_, rest)| rest.split_once('_')).map(|(_, body)| body);
    let body = body.or(text.strip_prefix("dev-")).unwrap_or(text);
    let mut all = vec![text.as_bytes().to_vec(), body.as_bytes().to_vec()];
    if let Some(Ok(bytes)) = body.get(..43).map(Base64UrlUnpadded::decode_vec) {
        all.push(bytes);
    }
    if let Ok(number) = u128::from_str_radix(body, 16) {
        all.push(number.to_be_bytes().to_vec());
    }
    all
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// One person at one app: a wrong password, a sign-in by e-mail address that is remembered, the exchange, a call, two
/// refreshes, one presented again, another sign-in of which the code is presented twice, and a revocation. `at` is
/// called where it matters what is kept.
async fn flow(
    app: &mut App,
    browser: &mut Browser,
    person: &Person,
    email: &str,
    mut at: impl FnMut(&str, &Secrets) -> Result<()>,
) -> Result<Secrets> {
    let host = app.at_issuer("");
    let mut secrets = Secrets::default();
    secrets.add("password", &person.password);
    browser.remember = true;
    for round in ["first", "second"] {
        let pushed = app.push(&[]).await?;
        secrets.add("code verifier", pushed.verifier.expose());
        let url = app.authorize_url(&pushed.request_uri);
        let page = browser.open(&url).await?.page()?;
        secrets.add_cookies(&format!("of the {round} visit"), browser);
        let page = if round == "first" {
            let wrong = page
                .form_with("password")?
                .fill("identifier", email)?
                .fill("password", "wrong-password-9")?;
            secrets.add("wrong password", "wrong-password-9");
            let again = browser.send(&wrong).await?.page()?;
            let right =
                again.form_with("password")?.fill("identifier", email)?.fill("password", &person.password)?;
            browser.send(&right.tick("remember", "on", true)?).await?.page()?
        } else {
            browser.send(&page.form_saying(&person.handle)?).await?.page()?
        };
        secrets.add_cookies(&format!("of the {round} sign-in"), browser);
        let left = match browser.send(&page.form_with("decision")?.press("decision", "approve")?).await? {
            Arrival::Left(left) => left,
            other => other.left()?,
        };
        let code = app.code(&left, &pushed)?;
        secrets.add("code", &code);
        at("approved", &secrets)?;

        let tokens = app.exchange(&code, &pushed).await?;
        let tokens = app.keep(&tokens)?;
        secrets.add("access token", &tokens.access);
        secrets.add("refresh token", &tokens.refresh);
        at("signed in", &secrets)?;
        let record = json!({"repo": person.did, "collection": "com.example.note", "record": {"$type": "com.example.note"}});
        let written = app.procedure(&host, "com.atproto.repo.createRecord", &record).await?;
        ensure!(written.status == 200, written.unexpected("createRecord"));
        if round == "first" {
            for _ in 0..2 {
                let tokens = app.refresh().await?;
                secrets.add("access token", &tokens.access);
                secrets.add("refresh token", &tokens.refresh);
            }
            at("refreshed", &secrets)?;
            ensure!(app.present(&tokens.refresh).await?.status == 400, "a used refresh token is refused");
        } else {
            ensure!(app.exchange(&code, &pushed).await?.status == 400, "a used code is refused");
            ensure!(app.revoke(&tokens.refresh).await?.status == 200, "anything may be revoked");
        }
        at("ended", &secrets)?;
    }
    Ok(secrets)
}

#[tokio::test]
async fn sec_31_no_column_holds_a_secret_in_clear() -> Result<()> {
    let (network, alice, _) = network().await?;
    let database = Database::of(network.data())?;
    let email = network.ready()["accounts"][0]["email"].as_str().context("an e-mail address")?;
    let mut app = App::loopback(network.url(), SCOPE)?;
    let mut filled = Vec::new();
    let look = |when: &str, secrets: &Secrets| {
        let rows = database.values()?;
        for (place, bytes) in &rows {
            if let Some(what) = secrets.find_in(bytes) {
                panic!("{place} holds the {what} when {when}");
            }
        }
        // What was deleted, too, is in no page of the file nor in the log beside it.
        if let Database::Sqlite(file) = &database {
            for name in ["gatewright.sqlite", "gatewright.sqlite-wal"] {
                let bytes = std::fs::read(file.with_file_name(name)).unwrap_or_default();
                assert_eq!(secrets.find_in(&bytes), None, "{name} when {when}");
            }
        }
        assert!(
            rows.iter().any(|(_, bytes)| bytes == alice.did.as_bytes()),
            "the search finds what is there"
        );
        filled.extend(rows.into_iter().map(|(place, _)| place));
        Ok(())
    };
    let mut browser = Browser::new();
    let secrets = flow(&mut app, &mut browser, &alice, email, look).await?;
    assert!(secrets.0.len() >= 16, "{}", secrets.0.len());
    for place in
        ["device.id", "device.secret", "request.code", "used_code.code", "token.id", "account.password"]
    {
        assert!(filled.iter().any(|filled| filled == place), "{place} was looked at while it held something");
    }
    let hash =
        gatewright_store::device::DeviceId::of_cookie(browser.cookie("localhost", "dev-id").context("set")?);
    assert!(
        database.values()?.contains(&("device.id".to_owned(), hash.0.into_bytes())),
        "its digest is what is kept"
    );
    // Where the cookie lies as it is, the search finds it.
    let cookie = browser.cookie("localhost", "dev-id").context("set")?;
    database.execute(&format!("UPDATE device SET user_agent = '{cookie}'"))?;
    let found =
        |(place, bytes): &(String, Vec<u8>)| place == "device.user_agent" && secrets.find_in(bytes).is_some();
    assert!(database.values()?.iter().any(found));
    Ok(())
}

#[tokio::test]
async fn sec_31_log_lines_hold_no_secret() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let program = Program::start_logging(&data, &["--port", "0", "--no-demo"], "trace", &log)?;
    let person = Person::all(&program.ready).remove(0);
    let email = program.ready["accounts"][0]["email"].as_str().context("an e-mail address")?.to_owned();
    let mut app = App::loopback(program.url(), SCOPE)?;
    app.own_address = Some(ADDRESS);
    let mut browser = Browser::from_address(Some(IpAddr::V4(ADDRESS)));
    browser.overrides.insert("x-forwarded-for", CLAIMED.parse()?);
    let mut secrets = flow(&mut app, &mut browser, &person, &email, |_, _| Ok(())).await?;
    // What is wrong is what programs like to complain about: a body that is none, a password where none belongs.
    let url = app.at_issuer("/oauth/token");
    for body in [
        "%%%",
        "{\"code\":\"gatewright_ac_spoilt-code-0123456789\"",
        "code=gatewright_ac_spoilt-code-0123456789",
    ] {
        for kind in ["application/json", "application/x-www-form-urlencoded"] {
            let headers =
                [("content-type", kind), ("x-forwarded-for", CLAIMED), ("dpop", "spoilt-proof-0123456789")];
            app.send("POST", &url, &headers, body.as_bytes()).await?;
        }
    }
    secrets.add("spoilt code", "spoilt-code-0123456789");
    secrets.add("spoilt proof", "spoilt-proof-0123456789");
    let session = json!({"identifier": email, "password": person.password}).to_string();
    let url = app.at_issuer("/xrpc/com.atproto.server.createSession");
    for body in [session.clone(), session.replace('}', "")] {
        app.send("POST", &url, &[("content-type", "application/json")], body.as_bytes()).await?;
    }
    let (name, domain) = email.split_once('@').context("an address")?;
    secrets.add("e-mail address", &email);
    secrets.add("e-mail address, encoded", &format!("{name}%40{domain}"));
    secrets.add("client address", &ADDRESS.to_string());
    secrets.add("claimed address", CLAIMED);
    tokio::time::sleep(Duration::from_millis(100)).await;
    program.stop("TERM")?;
    let lines = std::fs::read(&log)?;
    let text = String::from_utf8_lossy(&lines);
    assert!(text.contains("TRACE") && text.contains("/oauth/token"), "it is as wordy as it can be: {text}");
    for line in text.lines() {
        assert_eq!(secrets.find_in(line.as_bytes()), None, "{line}");
    }
    Ok(())
}

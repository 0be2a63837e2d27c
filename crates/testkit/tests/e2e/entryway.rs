//! A server of ours as the entryway of stock hosts (`@atproto/pds` from npm), which keep the records.

use anyhow::{Context as _, Result, ensure};
use gatewright::dev::Options;
use gatewright_host::settings::SignUpMode;
use gatewright_testkit::behind::BehindEntryway;
use serde_json::{Value, json};

use crate::interop::run_script;

const PASSWORD: &str = "correct horse battery";

#[tokio::test(flavor = "multi_thread")]
async fn official_clients_sign_in_at_the_entryway_and_write_at_a_stock_host() -> Result<()> {
    let behind = BehindEntryway::start(&[10], |options| options).await?;
    let solo = behind.network.network().solo();
    let did = solo.create_account("alice.test", Some("alice@mail.test"), PASSWORD).await?;
    let ready = json!({
        "url": behind.network.url(),
        "plc_url": behind.plc_url,
        "accounts": [{
            "did": did,
            "handle": "alice.test",
            "email": "alice@mail.test",
            "password": PASSWORD,
            "host": behind.hosts[0],
        }],
    });
    run_script("entryway.mjs", &ready).await?;

    let status = format!("{}/xrpc/com.atproto.sync.getRepoStatus?did={did}", behind.hosts[0].url);
    let account = solo.find_account("alice.test").await?.context("it is here")?;
    assert!(solo.host().take_down(&account, true).await?);
    assert_eq!(get(&status).await?["status"], "takendown");
    let account = solo.find_account("alice.test").await?.context("it is here")?;
    assert!(solo.host().take_down(&account, false).await?);
    assert_eq!(get(&status).await?["active"], true);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_made_renamed_put_to_rest_and_deleted_at_two_stock_hosts() -> Result<()> {
    let open = |options| Options { sign_up: SignUpMode::Open, ..options };
    let behind = BehindEntryway::start(&[1, 1], open).await?;
    let ready = json!({
        "url": behind.network.url(),
        "service_did": behind.network.ready()["service_did"],
        "plc_url": behind.plc_url,
        "data": behind.network.data(),
        "hosts": behind.hosts,
    });
    run_script("entryway-life.mjs", &ready).await
}

/// Two who want one name: the loser's half is taken back, at the host and in the directory.
#[tokio::test(flavor = "multi_thread")]
async fn of_an_account_that_fails_half_way_nothing_is_left() -> Result<()> {
    let behind = BehindEntryway::start(&[10], |options| options).await?;
    let solo = behind.network.network().solo();
    let make = || solo.create_account("wanted.test", None, PASSWORD);
    let (one, other) = tokio::join!(make(), make());
    ensure!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let winner = one.or(other)?;
    let host = &behind.hosts[0].url;
    let repos = get(&format!("{host}/xrpc/com.atproto.sync.listRepos")).await?;
    assert_eq!(repos["repos"].as_array().map(Vec::len), Some(1), "{repos}");
    assert_eq!(repos["repos"][0]["did"], winner.as_str());
    let (living, ended) = identities(&behind.plc_url).await?;
    assert_eq!(living, [winner.to_string()], "no other identity goes on");
    assert_eq!(ended.len(), 1, "the other had come as far as the directory");

    let host_did = behind.hosts[0].did.clone();
    behind.end_hosts().await?;
    let failed = solo.create_account("later.test", None, PASSWORD).await.expect_err("the host is away");
    assert!(format!("{failed:#}").contains(&host_did), "{failed:#}");
    assert!(solo.find_account("later.test").await?.is_none());
    Ok(())
}

/// The identities of the directory: those that live, and those that have ended.
async fn identities(plc_url: &str) -> Result<(Vec<String>, Vec<String>)> {
    let (mut living, mut ended) = (Vec::new(), Vec::new());
    for line in text(&format!("{plc_url}/export")).await?.lines() {
        let entry: Value = serde_json::from_str(line)?;
        let did = entry["did"].as_str().unwrap_or_default().to_owned();
        living.retain(|known| *known != did);
        let list = if entry["operation"]["type"] == "plc_tombstone" { &mut ended } else { &mut living };
        list.push(did);
    }
    Ok((living, ended))
}

async fn get(url: &str) -> Result<Value> {
    Ok(serde_json::from_str(&text(url).await?)?)
}

#[expect(clippy::disallowed_methods, reason = "a test asks a server on loopback")]
async fn text(url: &str) -> Result<String> {
    Ok(reqwest::Client::new().get(url).send().await?.error_for_status()?.text().await?)
}

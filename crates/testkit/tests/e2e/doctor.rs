//! `gatewright doctor` against running servers. Which faults it finds is the table test of the command itself.

use std::process::{Command, Output};

use anyhow::{Result, ensure};
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::peer::Peer;
use serde_json::Value;

async fn doctor(args: &[&str]) -> Result<(Option<i32>, Value)> {
    let mut command = Command::new(gatewright_testkit::program::path()?);
    command.arg("doctor").arg("--json").args(args);
    let Output { status, stdout, .. } = tokio::task::spawn_blocking(move || command.output()).await??;
    Ok((status.code(), serde_json::from_slice(&stdout)?))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_ours_has_nothing_wrong() -> Result<()> {
    let network = TestNetwork::start().await?;
    let (status, said) = doctor(&[network.url()]).await?;
    assert_eq!(status, Some(0), "{said:#}");
    let checks: Vec<&str> =
        said["checks"].as_array().into_iter().flatten().filter_map(|check| check["id"].as_str()).collect();
    for id in
        ["host.reached", "host.clock", "server.issuer", "server.profile", "proof.cors", "proof.accepted"]
    {
        ensure!(checks.contains(&id), "{id} was not looked at: {checks:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_with_its_mend_and_exit_status_3() -> Result<()> {
    let peer = Peer::start().await?;
    peer.change_resource(|metadata| metadata["resource"] = "https://elsewhere.net".into());
    let (status, said) = doctor(&[peer.origin()]).await?;
    assert_eq!(status, Some(3), "{said:#}");
    let wrong = said["checks"].as_array().into_iter().flatten().find(|check| check["ok"] == false);
    let wrong = wrong.cloned().unwrap_or_default();
    assert!(wrong["mend"].as_str().is_some_and(|mend| !mend.is_empty()), "{said:#}");
    Ok(())
}

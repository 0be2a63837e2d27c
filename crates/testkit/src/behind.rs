//! Stock hosts (`@atproto/pds`) behind an entryway, with a PLC directory, as `interop/reference` starts them: hosts that we
//! did not write, told the key of a server of ours.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gatewright::config::hosts::Host;
use gatewright::dev::Options;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::network::TestNetwork;
use crate::program::node;

/// How long they may take to start: each makes its databases.
const START: Duration = Duration::from_mins(1);

/// An entryway of ours, and the stock hosts behind it. They end with this value.
#[derive(Debug)]
pub struct BehindEntryway {
    /// The entryway.
    pub network: TestNetwork,
    /// The hosts, in the order of its configuration.
    pub hosts: Vec<StockHost>,
    /// The directory of all.
    pub plc_url: String,
    _passwords: TempDir,
    child: Mutex<Child>,
    _input: ChildStdin,
}

/// A stock host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StockHost {
    /// Its origin.
    pub url: String,
    /// Its DID.
    pub did: String,
    /// The password of its operator.
    pub admin_password: String,
}

#[derive(Deserialize)]
struct Planned {
    plc_url: String,
    hosts: Vec<StockHost>,
}

impl BehindEntryway {
    /// Starts an entryway with as many hosts as there are numbers: each is how many accounts the host takes. `change`
    /// changes the other options of the entryway.
    ///
    /// # Errors
    /// `interop/reference` is not installed, or something does not start.
    pub async fn start(room: &[u64], change: impl FnOnce(Options) -> Options) -> Result<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../interop/reference");
        let mut child = Command::new(node(&folder)?)
            .args(["behind.mjs", &room.len().to_string()])
            .current_dir(&folder)
            .env("NODE_NO_WARNINGS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("interop/reference is not installed: `cargo xtask test` does that")?;
        let mut input = child.stdin.take().context("it has an input")?;
        let mut lines = BufReader::new(child.stdout.take().context("it has an output")?).lines();
        let Planned { plc_url, hosts } = serde_json::from_str(&line(&mut lines).await?)?;
        let passwords = tempfile::tempdir()?;
        let mut behind = Vec::new();
        for (host, accounts) in hosts.iter().zip(room) {
            let file = passwords.path().join(format!("{}.password", behind.len()));
            std::fs::write(&file, &host.admin_password)?;
            let (url, did) = (host.url.clone(), Some(host.did.clone()));
            behind.push(Host { url, did, admin_password_file: file, accounts: Some(*accounts) });
        }
        let plc = Some(plc_url.parse()?);
        let options = |options| change(Options { hosts: behind, plc, demo: false, ..options });
        let network = TestNetwork::start_with(options).await?;
        let told = network.network().solo().host_environment()?;
        let told: Map<String, Value> =
            told.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        input.write_all(format!("{}\n", Value::Object(told)).as_bytes()).await?;
        let ready: Value = serde_json::from_str(&line(&mut lines).await?)?;
        ensure!(ready["ready"] == true, "{ready}");
        Ok(Self { network, hosts, plc_url, _passwords: passwords, child: Mutex::new(child), _input: input })
    }

    /// Ends the hosts, and the directory with them.
    ///
    /// # Errors
    /// They cannot be ended.
    pub async fn end_hosts(&self) -> Result<()> {
        Ok(self.child.lock().await.kill().await?)
    }
}

async fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    let line = timeout(START, lines.next_line()).await.context("the hosts do not start")??;
    line.context("the hosts have ended")
}

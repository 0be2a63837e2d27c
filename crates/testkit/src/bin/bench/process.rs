//! The server under test: started on one processor, and what it costs by the kernel's own account.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A running server.
pub(crate) struct Process {
    child: Child,
    /// The line it printed when it was ready.
    pub(crate) ready: Value,
    /// From its start to that line.
    pub(crate) ready_after: Duration,
}

impl Process {
    /// Starts `gatewright dev` on processor 0.
    pub(crate) fn start(server: &Path, data: &Path, synchronous: &str) -> Result<Self> {
        let started = Instant::now();
        let mut child = Command::new("taskset")
            .args(["--cpu-list", "0"])
            .arg(server)
            .args([
                "dev",
                "--port",
                "0",
                "--json",
                "--no-demo",
                "--no-rate-limits",
                "--accounts",
                "8",
                "--synchronous",
                synchronous,
            ])
            .arg("--data")
            .arg(data)
            .env("GATEWRIGHT_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .context("the server could not be started")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        let ready_after = started.elapsed();
        let ready = serde_json::from_str(&line).with_context(|| format!("not a ready line: {line}"))?;
        Ok(Self { child, ready, ready_after })
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// CPU time so far, in seconds.
    pub(crate) fn cpu(&self) -> f64 {
        cpu_of(self.child.id())
    }

    /// The origin of the server.
    pub(crate) fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap_or_default()
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        memory_of(self.child.id())
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        signal(self.child.id(), "-TERM")?;
        signal(self.child.id(), "-CONT")?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(process: u32, signal: &str) -> Result<()> {
    let sent = Command::new("kill").arg(signal).arg(process.to_string()).status()?;
    ensure!(sent.success(), "there is no process {process}");
    Ok(())
}

/// Keeps a process with all its threads to these processors.
pub(crate) fn pin(process: u32, processors: &str) -> Result<()> {
    let process = process.to_string();
    let kept = Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", processors, &process])
        .output()?;
    ensure!(kept.status.success(), "{}", String::from_utf8_lossy(&kept.stderr));
    Ok(())
}

/// Resident memory of a process, in bytes.
pub(crate) fn memory_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// CPU time of a process so far, in seconds: user and system, of threads that have ended too.
pub(crate) fn cpu_of(process: u32) -> f64 {
    seconds_of(process, 2)
}

/// The same of a process and those that it has started, whether they run or have ended.
pub(crate) fn cpu_of_tree(process: u32) -> f64 {
    seconds_of(process, 4) + children_of(process).into_iter().map(|child| seconds_of(child, 4)).sum::<f64>()
}

/// The processes that a process has started, and that run.
pub(crate) fn children_of(process: u32) -> Vec<u32> {
    let listed =
        std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    listed.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// `/proc/PID/stat` has, in ticks of 10 ms, the time of the process itself (user, system), then of its children that ended.
fn seconds_of(process: u32, fields: usize) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = after_name.skip(11).take(fields).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

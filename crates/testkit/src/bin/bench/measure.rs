//! One round of one operation: many connections at once, the CPU of the server before and after.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use gatewright_testkit::wire::Connection;

/// What a round found.
pub(crate) struct Round {
    pub(crate) operations: u64,
    pub(crate) elapsed: Duration,
    pub(crate) cpu_seconds: f64,
    pub(crate) latencies: Vec<Duration>,
}

impl Round {
    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.operations.max(1) as f64
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.operations as f64 / self.elapsed.as_secs_f64()
    }

    /// How many processors were busy with it: 1 where it has one and that is full.
    pub(crate) fn processors(&self) -> f64 {
        self.cpu_seconds / self.elapsed.as_secs_f64()
    }

    /// Milliseconds below which this share of the answers came.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort();
        let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

/// The median.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Microseconds of CPU of one bare HTTP answer from the same HTTP library.
pub(crate) async fn bare(seconds: f64) -> Result<f64> {
    let mut child = Command::new("taskset")
        .args(["--cpu-list", "0"])
        .arg(std::env::current_exe()?)
        .arg("--bare")
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
    let ready: serde_json::Value = serde_json::from_str(&line)?;
    let address =
        ready["url"].as_str().and_then(|url| url.strip_prefix("http://")).context("no address")?.parse()?;
    let cpu = |id: u32| crate::process::cpu_of(id);
    let mut tasks = Vec::new();
    let (before, started) = (cpu(child.id()), Instant::now());
    let until = started + Duration::from_secs_f64(seconds);
    for _ in 0..16 {
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut count = 0_u64;
            while Instant::now() < until {
                connection.send("GET", "/", &[], &[]).await?;
                count += 1;
            }
            anyhow::Ok(count)
        }));
    }
    let mut operations = 0;
    for task in tasks {
        operations += task.await??;
    }
    let spent = cpu(child.id()) - before;
    child.kill()?;
    child.wait()?;
    Ok(spent * 1e6 / operations as f64)
}

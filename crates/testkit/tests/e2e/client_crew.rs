//! Processes that share one session.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

/// What a process said.
pub(crate) enum Said {
    Ok,
    Failed(String),
    Saving,
}

pub(crate) struct Worker {
    child: Child,
    go: ChildStdin,
}

/// All processes; each has a number that is never used again.
pub(crate) struct Crew {
    told: String,
    pub(crate) workers: Vec<(usize, Worker)>,
    count: usize,
    say: mpsc::UnboundedSender<(usize, Said)>,
    said: mpsc::UnboundedReceiver<(usize, Said)>,
}

impl Crew {
    pub(crate) fn new(told: String) -> Self {
        let (say, said) = mpsc::unbounded_channel();
        Self { told, workers: Vec::new(), count: 0, say, said }
    }

    pub(crate) async fn start(&mut self) -> Result<()> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_session_worker"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut go = child.stdin.take().context("it has an input")?;
        go.write_all(self.told.as_bytes()).await?;
        let mut lines = BufReader::new(child.stdout.take().context("it has an output")?).lines();
        let (number, say) = (self.count, self.say.clone());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let said = match line.as_str() {
                    "saving" => Said::Saving,
                    ok if ok.starts_with("ok ") => Said::Ok,
                    other => Said::Failed(other.to_owned()),
                };
                if say.send((number, said)).is_err() {
                    return;
                }
            }
        });
        self.count += 1;
        self.workers.push((number, Worker { child, go }));
        Ok(())
    }

    fn lives(&self, number: usize) -> bool {
        self.workers.iter().any(|(known, _)| *known == number)
    }

    /// SIGKILL, and another in its place.
    pub(crate) async fn kill(&mut self, number: usize) -> Result<()> {
        let at = self.workers.iter().position(|(known, _)| *known == number).context("it lives")?;
        let (_, mut worker) = self.workers.swap_remove(at);
        worker.child.kill().await?;
        self.start().await
    }

    pub(crate) async fn let_on(&mut self, number: usize) -> Result<()> {
        if let Some((_, worker)) = self.workers.iter_mut().find(|(known, _)| *known == number) {
            worker.go.write_all(b"go\n").await?;
        }
        Ok(())
    }

    /// The next word of a process that lives.
    pub(crate) async fn next(&mut self) -> Result<(usize, Said)> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(30), self.said.recv()).await;
            let (number, said) = next.context("nobody says anything")?.context("the channel is open")?;
            if self.lives(number) {
                return Ok((number, said));
            }
        }
    }
}

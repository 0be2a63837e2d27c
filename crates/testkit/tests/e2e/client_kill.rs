//! Eight processes share one session through many expirations, and some of them are killed (CL-30, CL-31, CL-48).

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use gatewright_client::{Client, ClientDescription};
use gatewright_testkit::peer::Peer;
use gatewright_testkit::session_store;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

use crate::client_start::{SCOPE, ring, sessions_of, signed_in};

const PROCESSES: usize = 8;
/// Of each process: 64 among all.
const TASKS: usize = 8;
const EXPIRATIONS: usize = 200;
/// Once in so many expirations the process that has the new tokens is killed before it writes them.
const KILL_BEFORE_SAVE: usize = 20;
/// Once in so many expirations a process is killed wherever it is.
const KILL_ANYWHERE: usize = 7;
/// What nobody holds any more may delay the next by no more than this.
const MOST_DELAY: Duration = Duration::from_secs(5);

/// What a process said.
enum Said {
    Ok,
    Failed(String),
    Saving,
}

struct Worker {
    child: Child,
    go: ChildStdin,
}

/// All processes; each has a number that is never used again.
struct Crew {
    told: String,
    workers: Vec<(usize, Worker)>,
    count: usize,
    say: mpsc::UnboundedSender<(usize, Said)>,
    said: mpsc::UnboundedReceiver<(usize, Said)>,
}

impl Crew {
    fn new(told: String) -> Self {
        let (say, said) = mpsc::unbounded_channel();
        Self { told, workers: Vec::new(), count: 0, say, said }
    }

    async fn start(&mut self) -> Result<()> {
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
    async fn kill(&mut self, number: usize) -> Result<()> {
        let at = self.workers.iter().position(|(known, _)| *known == number).context("it lives")?;
        let (_, mut worker) = self.workers.swap_remove(at);
        worker.child.kill().await?;
        self.start().await
    }

    async fn let_on(&mut self, number: usize) -> Result<()> {
        if let Some((_, worker)) = self.workers.iter_mut().find(|(known, _)| *known == number) {
            worker.go.write_all(b"go\n").await?;
        }
        Ok(())
    }

    /// The next word of a process that lives.
    async fn next(&mut self) -> Result<(usize, Said)> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(30), self.said.recv()).await;
            let (number, said) = next.context("nobody says anything")?.context("the channel is open")?;
            if self.lives(number) {
                return Ok((number, said));
            }
        }
    }
}

/// No sign-out, never two live refresh tokens, one rotation an expiration; after a kill alone may the token before be
/// presented once more.
async fn killed(store: &str) -> Result<()> {
    let peer = Peer::start().await?;
    let (sessions, _) = sessions_of(&peer, session_store::open(store).await?);
    let description = ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").scope(SCOPE);
    let session = signed_in(&Client::new(description, sessions)?, &peer).await?;
    let told = json!({
        "store": store, "plc": peer.origin(), "ring": ring().to_text().as_str(), "scope": SCOPE,
        "session": session.id().to_string(), "tasks": TASKS,
    });
    let mut crew = Crew::new(format!("{told}\n"));
    for _ in 0..PROCESSES {
        crew.start().await?;
    }
    let (mut kills, mut longest) = (0, Duration::ZERO);
    for expiration in 1..=EXPIRATIONS {
        let before = peer.grants()[0].recoveries;
        peer.expire_access_tokens();
        let (mut killed, mut kills_now) = (None, 0);
        if expiration % KILL_ANYWHERE == 0 {
            // Wherever it is: it may have the lease, or have asked for new tokens, or neither.
            tokio::time::sleep(Duration::from_millis(u64::try_from(expiration % 13)? * 3)).await;
            let number = crew.workers[expiration % PROCESSES].0;
            crew.kill(number).await?;
            (killed, kills_now) = (Some(Instant::now()), kills_now + 1);
        }
        let mut kill_at_save = expiration % KILL_BEFORE_SAVE == 0;
        // Until new tokens are kept; then until each process has come through a round of calls with them.
        let mut kept = false;
        let mut went_on: Vec<usize> = Vec::new();
        while !kept || !crew.workers.iter().all(|(number, _)| went_on.contains(number)) {
            match crew.next().await? {
                (number, Said::Failed(why)) => anyhow::bail!("expiration {expiration}: {number} says {why}"),
                (number, Said::Saving) if kill_at_save => {
                    kill_at_save = false;
                    crew.kill(number).await?;
                    (killed, kills_now) = (Some(Instant::now()), kills_now + 1);
                }
                (number, Said::Saving) => {
                    if let Some(killed) = killed {
                        let waited = killed.elapsed();
                        longest = longest.max(waited);
                        ensure!(
                            waited <= MOST_DELAY,
                            "expiration {expiration}: waited {waited:?} for a lease"
                        );
                    }
                    crew.let_on(number).await?;
                    kept = true;
                }
                (number, Said::Ok) if kept => went_on.push(number),
                (_, Said::Ok) => {}
            }
        }
        kills += kills_now;
        let grant = peer.grants()[0].clone();
        ensure!(!grant.over, "expiration {expiration}: signed out");
        ensure!(grant.rotations == expiration, "expiration {expiration}: {} rotations", grant.rotations);
        let again = grant.recoveries - before;
        ensure!(again <= kills_now, "expiration {expiration}: presented {again} times more");
    }
    println!(
        "{store}: {kills} kills, {} recoveries, waited {longest:?} at most",
        peer.grants()[0].recoveries
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_processes_that_share_files_sign_nobody_out() -> Result<()> {
    let place = tempfile::tempdir()?;
    killed(&format!("file:{}", place.path().join("sessions").display())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_processes_that_share_sqlite_sign_nobody_out() -> Result<()> {
    let place = tempfile::tempdir()?;
    killed(&format!("sqlite:{}", place.path().join("sessions.db").display())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_processes_that_share_postgresql_sign_nobody_out() -> Result<()> {
    let server = session_store::postgres().await?;
    killed(&server.url).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_processes_that_share_redis_sign_nobody_out() -> Result<()> {
    let server = session_store::redis().await?;
    killed(&server.url).await
}

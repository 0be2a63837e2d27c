//! Eight processes with 64 tasks share one session, and are killed between the server's answer and the write.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use gatewright_client::sessions::contract::{self, Subject};
use gatewright_client::sessions::redis::Redis;
use gatewright_testkit::peer::Peer;
use gatewright_testkit::session_store;
use serde_json::json;

use crate::client_start::{SCOPE, at, client, finished, ring, sessions_of};

const PROCESSES: usize = 8;
const TASKS: usize = 8;
const EXPIRATIONS: usize = 200;
/// Each so many expirations, whoever is about to write is killed.
const KILL_EACH: usize = 25;
/// The longest that a lease of nobody may delay the next, and what machines of tests add.
const LONGEST: Duration = Duration::from_millis(5000 + 2500);

struct Worker {
    child: Child,
    stdin: ChildStdin,
}

struct Crowd {
    workers: Vec<Option<Worker>>,
    told: String,
    lines: Receiver<(usize, String)>,
    tell: Sender<(usize, String)>,
}

impl Crowd {
    fn start(told: String) -> Result<Self> {
        let (tell, lines) = channel();
        let mut crowd = Self { workers: Vec::new(), told, lines, tell };
        for index in 0..PROCESSES {
            crowd.workers.push(None);
            crowd.spawn(index)?;
        }
        Ok(crowd)
    }

    fn spawn(&mut self, index: usize) -> Result<()> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_session_worker"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().context("it has a standard input")?;
        writeln!(stdin, "{}", self.told)?;
        let stdout = BufReader::new(child.stdout.take().context("it has a standard output")?);
        let tell = self.tell.clone();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if tell.send((index, line)).is_err() {
                    return;
                }
            }
        });
        self.workers[index] = Some(Worker { child, stdin });
        Ok(())
    }

    fn next(&self, patience: Duration) -> Result<(usize, String)> {
        self.lines.recv_timeout(patience).context("nobody says anything any more")
    }

    fn let_on(&mut self, index: usize) -> Result<()> {
        let worker = self.workers[index].as_mut().context("it runs")?;
        Ok(writeln!(worker.stdin)?)
    }

    fn kill(&mut self, index: usize) -> Result<()> {
        let mut worker = self.workers[index].take().context("it runs")?;
        worker.child.kill()?;
        worker.child.wait()?;
        Ok(())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for worker in self.workers.iter_mut().flatten() {
            let _ = worker.child.kill();
            let _ = worker.child.wait();
        }
    }
}

/// Expires the token again and again, and watches what the server sees.
async fn crowd_over(store: String) -> Result<()> {
    let peer = Peer::start().await?;
    let (sessions, _) = sessions_of(&peer, session_store::open(&store).await?);
    let client = client(sessions);
    let description = gatewright_client::ClientDescription::loopback()
        .redirect_uri("http://127.0.0.1/callback")
        .scope(SCOPE);
    let own = gatewright_client::Client::new(description, client.sessions().clone())?;
    let session = finished(&own, &peer, at("alice.test")).await?.session;
    let told = json!({
        "store": store, "plc": peer.origin(), "ring": ring().to_text().as_str(), "scope": SCOPE,
        "session": session.id().as_str(), "tasks": TASKS,
    })
    .to_string();
    drop(session);
    tokio::task::spawn_blocking(move || watch(&peer, told)).await?
}

fn watch(peer: &Peer, told: String) -> Result<()> {
    let mut crowd = Crowd::start(told)?;
    let mut kills = 0;
    for expiration in 1..=EXPIRATIONS {
        peer.expire_access_tokens();
        let mut to_kill = expiration % KILL_EACH == 0;
        let mut killed_at: Option<Instant> = None;
        loop {
            let (index, line) = crowd.next(Duration::from_secs(40))?;
            if line.starts_with("failed") {
                bail!("expiration {expiration}: {line}");
            }
            if line != "saving" {
                continue;
            }
            if std::mem::take(&mut to_kill) {
                crowd.kill(index)?;
                crowd.spawn(index)?;
                killed_at = Some(Instant::now());
                kills += 1;
                continue;
            }
            if let Some(killed_at) = killed_at {
                ensure!(killed_at.elapsed() < LONGEST, "the next waited for {:?}", killed_at.elapsed());
            }
            crowd.let_on(index)?;
            break;
        }
        let grant = peer.grants().into_iter().next().context("there is a session")?;
        ensure!(!grant.over, "expiration {expiration}: the session was lost");
        ensure!(grant.rotations == expiration, "expiration {expiration}: {} rotations", grant.rotations);
        ensure!(grant.recoveries == kills, "expiration {expiration}: {} recoveries", grant.recoveries);
        // Somebody must have called with the new token before it is ended too.
        let calls = peer.calls();
        while peer.calls() < calls + TASKS {
            let (_, line) = crowd.next(Duration::from_secs(40))?;
            ensure!(!line.starts_with("failed"), "expiration {expiration}: {line}");
            ensure!(line != "saving", "expiration {expiration}: a renewal too many");
        }
    }
    ensure!(kills == EXPIRATIONS / KILL_EACH, "{kills} were killed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_are_killed_lose_no_session_in_files() -> Result<()> {
    let place = tempfile::tempdir()?;
    crowd_over(format!("file:{}", place.path().display())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_are_killed_lose_no_session_in_sqlite() -> Result<()> {
    let place = tempfile::tempdir()?;
    crowd_over(format!("sqlite:{}", place.path().join("sessions.db").display())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_are_killed_lose_no_session_in_postgresql() -> Result<()> {
    let server = session_store::postgres().await?;
    crowd_over(server.url.clone()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_are_killed_lose_no_session_in_redis() -> Result<()> {
    let server = session_store::redis().await?;
    crowd_over(server.url.clone()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_keeps_every_promise_of_a_session_store() -> Result<()> {
    let server = Arc::new(session_store::postgres().await?);
    let count = AtomicUsize::new(0);
    contract::all(async || {
        let url =
            server.database(&format!("test{}", count.fetch_add(1, Ordering::Relaxed))).expect("it is made");
        Subject::sharing(session_store::open(&url).await.expect("it opens"), Arc::clone(&server))
    })
    .await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_keeps_every_promise_of_a_session_store() -> Result<()> {
    let server = Arc::new(session_store::redis().await?);
    let count = AtomicUsize::new(0);
    contract::all(async || {
        let prefix = format!("test{}", count.fetch_add(1, Ordering::Relaxed));
        let store = Redis::connect(&server.url).await.expect("it opens").prefixed(prefix);
        Subject::sharing(Arc::new(store), Arc::clone(&server))
    })
    .await;
    Ok(())
}

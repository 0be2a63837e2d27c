//! What is measured, and how each is driven.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use gatewright_testkit::app::{App, Person, Pushed};
use gatewright_testkit::form::Browser;
use gatewright_testkit::wire::Connection;
use serde_json::json;
use tokio::sync::Barrier;

use crate::measure::Round;
use crate::subject::Subject;

const SCOPE: &str = "atproto repo:com.example.bench";

/// One operation, and what it may cost.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// At most this many V…
    limit_v: f64,
    /// …and so many password hashes.
    pub(crate) hashes: f64,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    CreateRecord,
    CreateSession,
    ExchangeCode,
    GuardedRead,
    Metadata,
    Par,
    Refresh,
    SignIn,
}

pub(crate) const ALL: &[Operation] = &[
    Operation { name: "metadata", limit_v: 0.5, hashes: 0.0, kind: Kind::Metadata },
    Operation { name: "guarded_read", limit_v: 2.5, hashes: 0.0, kind: Kind::GuardedRead },
    Operation { name: "par", limit_v: 4.5, hashes: 0.0, kind: Kind::Par },
    Operation { name: "refresh", limit_v: 5.5, hashes: 0.0, kind: Kind::Refresh },
    Operation { name: "code_exchange", limit_v: 7.0, hashes: 0.0, kind: Kind::ExchangeCode },
    Operation { name: "create_record", limit_v: 18.0, hashes: 0.0, kind: Kind::CreateRecord },
    Operation { name: "create_session", limit_v: 15.0, hashes: 1.0, kind: Kind::CreateSession },
    Operation { name: "sign_in", limit_v: 15.0, hashes: 1.0, kind: Kind::SignIn },
];

impl Operation {
    /// What it may cost, in microseconds.
    pub(crate) fn limit(&self, v: f64, password: f64) -> f64 {
        self.limit_v * v + self.hashes * password
    }

    /// One round over so many connections.
    pub(crate) async fn run(&self, subject: Subject<'_>, seconds: f64, connections: usize) -> Result<Round> {
        let workers = prepare(self.kind, subject, connections, seconds).await?;
        drive(subject, workers, Duration::from_secs_f64(seconds), None).await
    }
}

/// Guarded reads at a steady rate.
pub(crate) async fn paced_read(subject: Subject<'_>, per_second: f64, seconds: f64) -> Result<Round> {
    let workers = prepare(Kind::GuardedRead, subject, 16, seconds).await?;
    drive(
        subject,
        workers,
        Duration::from_secs_f64(seconds),
        Some(Duration::from_secs_f64(16.0 / per_second)),
    )
    .await
}

/// Guarded reads over 16 connections while eight more sign in without pause.
pub(crate) async fn reads_beside_sign_ins(subject: Subject<'_>, seconds: f64) -> Result<(Round, Round)> {
    let length = Duration::from_secs_f64(seconds);
    let readers = prepare(Kind::GuardedRead, subject, 16, seconds).await?;
    let signers = prepare(Kind::SignIn, subject, 8, seconds).await?;
    tokio::try_join!(drive(subject, readers, length, None), drive(subject, signers, length, None))
}

/// Prepares so many workers side by side.
async fn prepare(kind: Kind, subject: Subject<'_>, connections: usize, seconds: f64) -> Result<Vec<Worker>> {
    let people = &subject.people();
    let one = |index: usize| async move {
        let person = people.get(index % people.len()).context("no accounts")?;
        Worker::prepare(kind, subject, person, index, seconds).await
    };
    futures::future::try_join_all((0..connections).map(one)).await
}

/// Makes so many sessions, over 16 connections, by consent on devices that are signed in.
pub(crate) async fn make_sessions(subject: Subject<'_>, count: usize) -> Result<()> {
    let people = &subject.people();
    let one = |index: usize| async move {
        let person = people.get(index % people.len()).context("no accounts")?;
        let mut browser = Browser::new();
        browser.remember = true;
        for _ in 0..count.div_ceil(16) {
            let mut app = App::loopback(subject.url(), SCOPE)?;
            subject.sign_in(&mut app, &mut browser, person).await?;
            app.query(subject.url(), "com.atproto.server.getSession", &[]).await?;
        }
        anyhow::Ok(())
    };
    futures::future::try_join_all((0..16).map(one)).await.map(drop)
}

/// One connection's worth of work, prepared outside the measured time.
struct Worker {
    kind: Kind,
    url: String,
    person: Person,
    app: App,
    browser: Browser,
    wire: Connection,
    /// Where each request in turn is sent to.
    addresses: Vec<SocketAddr>,
    sent: usize,
    ready: Vec<(Pushed, String)>,
}

impl Worker {
    async fn prepare(
        kind: Kind,
        subject: Subject<'_>,
        person: &Person,
        index: usize,
        seconds: f64,
    ) -> Result<Self> {
        let (url, addresses) = (subject.url(), subject.addresses()?);
        let address = *addresses.get(index % addresses.len()).context("no address")?;
        let mut worker = Self {
            kind,
            url: url.to_owned(),
            person: person.clone(),
            app: App::loopback(url, SCOPE)?,
            browser: Browser::new(),
            wire: Connection::open(address).await?,
            addresses,
            sent: index,
            ready: Vec::new(),
        };
        (worker.app.via, worker.browser.via) = (Some(address), Some(address));
        match kind {
            Kind::CreateRecord | Kind::GuardedRead | Kind::Refresh => {
                subject.sign_in(&mut worker.app, &mut worker.browser, person).await?;
            }
            Kind::ExchangeCode => {
                worker.browser.remember = true;
                // Who signs in at the reference gives the password each time, which takes long.
                let codes = match subject {
                    Subject::Nodes(_) | Subject::Ours(_) => (seconds * 100.0).min(300.0),
                    Subject::Reference(..) => (seconds * 15.0).min(45.0),
                };
                for _ in 0..codes as usize {
                    let pushed = worker.app.push(&[]).await?;
                    let back = subject.approve(&worker.app, &mut worker.browser, &pushed, person).await?;
                    let code = worker.app.code(&back, &pushed)?;
                    worker.ready.push((pushed, code));
                }
            }
            Kind::SignIn => {
                for _ in 0..((seconds * 5.0) as usize).max(2) {
                    let pushed = worker.app.push(&[]).await?;
                    worker.ready.push((pushed, String::new()));
                }
            }
            Kind::CreateSession | Kind::Metadata | Kind::Par => {}
        }
        Ok(worker)
    }

    /// Does the operation once. False when there is nothing prepared any more.
    async fn once(&mut self) -> Result<bool> {
        self.app.via = self.addresses.get(self.sent % self.addresses.len()).copied();
        self.sent += 1;
        match self.kind {
            Kind::Metadata => {
                let answer =
                    self.wire.send("GET", "/.well-known/oauth-authorization-server", &[], &[]).await?;
                ensure(answer.status == 200, || answer.unexpected("metadata"))?;
            }
            Kind::GuardedRead => {
                let answer = self.app.query(&self.url, "com.atproto.server.getSession", &[]).await?;
                ensure(answer.status == 200, || answer.unexpected("getSession"))?;
            }
            Kind::Par => {
                self.app.push(&[]).await?;
            }
            Kind::Refresh => {
                self.app.refresh().await?;
            }
            Kind::ExchangeCode => {
                let Some((pushed, code)) = self.ready.pop() else { return Ok(false) };
                let answer = self.app.exchange(&code, &pushed).await?;
                ensure(answer.status == 200, || answer.unexpected("token"))?;
            }
            Kind::CreateRecord => {
                let record = json!({"$type": "com.example.bench", "text": "one of many", "createdAt": "2026-01-01T00:00:00.000Z"});
                let body =
                    json!({"repo": self.person.did, "collection": "com.example.bench", "record": record});
                let answer = self.app.procedure(&self.url, "com.atproto.repo.createRecord", &body).await?;
                ensure(answer.status == 200, || answer.unexpected("createRecord"))?;
            }
            Kind::CreateSession => {
                let body = json!({"identifier": self.person.handle, "password": self.person.password});
                let (path, headers) =
                    ("/xrpc/com.atproto.server.createSession", [("content-type", "application/json")]);
                let answer = self.wire.send("POST", path, &headers, body.to_string().as_bytes()).await?;
                ensure(answer.status == 200, || answer.unexpected("createSession"))?;
            }
            Kind::SignIn => {
                let Some((pushed, _)) = self.ready.pop() else { return Ok(false) };
                let mut browser = Browser::new();
                browser.via = self.app.via;
                let back = self.app.approve(&mut browser, &pushed, &self.person).await?;
                self.app.code(&back, &pushed)?;
            }
        }
        Ok(true)
    }
}

async fn drive(
    subject: Subject<'_>,
    workers: Vec<Worker>,
    length: Duration,
    pace: Option<Duration>,
) -> Result<Round> {
    let start = Arc::new(Barrier::new(workers.len() + 1));
    let mut tasks = Vec::new();
    for mut worker in workers {
        let start = Arc::clone(&start);
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            start.wait().await;
            let started = Instant::now();
            let mut due = started;
            while started.elapsed() < length {
                if let Some(pace) = pace {
                    tokio::time::sleep_until(due.into()).await;
                    due += pace;
                }
                let sent = Instant::now();
                if !worker.once().await? {
                    break;
                }
                latencies.push(sent.elapsed());
            }
            anyhow::Ok(latencies)
        }));
    }
    let before = subject.cpu();
    start.wait().await;
    let started = Instant::now();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    Ok(Round {
        operations: latencies.len() as u64,
        elapsed: started.elapsed(),
        cpu_seconds: subject.cpu() - before,
        latencies,
    })
}

fn ensure(holds: bool, error: impl FnOnce() -> anyhow::Error) -> Result<()> {
    if holds { Ok(()) } else { Err(error()) }
}

//! Eight processes share one session through many expirations, and some of them are killed (CL-30, CL-31, CL-48).

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use gatewright_client::{Client, ClientDescription};
use gatewright_testkit::peer::Peer;
use gatewright_testkit::session_store;
use serde_json::json;

use crate::client_crew::{Crew, Said};
use crate::client_start::{PING, SCOPE, ring, sessions_of, signed_in};

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

/// No sign-out, never two live refresh tokens, one rotation an expiration; after a kill alone may the token before be
/// presented once more.
async fn killed(store: &str) -> Result<()> {
    let peer = Peer::start().await?;
    let (sessions, _) = sessions_of(&peer, session_store::open(store).await?);
    let description = ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").scope(SCOPE);
    let session = signed_in(&Client::new(description, sessions)?, &peer).await?;
    let told = json!({
        "store": store, "plc": peer.origin(), "ring": ring().to_text().as_str(), "scope": SCOPE,
        "session": session.id().to_string(), "tasks": TASKS, "call": PING, "pause_ms": 5,
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

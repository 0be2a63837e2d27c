//! kill -9 under load: what was acknowledged is there after a restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use gatewright_testkit::app::{App, Person, Tokens};
use gatewright_testkit::program::Program;
use serde_json::json;

const SCOPE: &str = "atproto repo:com.example.crash";

/// What one worker was told before the end.
struct Told {
    app: App,
    person: Person,
    /// Keys of records whose creation was acknowledged.
    records: Vec<String>,
    /// The tokens acknowledged last; the worker may have been in the middle of the next rotation.
    tokens: Tokens,
    rotations: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_program_is_killed_under_load() -> Result<()> {
    let data = tempfile::tempdir()?;
    for round in 0..3 {
        let program = Program::start(data.path(), &["--port", "0", "--no-rate-limits", "--no-demo"])?;
        let url = program.url().to_owned();
        let people = Person::all(&program.ready);
        let stopping = Arc::new(AtomicBool::new(false));
        let mut workers = Vec::new();
        for index in 0..6 {
            let mut app = App::loopback(&url, SCOPE)?;
            let person = people[index % people.len()].clone();
            let tokens = app.sign_in(&person).await?;
            let told = Told { app, person, records: Vec::new(), tokens, rotations: 0 };
            workers.push(tokio::spawn(work(
                told,
                url.clone(),
                format!("r{round}w{index}"),
                Arc::clone(&stopping),
            )));
        }
        let newcomers =
            tokio::spawn(sign_in_again_and_again(url.clone(), people[0].clone(), Arc::clone(&stopping)));
        tokio::time::sleep(Duration::from_millis(700)).await;
        program.kill()?;
        stopping.store(true, Ordering::SeqCst);
        let mut all = Vec::new();
        for worker in workers {
            all.push(worker.await??);
        }
        let fresh = newcomers.await??;
        let program = Program::start(data.path(), &["--port", "0", "--no-rate-limits", "--no-demo"])?;
        let done: usize = all.iter().map(|told| told.records.len()).sum();
        let rotated: u32 = all.iter().map(|told| told.rotations).sum();
        assert!(
            done > 5 && rotated > 5,
            "there was load: {done} records, {rotated} rotations, {} sign-ins",
            fresh.len()
        );
        for told in all {
            check(told, &url).await?;
        }
        for mut app in fresh {
            app.refresh().await.context("a session that was acknowledged is there")?;
        }
        program.stop("TERM")?;
    }
    Ok(())
}

async fn work(mut told: Told, url: String, name: String, stopping: Arc<AtomicBool>) -> Result<Told> {
    let mut count = 0;
    while !stopping.load(Ordering::SeqCst) {
        let key = format!("{name}n{count}");
        let record = json!({"repo": told.person.did, "collection": "com.example.crash", "rkey": key, "record": {"$type": "com.example.crash", "count": count}});
        match told.app.procedure(&url, "com.atproto.repo.createRecord", &record).await {
            Ok(answer) if answer.status == 200 => told.records.push(key),
            Ok(answer) => return Err(answer.unexpected("createRecord")),
            Err(_) => break,
        }
        match told.app.present(&told.tokens.refresh).await {
            Ok(answer) => {
                told.tokens = told.app.keep(&answer)?;
                told.rotations += 1;
            }
            Err(_) => break,
        }
        count += 1;
    }
    Ok(told)
}

async fn sign_in_again_and_again(url: String, person: Person, stopping: Arc<AtomicBool>) -> Result<Vec<App>> {
    let mut apps = Vec::new();
    while !stopping.load(Ordering::SeqCst) {
        let mut app = App::loopback(&url, SCOPE)?;
        if app.sign_in(&person).await.is_err() {
            break;
        }
        apps.push(app);
    }
    Ok(apps)
}

/// Every acknowledged record is there, and the acknowledged tokens work: at worst the next rotation happened and its
/// answer was lost, which the server survives.
async fn check(mut told: Told, url: &str) -> Result<()> {
    for key in &told.records {
        let read = [("repo", told.person.did.as_str()), ("collection", "com.example.crash"), ("rkey", key)];
        let answer = told.app.query(url, "com.atproto.repo.getRecord", &read).await?;
        assert_eq!(answer.status, 200, "{key} was acknowledged: {:?}", answer.json());
    }
    let answer = told.app.present(&told.tokens.refresh).await?;
    told.app.keep(&answer).context("the session that was acknowledged goes on")?;
    let session = told.app.query(url, "com.atproto.server.getSession", &[]).await?;
    assert_eq!(session.status, 200);
    Ok(())
}

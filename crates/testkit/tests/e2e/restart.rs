//! Starting again on the same folder keeps every account, record and session; stopping is clean.

use anyhow::Result;
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::program::Program;
use serde_json::json;

use crate::start::NOTES;

#[tokio::test]
async fn a_restart_keeps_accounts_records_and_sessions() -> Result<()> {
    let data = tempfile::tempdir()?;
    let program = Program::start(data.path(), &["--port", "0"])?;
    let people = Person::all(&program.ready);
    let url = program.url().to_owned();
    let mut app = App::loopback(&url, NOTES)?;
    app.sign_in(&people[0]).await?;
    let record = json!({"repo": people[0].did, "collection": "com.example.note", "rkey": "kept", "record": {"$type": "com.example.note"}});
    assert_eq!(app.procedure(&url, "com.atproto.repo.createRecord", &record).await?.status, 200);
    program.stop("TERM")?;

    let program = Program::start(data.path(), &["--port", "0"])?;
    assert_eq!(program.url(), url, "free ports are taken again, for the port is part of the issuer");
    let again = Person::all(&program.ready);
    assert_eq!((&again[0].did, &again[0].password), (&people[0].did, &people[0].password));
    let read = [("repo", people[0].did.as_str()), ("collection", "com.example.note"), ("rkey", "kept")];
    assert_eq!(app.query(&url, "com.atproto.repo.getRecord", &read).await?.status, 200);
    app.refresh().await?;
    assert_eq!(app.query(&url, "com.atproto.server.getSession", &[]).await?.status, 200);
    program.stop("INT")
}

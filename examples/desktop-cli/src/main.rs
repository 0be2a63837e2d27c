//! A program with a person at it, who signs in in a browser once. Afterwards the session goes on.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context as _, Result};
use gatewright_client::loopback::Loopback;
use gatewright_client::sessions::{KeyRing, file::FolderStore};
use gatewright_client::{BrowserSecret, Client, ClientDescription, Session, Sessions, SignIn};
use gatewright_protocol::syntax::Datetime;
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use serde_json::{Value, json};

const COLLECTION: &str = "com.example.note";

#[tokio::main]
async fn main() -> Result<()> {
    let mut words = env::args().skip(1);
    let who = words.next().context("the first argument is a handle, a DID or a host's URL")?;
    let text = words.next().context("the second argument is the note")?;
    let state = PathBuf::from(env::var("STATE").unwrap_or_else(|_| "state".to_owned()));
    fs::create_dir_all(&state)?;

    let ring = KeyRing::load_or_create(&state.join("session.keys"), &SystemRandom)?;
    let mut sessions = Sessions::builder(FolderStore::open(state.join("sessions"))?, ring);
    if let Ok(directory) = env::var("PLC_URL") {
        sessions = sessions.plc(directory.parse()?);
    }
    let description = ClientDescription::loopback()
        .redirect_uri("http://127.0.0.1/callback")
        .scope(format!("atproto repo:{COLLECTION}?action=create"));
    let client = Client::new(description, sessions.build())?;

    let session = resumed_or_signed_in(&client, &who, &state.join("session")).await?;
    let note = json!({"$type": COLLECTION, "text": text, "createdAt": Datetime::from(SystemClock.now())});
    let input = json!({"repo": session.account(), "collection": COLLECTION, "record": note});
    let made: Value = session.procedure("com.atproto.repo.createRecord", &input).await?;
    println!("{}", made["uri"].as_str().unwrap_or_default());
    Ok(())
}

/// The session that was kept, unless the server has ended it: only then is somebody asked to sign in.
async fn resumed_or_signed_in(client: &Client, who: &str, kept: &Path) -> Result<Session> {
    if let Ok(name) = fs::read_to_string(kept) {
        match client.resume(&name.trim().parse()?).await {
            Err(error) if error.is_over() => {}
            other => return Ok(other?),
        }
    }
    let (browser, back) = (BrowserSecret::generate(&SystemRandom), Loopback::bind().await?);
    let started = client.start(SignIn::at(who).redirect_uri(back.redirect_uri()), &browser).await?;
    eprintln!("Open this address in a browser:\n{}", started.url);
    let session = back.finish(client, &browser, Duration::from_mins(10)).await?.session;
    fs::write(kept, session.id().as_str())?;
    Ok(session)
}

//! Processes that act for one person with one session. One of them renews it at a time, whoever comes first.
//!
//! `sign-in WHO` prints the name of a session; `work NAME TIMES` calls with it. Start `work` as often as you like.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use gatewright_client::loopback::Loopback;
use gatewright_client::sessions::{KeyRing, sqlite::Sqlite};
use gatewright_client::{BrowserSecret, Client, ClientDescription, Sessions, SignIn};
use gatewright_resolve::system::SystemRandom;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let client = client()?;
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["sign-in", who] => sign_in(&client, who).await,
        ["work", name, times] => work(&client, name, times.parse()?).await,
        _ => bail!("sign-in WHO, or work NAME TIMES"),
    }
}

/// The same in each process: the store and the key ring are what they share.
fn client() -> Result<Client> {
    let state = PathBuf::from(env::var("STATE").unwrap_or_else(|_| "state".to_owned()));
    fs::create_dir_all(&state)?;
    let ring = KeyRing::load_or_create(&state.join("session.keys"), &SystemRandom)?;
    let mut sessions = Sessions::builder(Sqlite::open(state.join("sessions.db"))?, ring)
        .on_event(|event| eprintln!("{}: {}", std::process::id(), event.name()));
    if let Ok(directory) = env::var("PLC_URL") {
        sessions = sessions.plc(directory.parse()?);
    }
    let description =
        ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").scope("atproto");
    Ok(Client::new(description, sessions.build())?)
}

async fn sign_in(client: &Client, who: &str) -> Result<()> {
    let (browser, back) = (BrowserSecret::generate(&SystemRandom), Loopback::bind().await?);
    let started = client.start(SignIn::at(who).redirect_uri(back.redirect_uri()), &browser).await?;
    eprintln!("Open this address in a browser:\n{}", started.url);
    let session = back.finish(client, &browser, Duration::from_mins(10)).await?.session;
    println!("{}", session.id());
    Ok(())
}

async fn work(client: &Client, name: &str, times: u32) -> Result<()> {
    let session = client.resume(&name.parse()?).await?;
    for _ in 0..times {
        // Here is where something would be done; every third time with tokens that are made anew.
        let account: Value =
            session.query("com.atproto.server.getSession", &[]).await.context("it goes on")?;
        println!("{} works for {}", std::process::id(), account["handle"].as_str().unwrap_or_default());
        session.renew_now().await?;
    }
    Ok(())
}

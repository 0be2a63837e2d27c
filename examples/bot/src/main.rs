//! A bot that writes a note whenever it is started: the session is resumed, renewed or begun, as it takes.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use gatewright_client::sessions::{KeyRing, file::FolderStore};
use gatewright_client::{Session, Sessions};
use gatewright_protocol::syntax::Datetime;
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<()> {
    let identifier = env::var("IDENTIFIER").context("IDENTIFIER is the bot's handle or DID")?;
    let password = env::var("APP_PASSWORD").context("APP_PASSWORD is made on the account page")?;
    let text = env::args().nth(1).context("the note is the first argument")?;
    let state = PathBuf::from(env::var("STATE").unwrap_or_else(|_| "state".to_owned()));
    std::fs::create_dir_all(&state)?;

    let ring = KeyRing::load_or_create(&state.join("session.keys"), &SystemRandom)?;
    let mut sessions = Sessions::builder(FolderStore::open(state.join("sessions"))?, ring)
        .on_event(|event| eprintln!("{} {}", event.name(), event.subject().account));
    if let Ok(directory) = env::var("PLC_URL") {
        sessions = sessions.plc(directory.parse()?);
    }
    let host = env::var("HOST_URL").ok();
    let bot = Session::for_bot_at(&sessions.build(), &identifier, password, host.as_deref()).await?;

    let note =
        json!({"$type": "com.example.note", "text": text, "createdAt": Datetime::from(SystemClock.now())});
    let input = json!({"repo": bot.account(), "collection": "com.example.note", "record": note});
    let made: Value = bot.procedure("com.atproto.repo.createRecord", &input).await?;
    println!("{}", made["uri"].as_str().unwrap_or_default());
    Ok(())
}

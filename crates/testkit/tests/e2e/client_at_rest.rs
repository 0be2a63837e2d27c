//! What lies on disks: no token, key, password or name in clear, in any store (SEC-31).

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use gatewright_client::sessions::{RowKind, SessionStore};
use gatewright_client::{AppSignIn, Client};
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::SystemClock;
use gatewright_testkit::peer::{ALICE, PASSWORD, Peer};
use gatewright_testkit::session_store;

use crate::client_start::{at, browser, client, ping, sessions_of};

/// All files below a folder, one after the other.
fn bytes_below(folder: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            bytes.extend(bytes_below(&entry.path())?);
        } else if kind.is_file() {
            bytes.extend(std::fs::read(entry.path())?);
        }
    }
    Ok(bytes)
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Signs in with OAuth and with an app password, leaves a sign-in unfinished, and reads what was written each time.
async fn read_at_rest(store: Arc<dyn SessionStore>, written: impl Fn() -> Result<Vec<u8>>) -> Result<()> {
    let peer = Peer::start().await?;
    let (sessions, _) = sessions_of(&peer, Arc::clone(&store));
    let oauth: Client = client(sessions.clone());
    let secret = browser();
    let unfinished = oauth.start(at("alice.test"), &secret).await?;
    let state = unfinished.url.query_pairs().find(|(name, _)| name == "request_uri");
    let (_, request_uri) = state.context("it was pushed")?;
    let check = |when: &str, clear: &[&str]| -> Result<()> {
        let bytes = written()?;
        // What the tokens of the peer end and what signed ones begin with; whom they are for.
        let always = ["-secret", "eyJhbGciOi", ALICE, "alice.test", "com.example.note", PASSWORD];
        for clear in always.iter().chain(clear) {
            ensure!(!holds(&bytes, clear.as_bytes()), "{when}: `{clear}` is there in clear");
        }
        Ok(())
    };
    check("unfinished", &[&request_uri])?;
    let started = oauth.start(at("alice.test"), &secret).await?;
    let session = oauth.finish(&peer.approve(&started.url), &secret).await?.session;
    let form = peer.forms("/oauth/token").pop().context("a code was exchanged")?;
    let (verifier, code) = (form.get("code_verifier"), form.get("code"));
    check("signed in", &[verifier.context("there is one")?, code.context("there is one")?])?;
    peer.expire_access_tokens();
    ping(&session).await?;
    check("renewed", &[])?;
    let bot = sessions.sign_in(AppSignIn::new("alice.test", PASSWORD)).await?;
    ping(&bot).await?;
    peer.expire_legacy_tokens();
    ping(&bot).await?;
    check("signed in with an app password", &[])?;

    // The control: what was written is what was looked at.
    let rows = store.list(RowKind::Session, None, 9, SystemClock.now()).await?;
    ensure!(rows.len() == 2, "{} sessions", rows.len());
    let bytes = written()?;
    for (_, sealed) in rows {
        let start = sealed.get(..48).context("it is longer than a nonce")?;
        ensure!(holds(&bytes, start), "a row was not among the bytes that were read");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_31_no_file_holds_a_token_in_clear() -> Result<()> {
    let place = tempfile::tempdir()?;
    let store = session_store::open(&format!("file:{}", place.path().display())).await?;
    read_at_rest(store, || bytes_below(place.path())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_31_no_sqlite_row_holds_a_token_in_clear() -> Result<()> {
    let place = tempfile::tempdir()?;
    let store =
        session_store::open(&format!("sqlite:{}", place.path().join("sessions.db").display())).await?;
    read_at_rest(store, || bytes_below(place.path())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_31_no_postgresql_row_holds_a_token_in_clear() -> Result<()> {
    let server = session_store::postgres().await?;
    let store = session_store::open(&server.url).await?;
    read_at_rest(store, || bytes_below(server.written()?)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_31_no_redis_value_holds_a_token_in_clear() -> Result<()> {
    let server = session_store::redis().await?;
    let store = session_store::open(&server.url).await?;
    read_at_rest(store, || bytes_below(server.written()?)).await
}

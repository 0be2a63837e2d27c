//! A process that shares one session with others: for tests that kill it at the worst moment.
//!
//! It is told everything by one JSON line. Then it calls with as many tasks as it was told, over and over, with a pause
//! between. On standard
//! output it says `ok N` after each round of calls, `failed …` if one fails for good, and `saving` before new tokens are
//! written; then it waits for a line before it goes on, or for the end.

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use gatewright_client::sessions::{
    Allowance, Fence, Holder, Keep, KeyRing, Lease, RowKey, RowKind, Saved, SessionStore, SessionStoreError,
    Spent,
};
use gatewright_client::{Client, ClientDescription, Session, SessionId, Sessions};
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::system::SystemClock;
use gatewright_resolve::{Network, Resolver};
use gatewright_testkit::session_store;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

#[tokio::main]
async fn main() -> Result<()> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let told: Value = serde_json::from_str(&line)?;
    let text = |name: &str| told[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
    let (go, going) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for _ in std::io::stdin().lock().lines() {
            if go.send(()).is_err() {
                return;
            }
        }
        // Whoever started us is gone.
        std::process::exit(0);
    });
    let store = session_store::open(&text("store")?).await?;
    let announced = Announced { store, going: Mutex::new(going) };
    let resolver = Resolver::builder(Arc::new(SystemClock))
        .network(Network::Development(Arc::new(())))
        .plc_url(text("plc")?.parse()?)
        .build();
    let ring = KeyRing::parse(&text("ring")?)?;
    let sessions = Sessions::builder(announced, ring).resolver(resolver).build();
    let description =
        ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").scope(text("scope")?);
    let client = Client::new(description, sessions)?;
    let session = client.resume(&text("session")?.parse::<SessionId>()?).await?;
    let tasks = told["tasks"].as_u64().unwrap_or(1);
    let (call_of, pause) =
        (text("call")?, Duration::from_millis(told["pause_ms"].as_u64().context("no pause_ms")?));
    let mut rounds = 0_u64;
    loop {
        let calls: Vec<_> =
            (0..tasks).map(|_| tokio::spawn(call(session.clone(), call_of.clone()))).collect();
        for call in calls {
            if let Err(error) = call.await? {
                say(&format!("failed {error}"));
            }
        }
        rounds += 1;
        say(&format!("ok {rounds}"));
        tokio::time::sleep(pause).await;
    }
}

async fn call(session: Session, method: String) -> Result<(), gatewright_client::CallError> {
    session.query::<Value>(&method, &[]).await.map(drop)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// A store that tells before it writes new tokens, and waits to be let on.
#[derive(Debug)]
struct Announced {
    store: Arc<dyn SessionStore>,
    going: Mutex<mpsc::UnboundedReceiver<()>>,
}

type Done<T> = Result<T, SessionStoreError>;

#[async_trait]
impl SessionStore for Announced {
    async fn find(&self, key: &RowKey, now: UnixTime) -> Done<Option<Vec<u8>>> {
        self.store.find(key, now).await
    }

    async fn list(
        &self,
        kind: RowKind,
        after: Option<&RowKey>,
        limit: usize,
        now: UnixTime,
    ) -> Done<Vec<(RowKey, Vec<u8>)>> {
        self.store.list(kind, after, limit, now).await
    }

    async fn put(&self, key: &RowKey, keep: Keep<'_>, now: UnixTime) -> Done<()> {
        self.store.put(key, keep, now).await
    }

    async fn lease(&self, key: &RowKey, holder: Holder, now: UnixTime, lasts: Duration) -> Done<Lease> {
        self.store.lease(key, holder, now, lasts).await
    }

    async fn save(&self, key: &RowKey, fence: Fence, keep: Keep<'_>, now: UnixTime) -> Done<Saved> {
        say("saving");
        self.going.lock().await.recv().await;
        self.store.save(key, fence, keep, now).await
    }

    async fn release(&self, key: &RowKey, fence: Fence) -> Done<()> {
        self.store.release(key, fence).await
    }

    async fn delete(&self, key: &RowKey, now: UnixTime) -> Done<bool> {
        self.store.delete(key, now).await
    }

    async fn put_pending(
        &self,
        key: &[u8; 32],
        sealed: &[u8],
        now: UnixTime,
        until: UnixTime,
        most: u64,
    ) -> Done<()> {
        self.store.put_pending(key, sealed, now, until, most).await
    }

    async fn take_pending(&self, key: &[u8; 32], now: UnixTime) -> Done<Option<Vec<u8>>> {
        self.store.take_pending(key, now).await
    }

    async fn spend(&self, key: &[u8; 32], now: UnixTime, allowances: &[Allowance]) -> Done<Spent> {
        self.store.spend(key, now, allowances).await
    }

    async fn sweep(&self, now: UnixTime, limit: usize) -> Done<usize> {
        self.store.sweep(now, limit).await
    }
}

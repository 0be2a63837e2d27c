//! What the client adds to a bare call on the same connection, and a thousand sessions that expire at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::future::join_all;
use gatewright_client::sessions::KeyRing;
use gatewright_client::sessions::memory::Memory;
use gatewright_client::{BrowserSecret, Client, ClientDescription, Session, Sessions, SignIn};
use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_resolve::fetch::{Call, Content};
use gatewright_resolve::system::{SystemClock, SystemRandom};
use gatewright_resolve::{Network, Resolver};
use gatewright_testkit::peer::{FREE, Peer};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use url::Url;

use crate::measure::median;
use crate::round;

/// Sessions that expire at once.
const SESSIONS: usize = 1000;
/// What a call may cost above a bare one, beside its signature.
const LIMIT_US: f64 = 50.0;

pub(crate) async fn measure(seconds: f64) -> Result<Value> {
    let peer = Peer::start().await?;
    let resolver = Resolver::builder(Arc::new(SystemClock))
        .network(Network::Development(peer.names()))
        .plc_url(peer.origin().parse()?)
        .build();
    let sessions =
        Sessions::builder(Memory::new(), KeyRing::generate(&SystemRandom)).resolver(resolver).build();
    let description =
        ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").scope("repo:a.b.c");
    let client = Client::new(description, sessions)?;
    let session = sign_in(&client, &peer).await?;
    let signature = signature_us();
    let (mut bare, mut called) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        bare.push(bare_us(&client, &peer, seconds / 5.0).await?);
        called.push(call_us(&session, seconds / 5.0).await?);
    }
    let (bare, called) = (median(bare.into_iter()), median(called.into_iter()));
    let above = called - bare;
    eprintln!(
        "a call: {called:.1} µs, bare: {bare:.1} µs, above it: {above:.1} µs, of which a signature {signature:.1} µs"
    );
    let storm = storm(&client, &peer).await?;
    eprintln!("{SESSIONS} sessions expired at once: renewed in {:.0} ms", storm.as_secs_f64() * 1e3);
    Ok(json!({
        "call_us": round(called), "bare_us": round(bare), "above_us": round(above), "signature_us": round(signature),
        "limit_above_us": round(signature + LIMIT_US), "holds": above <= signature + LIMIT_US,
        "storm": {"sessions": SESSIONS, "lost": 0, "ms": round(storm.as_secs_f64() * 1e3)},
    }))
}

async fn sign_in(client: &Client, peer: &Peer) -> Result<Session> {
    let browser = BrowserSecret::generate(&SystemRandom);
    let started = client.start(SignIn::at("alice.test"), &browser).await?;
    Ok(client.finish(&peer.approve(&started.url), &browser).await?.session)
}

fn signature_us() -> f64 {
    let key = PrivateKey::generate(Curve::P256, &SystemRandom);
    let started = Instant::now();
    let mut count = 0_u32;
    while started.elapsed() < Duration::from_millis(300) {
        std::hint::black_box(key.sign(&count.to_be_bytes()));
        count += 1;
    }
    started.elapsed().as_secs_f64() * 1e6 / f64::from(count)
}

async fn bare_us(client: &Client, peer: &Peer, seconds: f64) -> Result<f64> {
    let url = Url::parse(&format!("{}/xrpc/{FREE}", peer.origin()))?;
    let fetcher = client.sessions().resolver().fetcher().clone();
    timed(seconds, async || {
        let call = Call {
            method: Method::GET,
            url: &url,
            headers: HeaderMap::new(),
            content: Content::Bytes(Bytes::new()),
            most: 1 << 20,
            timeout: Duration::from_secs(30),
        };
        fetcher.call(call).await.map(drop).context("a bare call")
    })
    .await
}

async fn call_us(session: &Session, seconds: f64) -> Result<f64> {
    timed(seconds, async || session.query::<Value>(FREE, &[]).await.map(drop).context("a call")).await
}

async fn timed(seconds: f64, step: impl AsyncFn() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    let mut count = 0_u32;
    while started.elapsed().as_secs_f64() < seconds {
        step().await?;
        count += 1;
    }
    Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(count.max(1)))
}

async fn storm(client: &Client, peer: &Peer) -> Result<Duration> {
    let mut open = Vec::new();
    for _ in 0..SESSIONS {
        open.push(sign_in(client, peer).await?);
    }
    peer.expire_access_tokens();
    let started = Instant::now();
    let calls = open.iter().cloned().map(|session| {
        tokio::spawn(async move { session.query::<Value>("com.example.ping", &[]).await.map(drop) })
    });
    for done in join_all(calls).await {
        done?.context("a session was lost")?;
    }
    Ok(started.elapsed())
}

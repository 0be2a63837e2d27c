//! Many tasks, many expirations: one rotation each, at a whole network and at a peer that counts.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::future::join_all;
use gatewright_client::Session;
use gatewright_client::sessions::SessionStore;
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::SystemClock;
use gatewright_testkit::clock::TestClock;
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::peer::Peer;
use serde_json::Value;

use crate::client_start::{
    at, client, folder, memory, ping, sessions_in, sessions_of, signed_in, through_pages,
};

const TASKS: usize = 64;
const EXPIRATIONS: usize = 200;

/// All tasks call at once, over and over, while the server ends the access tokens again and again.
async fn storm(store: Arc<dyn SessionStore>) -> Result<()> {
    let peer = Peer::start().await?;
    let (sessions, told) = sessions_of(&peer, store);
    let session = signed_in(&client(sessions), &peer).await?;
    for expiration in 1..=EXPIRATIONS {
        peer.expire_access_tokens();
        let pings = (0..TASKS).map(|_| {
            let session = session.clone();
            tokio::spawn(async move { ping(&session).await })
        });
        for done in join_all(pings).await {
            done??;
        }
        let grant = peer.grants()[0].clone();
        assert_eq!((grant.rotations, grant.recoveries, grant.over), (expiration, 0, false));
    }
    assert_eq!(told.lock().len(), 1 + EXPIRATIONS, "created once, refreshed each time");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_over_memory_rotates_once_an_expiration() -> Result<()> {
    storm(memory()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_over_files_rotates_once_an_expiration() -> Result<()> {
    let place = tempfile::tempdir()?;
    storm(folder(place.path())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_outlive_many_expirations_at_a_whole_network() -> Result<()> {
    let clock = Arc::new(TestClock::at(SystemClock.now().seconds()));
    let network = TestNetwork::start_with(|mut options| {
        options.clock = Arc::clone(&clock) as _;
        options
    })
    .await?;
    let alice = network.people().into_iter().next().context("there is alice")?;
    let place = tempfile::tempdir()?;
    let mut handles: Vec<Session> = Vec::new();
    let mut told = Vec::new();
    for _ in 0..4 {
        // Four processes, as far as they can be told apart from within one.
        let (sessions, events) = sessions_in(&network, folder(place.path()), Arc::clone(&clock) as _).await?;
        let client = client(sessions);
        handles.push(match handles.first() {
            None => through_pages(&client, at(&alice.handle), &alice).await?.session,
            Some(first) => client.resume(first.id()).await?,
        });
        told.push(events);
    }
    for _ in 0..50 {
        clock.advance(Duration::from_mins(15));
        let calls = (0..16).map(|task| {
            let session = handles[task % handles.len()].clone();
            tokio::spawn(async move { session.query::<Value>("com.atproto.server.getSession", &[]).await })
        });
        for done in join_all(calls).await {
            done??;
        }
    }
    let refreshed: usize =
        told.iter().map(|events| events.lock().iter().filter(|name| **name == "refreshed").count()).sum();
    assert_eq!(refreshed, 50, "one renewal for each time that the token ran out");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_sessions_that_expire_at_once_are_all_renewed() -> Result<()> {
    let peer = Peer::start().await?;
    let (sessions, _) = sessions_of(&peer, memory());
    let client = client(sessions);
    let mut open = Vec::new();
    for _ in 0..20 {
        let fifty = join_all((0..50).map(|_| signed_in(&client, &peer))).await;
        open.extend(fifty.into_iter().collect::<Result<Vec<_>>>()?);
    }
    peer.expire_access_tokens();
    let pings = open.iter().cloned().map(|session| tokio::spawn(async move { ping(&session).await }));
    for done in join_all(pings).await {
        done??;
    }
    assert!(peer.grants().iter().all(|grant| grant.rotations == 1 && !grant.over));
    Ok(())
}

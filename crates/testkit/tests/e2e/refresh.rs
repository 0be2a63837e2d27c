//! Refreshing over HTTP: rotation, races, lost answers and replays.

use std::sync::Arc;

use anyhow::Result;
use futures::future::join_all;
use gatewright_testkit::app::App;

use crate::start::{NOTES, network, signed_in};

#[tokio::test]
async fn sec_74_a_lost_answer_does_not_lose_the_session() -> Result<()> {
    let (network, alice, _) = network().await?;
    let mut app = signed_in(&network, &alice, NOTES).await?;
    let first = app.tokens.clone().expect("signed in").refresh;
    let lost = app.present(&first).await?.json()?;
    for _ in 0..2 {
        let again = app.present(&first).await?;
        assert_eq!(again.status, 200, "{:?}", again.json());
        assert_eq!(again.json()?["refresh_token"], lost["refresh_token"]);
        app.keep(&again)?;
    }
    app.refresh().await?;
    let replayed = app.present(&first).await?;
    assert_eq!((replayed.status, replayed.json()?["error"].as_str()), (400, Some("invalid_grant")));
    let dead = app.refresh().await;
    assert!(dead.is_err(), "a replay ends the session");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_22_parallel_refreshes_converge_on_one_pair() -> Result<()> {
    let (network, alice, _) = network().await?;
    let mut app = signed_in(&network, &alice, NOTES).await?;
    let first = app.tokens.clone().expect("signed in").refresh;
    let key = app.key.to_bytes();
    let client = app.client_id.clone();
    let url = Arc::new(network.url().to_owned());
    let tasks = (0..10).map(|_| {
        let (url, first, key, client) = (Arc::clone(&url), first.clone(), key.clone(), client.clone());
        tokio::spawn(async move {
            let mut twin = App::loopback(&url, NOTES)?;
            twin.client_id = client;
            twin.key = gatewright_protocol::crypto::PrivateKey::from_bytes(
                gatewright_protocol::crypto::Curve::P256,
                &key,
            )?;
            let answer = twin.present(&first).await?;
            assert_eq!(answer.status, 200, "{:?}", answer.json());
            anyhow::Ok(answer.json()?["refresh_token"].as_str().unwrap_or_default().to_owned())
        })
    });
    let mut successors = Vec::new();
    for task in join_all(tasks).await {
        successors.push(task??);
    }
    successors.dedup();
    assert_eq!(successors.len(), 1, "one pair, never two");
    let answer = app.present(&successors[0]).await?;
    assert_eq!(answer.status, 200, "the session survives");
    Ok(())
}

#[tokio::test]
async fn another_key_never_refreshes() -> Result<()> {
    let (network, alice, _) = network().await?;
    let mut app = signed_in(&network, &alice, NOTES).await?;
    let first = app.tokens.clone().expect("signed in").refresh;
    let mut thief = App::loopback(network.url(), NOTES)?;
    let stolen = thief.present(&first).await?;
    assert_eq!((stolen.status, stolen.json()?["error"].as_str()), (400, Some("invalid_grant")));
    assert!(app.refresh().await.is_err(), "the session is over: its token is in wrong hands");
    Ok(())
}

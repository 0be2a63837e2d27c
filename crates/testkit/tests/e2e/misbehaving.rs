//! Hosts of clients that answer badly, and a store that fails: nobody else notices, and nothing is lost.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use gatewright_protocol::oauth::pkce::CodeVerifier;
use gatewright_protocol::random::random_bytes;
use gatewright_resolve::fetch::TIMEOUT;
use gatewright_resolve::system::SystemRandom;
use gatewright_testkit::app::App;
use gatewright_testkit::client_host::{ClientHost, MOVED, Misbehaviour};
use gatewright_testkit::store::Database;
use gatewright_testkit::wire::Answer;

use crate::hosted_clients::{Stage, told};
use crate::start::{NOTES, network, signed_in};

/// More than any answer takes whose host does not stall.
const QUICK: Duration = Duration::from_secs(3);

/// The answer to a pushed request.
pub(crate) async fn push(app: &mut App) -> Result<Answer> {
    let verifier = CodeVerifier::from_bytes(&random_bytes(&SystemRandom));
    let parameters = app.parameters(&verifier, "state");
    let form: Vec<(&str, &str)> = parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    app.post_form("/oauth/par", &form).await
}

fn invalid_metadata(answer: &Answer) {
    assert_eq!(told(answer), (400, "invalid_client_metadata".to_owned()), "{:?}", answer.json());
    let text = String::from_utf8_lossy(&answer.body);
    assert!(!text.contains("A client of the tests"), "nothing of the document is repeated: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_51_documents_that_are_not_published_as_they_must_be() -> Result<()> {
    let stage = Stage::set().await?;
    for wrong in [
        Misbehaviour::GzipBomb,
        Misbehaviour::Html,
        Misbehaviour::NotFound,
        Misbehaviour::OtherClientId,
        Misbehaviour::Redirect,
        Misbehaviour::TooLarge,
        Misbehaviour::Unavailable,
    ] {
        let path = format!("/{wrong:?}.json");
        let mut app = stage.public(&path)?;
        stage.host.misbehave(&path, wrong);
        let begun = Instant::now();
        for _ in 0..2 {
            invalid_metadata(&push(&mut app).await.context(path.clone())?);
        }
        assert!(begun.elapsed() < QUICK, "{wrong:?} took {:?}", begun.elapsed());
        assert!(stage.host.asked(&path) >= 2, "{wrong:?} was not kept");
        assert_eq!(stage.host.asked(&format!("{MOVED}{path}")), 0, "no redirect is followed");

        stage.host.misbehave(&path, None);
        assert_eq!(push(&mut app).await?.status, 201, "{wrong:?} is over");
        let asked = stage.host.asked(&path);
        assert_eq!(push(&mut app).await?.status, 201);
        assert_eq!(stage.host.asked(&path), asked, "what is good is kept");

        // A good copy does not outlive another answer of its publisher, only the lack of one.
        stage.host.misbehave(&path, wrong);
        stage.clock.advance(Duration::from_mins(11));
        let later = push(&mut app).await?;
        if wrong == Misbehaviour::Unavailable {
            assert_eq!(later.status, 201);
        } else {
            invalid_metadata(&later);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_51_a_closed_port_is_told_at_once_and_not_kept() -> Result<()> {
    let mut stage = Stage::set().await?;
    let mut app = stage.public("/client.json")?;
    stage.host.close().await?;
    let begun = Instant::now();
    invalid_metadata(&push(&mut app).await?);
    assert!(begun.elapsed() < QUICK, "{:?}", begun.elapsed());
    stage.host.reopen()?;
    assert_eq!(push(&mut app).await?.status, 201);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_51_slow_hosts_hold_up_nobody_else() -> Result<()> {
    let stage = Stage::set().await?;
    let mut waiting = tokio::task::JoinSet::new();
    let begun = Instant::now();
    // Each asks for another document, and two for the same.
    for path in ["/slow-1.json", "/slow-1.json", "/slow-2.json", "/slow-3.json"] {
        let mut app = stage.public(path)?;
        stage.host.misbehave(path, Misbehaviour::SlowDrip);
        waiting.spawn(async move { push(&mut app).await });
    }
    while stage.host.asked("/slow-3.json") == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let others = Instant::now();
    let mut other = stage.public("/quick.json")?;
    other.sign_in(&stage.alice).await?;
    other.refresh().await?;
    assert!(others.elapsed() < TIMEOUT / 2, "another client of the same host took {:?}", others.elapsed());
    assert!(waiting.try_join_next().is_none(), "the slow ones are still under way");

    while let Some(answer) = waiting.join_next().await {
        invalid_metadata(&answer??);
    }
    assert!(begun.elapsed() < TIMEOUT + QUICK, "{:?}", begun.elapsed());
    assert_eq!(stage.host.asked("/slow-1.json"), 1, "two who want the same wait for one answer");
    stage.host.misbehave("/slow-1.json", None);
    assert_eq!(push(&mut stage.public("/slow-1.json")?).await?.status, 201);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_72_what_was_never_asked_for_is_not_the_clients_fault() -> Result<()> {
    let stage = Stage::set().await?;
    let mut known = stage.public("/known.json")?;
    assert_eq!(push(&mut known).await?.status, 201);
    // One host is asked for eight documents at once, and one address may have sixteen under way.
    let hosts = [ClientHost::start().await?, ClientHost::start().await?];
    let paths: Vec<String> = (0..8).map(|n| format!("/slow-{n}.json")).collect();
    let mut waiting = tokio::task::JoinSet::new();
    for host in &hosts {
        for path in &paths {
            let mut app =
                App::hosted(stage.network.url(), host, path, NOTES)?.with_clock(stage.clock.clone());
            host.misbehave(path, Misbehaviour::SlowDrip);
            waiting.spawn(async move { push(&mut app).await });
        }
    }
    let begun = Instant::now();
    while hosts.iter().any(|host| paths.iter().any(|path| host.asked(path) == 0)) {
        assert!(begun.elapsed() < QUICK, "sixteen are under way at once");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut one_more = stage.public("/quick.json")?;
    let refused = push(&mut one_more).await?;
    assert_eq!(told(&refused), (503, "temporarily_unavailable".to_owned()), "{:?}", refused.json());
    assert!(refused.header("retry-after").is_some());
    assert_eq!(push(&mut known).await?.status, 201, "what is kept needs no fetch");

    waiting.shutdown().await;
    let begun = Instant::now();
    while push(&mut one_more).await?.status != 201 {
        assert!(begun.elapsed() < QUICK, "the places of those who left are free again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

#[tokio::test]
async fn sec_51_client_ids_that_are_never_fetched() -> Result<()> {
    let (network, ..) = network().await?;
    for client_id in [
        "https://10.0.0.1/client.json",
        "https://8.8.8.8/client.json",
        "https://[::1]/client.json",
        "https://2130706433/client.json",
        "https://localhost/client.json",
        "https://intranet/client.json",
        "https://app.client.net:8443/client.json",
        "https://app.client.net/client.json#fragment",
        "https://app.client.net/folder/",
        "https://app.client.net/",
        "https://app.client.net/a/../client.json",
        "https://name@app.client.net/client.json",
        "http://app.client.net/client.json",
        "http://10.0.0.1:8080/client.json",
        "http://[::1]:8080/client.json",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1/callback/",
        "ftp://app.client.net/client.json",
        "a-name",
    ] {
        let mut app =
            App::new(network.url(), client_id.to_owned(), "https://app.test/callback".to_owned(), NOTES)?;
        let begun = Instant::now();
        let answer = push(&mut app).await?;
        assert_eq!(told(&answer), (400, "invalid_client_id".to_owned()), "{client_id}: {:?}", answer.json());
        assert!(begun.elapsed() < QUICK, "{client_id} took {:?}", begun.elapsed());
    }
    Ok(())
}

#[tokio::test]
async fn sec_23_a_store_that_fails_ends_no_session() -> Result<()> {
    let (network, alice, _) = network().await?;
    let host = network.url();
    let mut app = signed_in(&network, &alice, NOTES).await?;
    let before = app.tokens.clone().expect("signed in");
    // A trigger in the database stands for a disk that takes no more.
    let database = Database::of(network.data())?;
    let triggers = [("token", "INSERT"), ("token", "UPDATE"), ("refresh", "INSERT"), ("refresh", "UPDATE")];
    for (table, event) in triggers {
        database.fill_up(table, event)?;
    }
    for _ in 0..2 {
        let failed = app.present(&before.refresh).await?;
        assert_eq!(told(&failed), (500, "server_error".to_owned()));
        let text = String::from_utf8_lossy(&failed.body);
        assert!(!text.contains("disk"), "what failed is ours to know: {text}");
    }
    assert_eq!(app.query(host, "com.atproto.server.getSession", &[]).await?.status, 200);

    for (table, event) in triggers {
        database.make_room(table, event)?;
    }
    let after = app.refresh().await?;
    assert_ne!(after.refresh, before.refresh);
    assert_eq!(app.query(host, "com.atproto.server.getSession", &[]).await?.status, 200);
    app.refresh().await?;
    Ok(())
}

//! Signing in with the client at a whole network, from every start there is, and what comes after.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use gatewright_client::loopback::Loopback;
use gatewright_client::{BrowserSecret, CallError, Client, ClientDescription, ClientKey, ClientKeys, SignIn};
use gatewright_resolve::system::{SystemClock, SystemRandom};
use gatewright_testkit::client_host::{ClientHost, REDIRECT_URI};
use gatewright_testkit::form::Browser;
use gatewright_testkit::network::TestNetwork;
use serde_json::{Value, json};

use crate::client_start::{at, client, description, memory, sessions_in, through_pages};

async fn note(session: &gatewright_client::Session, collection: &str) -> Result<Value, CallError> {
    let record =
        json!({"$type": collection, "text": "written by a test", "createdAt": "2026-01-01T00:00:00Z"});
    let input = json!({"repo": session.account(), "collection": collection, "record": record});
    session.procedure("com.atproto.repo.createRecord", &input).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_from_handle_did_and_host_and_acts() -> Result<()> {
    let network = TestNetwork::start().await?;
    let alice = network.people().into_iter().next().context("there is alice")?;
    let (sessions, told) = sessions_in(&network, memory(), Arc::new(SystemClock)).await?;
    let client = client(sessions.clone());
    for start in
        [alice.handle.clone(), format!("@{}", alice.handle), alice.did.clone(), network.url().to_owned()]
    {
        let finished = through_pages(&client, at(&start).remember("/notes"), &alice).await?;
        assert_eq!(finished.remembered.as_deref(), Some("/notes"));
        assert!(finished.missing.is_empty(), "{start}: {:?}", finished.missing);
        let session = client.resume(finished.session.id()).await?;
        assert_eq!(session.account().as_str(), alice.did);
        assert_eq!(session.handle().map(|handle| handle.to_string()), Some(alice.handle.clone()));
        assert_eq!(session.host().as_deref(), Some(network.url()));
        let account: Value = session.query("com.atproto.server.getSession", &[]).await?;
        assert_eq!(account["did"], alice.did);
        let made = note(&session, "com.example.note").await?;
        assert!(made["uri"].as_str().is_some_and(|uri| uri.contains("com.example.note")), "{made}");
        let picture = session.upload("image/png", b"\x89PNG\r\n\x1a\n".as_slice()).await?;
        assert_eq!(picture["$type"], "blob");
    }
    assert_eq!(sessions.list().await?.len(), 4);
    assert_eq!(*told.lock(), ["created"; 4]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_asked_for_and_then_granted() -> Result<()> {
    let network = TestNetwork::start().await?;
    let alice = network.people().into_iter().next().context("there is alice")?;
    let (sessions, _) = sessions_in(&network, memory(), Arc::new(SystemClock)).await?;
    let client = client(sessions);
    let session = through_pages(&client, at(&alice.handle), &alice).await?.session;
    let refused = note(&session, "com.example.other").await.expect_err("it was not granted");
    let CallError::ScopeMissing { scope: Some(scope) } = refused else { panic!("{refused}") };
    assert_eq!(scope, "repo:com.example.other?action=create");
    // The description declares the whole collection, so that is what is asked for.
    let more =
        client.ask_more(&session, "repo:com.example.other").redirect_uri("http://127.0.0.1:8125/callback");
    let upgraded = through_pages(&client, more, &alice).await?;
    assert_eq!(upgraded.session.id(), session.id(), "the session goes on under its name");
    assert!(upgraded.missing.is_empty() && upgraded.asked.contains("blob:image/*"));
    note(&session, "com.example.other").await?;
    note(&session, "com.example.note").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_at_the_server_too() -> Result<()> {
    let network = TestNetwork::start().await?;
    let alice = network.people().into_iter().next().context("there is alice")?;
    let (sessions, told) = sessions_in(&network, memory(), Arc::new(SystemClock)).await?;
    let client = client(sessions.clone());
    let session = through_pages(&client, at(&alice.handle), &alice).await?.session;
    let copy = session.export_sealed()?;
    session.sign_out().await?;
    assert!(matches!(note(&session, "com.example.note").await, Err(CallError::SignedOut)));
    assert!(matches!(client.resume(session.id()).await, Err(CallError::SignedOut)));
    assert!(sessions.list().await?.is_empty());
    assert_eq!(*told.lock(), ["created", "deleted"]);
    // A copy of it is worth nothing any more.
    let (elsewhere, _) = sessions_in(&network, memory(), Arc::new(SystemClock)).await?;
    let copied = Client::new(description(), elsewhere)?.import_sealed(&copy).await?;
    assert!(matches!(note(&copied, "com.example.note").await, Err(CallError::Revoked)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confidential_client_rotates_its_keys_and_its_sessions_go_on() -> Result<()> {
    let network = TestNetwork::start().await?;
    let alice = network.people().into_iter().next().context("there is alice")?;
    let site = ClientHost::start().await?;
    let (sessions, _) = sessions_in(&network, memory(), Arc::new(SystemClock)).await?;
    let described = |keys: Vec<ClientKey>| {
        ClientDescription::web(site.url("/client.json"))
            .development()
            .redirect_uri(REDIRECT_URI)
            .scope("atproto repo:com.example.note")
            .keys(ClientKeys::new(keys))
    };
    let old = ClientKey::generate(&SystemRandom);
    let first = Client::new(described(vec![old.clone()]), sessions.clone())?;
    site.publish("/client.json", first.metadata_document().context("it has a document")?);
    let session = through_pages(&first, SignIn::at(&alice.handle), &alice).await?.session;
    note(&session, "com.example.note").await?;
    let id = session.id().clone();
    drop(session);

    let new = ClientKey::generate(&SystemRandom);
    let second = Client::new(described(vec![new.clone(), old]), sessions.clone())?;
    site.publish("/client.json", second.metadata_document().context("it has a document")?);
    let session = second.resume(&id).await?;
    session.renew_now().await?;
    note(&session, "com.example.note").await?;
    drop(session);

    // Without the key that it began with, the session is kept, but cannot be used (CL-31).
    let third = Client::new(described(vec![new]), sessions.clone())?;
    let session = third.resume(&id).await?;
    assert!(matches!(session.renew_now().await, Err(CallError::Client(_))));
    assert_eq!(sessions.list().await?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_on_a_desktop_takes_its_browser_back_and_nobody_elses() -> Result<()> {
    let network = TestNetwork::start().await?;
    let alice = network.people().into_iter().next().context("there is alice")?;
    let (sessions, _) = sessions_in(&network, memory(), Arc::new(SystemClock)).await?;
    let client = client(sessions);
    let (secret, back) = (BrowserSecret::generate(&SystemRandom), Loopback::bind().await?);
    let place = back.redirect_uri();
    let started = client.start(at(&alice.handle).redirect_uri(&place), &secret).await?;
    let waiting = {
        let client = client.clone();
        tokio::spawn(async move { back.finish(&client, &secret, std::time::Duration::from_mins(1)).await })
    };
    let mut browser = Browser::new();
    let origin = place.trim_end_matches("/callback");
    for (path, status) in [("/", 404), ("/callback", 404), ("/callback?state=unknown&code=x", 400)] {
        assert_eq!(browser.open(&format!("{origin}{path}")).await?.page()?.status, status, "{path}");
    }
    let to = started.url.as_str();
    let url = Browser::new().sign_in_and(to, &alice.handle, &alice.password, "approve").await?;
    let page = browser.open(url.as_str()).await?.page()?;
    assert!(page.text().contains("You are signed in"), "{}", page.text());
    assert_eq!(waiting.await??.session.account().as_str(), alice.did);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_counts_by_what_its_author_publishes() -> Result<()> {
    let network = TestNetwork::start().await?;
    let alice = network.people().into_iter().next().context("there is alice")?;
    let (sessions, _) = sessions_in(&network, memory(), Arc::new(SystemClock)).await?;
    let asked = "atproto blob:*/* include:fm.plyr.authFullApp";
    let description = ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").scope(asked);
    let client = Client::new(description, sessions)?;
    let sign_in = SignIn::at(&alice.handle).redirect_uri("http://127.0.0.1:8125/callback");
    let finished = through_pages(&client, sign_in, &alice).await?;
    assert!(finished.asked.contains("include:fm.plyr.authFullApp"), "{}", finished.asked);
    assert!(!finished.granted.as_str().contains("include:"), "{}", finished.granted);
    assert!(finished.missing.is_empty(), "{} of {}", finished.missing, finished.granted);
    note(&finished.session, "fm.plyr.like").await?;
    Ok(())
}

//! Renewing: when, how often, and what becomes of a session when something goes wrong.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use futures::future::join_all;
use gatewright_client::{Body, Call, CallError, Session};
use gatewright_testkit::clock::TestClock;
use gatewright_testkit::peer::{ALICE, Fault, MALLORY, Peer};
use serde_json::json;

use crate::client_start::{
    PING, at, client, client_of, finished, folder, memory, ping, sessions_at, sessions_of, signed_in,
};

const TOKEN: &str = "/oauth/token";

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_renewed_before_they_expire_and_once_for_all_tasks() -> Result<()> {
    let peer = Peer::start().await?;
    let clock = Arc::new(TestClock::at(1_790_000_000));
    let (sessions, told) = sessions_at(memory(), peer.names(), peer.origin(), Arc::clone(&clock) as _);
    let session = signed_in(&client(sessions), &peer).await?;
    ping(&session).await?;
    clock.advance(Duration::from_secs(900 - 45));
    ping(&session).await?;
    assert_eq!(peer.grants()[0].rotations, 0, "there is time left");
    clock.advance(Duration::from_secs(36));
    let pings = (0..64).map(|_| {
        let session = session.clone();
        tokio::spawn(async move { ping(&session).await })
    });
    for done in join_all(pings).await {
        done??;
    }
    assert_eq!(peer.grants()[0].rotations, 1);
    assert_eq!(*told.lock(), ["created", "refreshed"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_renewed_on_the_hosts_word_and_the_body_is_made_anew() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    let session = signed_in(&client, &peer).await?;
    peer.expire_access_tokens();
    let pieces = || -> (Option<u64>, gatewright_client::Chunks) {
        let pieces = [Ok(Bytes::from_static(b"one ")), Ok(Bytes::from_static(b"two"))];
        (Some(7), Box::pin(futures::stream::iter(pieces)))
    };
    let call = Call::procedure(PING).body("text/plain", Body::again(pieces));
    session.call(&call).await?;
    assert_eq!(peer.bodies(), [Bytes::from_static(b"one two")]);
    assert_eq!(peer.grants()[0].rotations, 1);
    // A stream that can be had once is sent once, with the nonce found out before.
    let fresh = client.resume(session.id()).await?;
    fresh.call(&Call::procedure(PING).body("text/plain", Body::once(None, pieces().1))).await?;
    peer.expire_access_tokens();
    let once = Call::procedure(PING).body("text/plain", Body::once(None, pieces().1));
    assert!(fresh.call(&once).await.is_err(), "it was used up");
    assert_eq!(peer.grants()[0].rotations, 2, "but the session was renewed for the next");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_with_the_same_token() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, told) = client_of(&peer);
    let session = signed_in(&client, &peer).await?;
    ping(&session).await?;
    peer.expire_access_tokens();
    peer.fault(TOKEN, Fault::Lost);
    ping(&session).await?;
    let grant = peer.grants()[0].clone();
    assert_eq!((grant.rotations, grant.recoveries, grant.over), (1, 1, false));
    // Lost twice: the call fails, the session does not.
    peer.expire_access_tokens();
    peer.fault(TOKEN, Fault::Lost);
    peer.fault(TOKEN, Fault::Lost);
    assert!(matches!(ping(&session).await, Err(CallError::Network(_))));
    ping(&session).await?;
    let grant = peer.grants()[0].clone();
    assert_eq!((grant.rotations, grant.over), (2, false));
    assert_eq!(*told.lock(), ["created", "refreshed", "failed", "refreshed"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_failure_on_the_way_costs_a_session() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, told) = client_of(&peer);
    let session = signed_in(&client, &peer).await?;
    ping(&session).await?;
    for (path, fault) in [
        (TOKEN, Fault::Answer(500, "{}")),
        (TOKEN, Fault::Answer(503, "<html>")),
        (TOKEN, Fault::Answer(429, "{}")),
        (TOKEN, Fault::Answer(400, r#"{"error":"invalid_client"}"#)),
        (TOKEN, Fault::Answer(400, "invalid_grant")),
        (TOKEN, Fault::Answer(401, r#"{"error":"server_error"}"#)),
        (TOKEN, Fault::Huge),
        (TOKEN, Fault::Redirect("http://localhost:1/".to_owned())),
        ("/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", Fault::Answer(500, "")),
        ("/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", Fault::Answer(404, "")),
        ("/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", Fault::Broken),
        ("/.well-known/oauth-authorization-server", Fault::Answer(200, "{}")),
        ("/.well-known/oauth-protected-resource", Fault::Answer(502, "")),
    ] {
        peer.expire_access_tokens();
        // The first answer may only bring a nonce.
        peer.fault(path, fault.clone());
        let failed = ping(&session).await;
        if let Err(error) = &failed {
            assert!(!error.is_over(), "{path} {fault:?}: {error}");
        }
        peer.mend();
        ping(&session).await.map_err(|error| anyhow::anyhow!("{path} {fault:?}: {error}"))?;
    }
    assert!(!told.lock().contains(&"expired"));
    assert!(!peer.grants()[0].over);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_still_good_serve_while_the_server_is_away() -> Result<()> {
    let peer = Peer::start().await?;
    let clock = Arc::new(TestClock::at(1_790_000_000));
    let (sessions, _) = sessions_at(memory(), peer.names(), peer.origin(), Arc::clone(&clock) as _);
    let session = signed_in(&client(sessions), &peer).await?;
    ping(&session).await?;
    clock.advance(Duration::from_secs(892));
    peer.fault(TOKEN, Fault::Answer(503, "{}"));
    ping(&session).await?;
    let asked = peer.asked(TOKEN);
    ping(&session).await?;
    assert_eq!(peer.asked(TOKEN), asked, "the server is left alone for a moment");
    clock.advance(Duration::from_secs(6));
    ping(&session).await?;
    assert_eq!(peer.grants()[0].rotations, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_word_ends_a_session_and_nothing_secret_is_kept_of_it() -> Result<()> {
    let peer = Peer::start().await?;
    let (sessions, told) = sessions_of(&peer, memory());
    let client = client(sessions.clone());
    let session = signed_in(&client, &peer).await?;
    peer.expire_access_tokens();
    peer.end_sessions();
    assert!(matches!(ping(&session).await, Err(CallError::Revoked)));
    assert!(matches!(ping(&session).await, Err(CallError::Revoked)));
    assert!(matches!(client.resume(session.id()).await, Err(CallError::Revoked)));
    assert_eq!(*told.lock(), ["created", "expired"]);
    let summary = &sessions.list().await?[0];
    assert!(summary.is_over && summary.account.as_str() == ALICE, "who it was is remembered");
    // Signing in again under the same name brings it back.
    let again =
        finished(&client, &peer, client.ask_more(&session, "").redirect_uri("http://127.0.0.1:1/callback"));
    assert_eq!(again.await?.session.id(), session.id());
    ping(&session).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_takes_no_fresh_token_ends_the_session_and_a_service_behind_it_does_not() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    let session = signed_in(&client, &peer).await?;
    ping(&session).await?;
    let path = format!("/xrpc/{PING}");
    for _ in 0..2 {
        peer.fault(&path, Fault::Answer(401, r#"{"error":"invalid_token"}"#));
    }
    let proxied = session.call(&Call::query(PING).proxied_to("did:web:api.client.net#x")).await;
    assert!(matches!(&proxied, Err(CallError::Refused { status: 401, .. })), "{proxied:?}");
    ping(&session).await?;
    peer.distrust();
    assert!(matches!(ping(&session).await, Err(CallError::Revoked)));
    assert!(matches!(client.resume(session.id()).await, Err(CallError::Revoked)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_away_does_not_break_off_a_renewal() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    let session = signed_in(&client, &peer).await?;
    ping(&session).await?;
    peer.expire_access_tokens();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    peer.fault(TOKEN, Fault::Wait(Arc::clone(&gate)));
    let asked = peer.asked(TOKEN);
    let caller = {
        let session = session.clone();
        tokio::spawn(async move { ping(&session).await })
    };
    while peer.asked(TOKEN) == asked {
        tokio::task::yield_now().await;
    }
    caller.abort();
    assert!(caller.await.is_err(), "the caller went away");
    gate.add_permits(1);
    ping(&session).await?;
    let grant = peer.grants()[0].clone();
    assert_eq!((grant.rotations, grant.recoveries), (1, 0), "its renewal was finished and kept");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_folder_renew_once_and_never_part() -> Result<()> {
    let peer = Peer::start().await?;
    let place = tempfile::tempdir()?;
    let (one, _) = sessions_of(&peer, folder(place.path()));
    let (two, _) = sessions_of(&peer, folder(place.path()));
    let (one, two) = (client(one), client(two));
    let first = signed_in(&one, &peer).await?;
    let second = two.resume(first.id()).await?;
    for expirations in 1..=10 {
        peer.expire_access_tokens();
        let pings = (0..16).map(|task| {
            let session: Session = if task % 2 == 0 { first.clone() } else { second.clone() };
            tokio::spawn(async move { ping(&session).await })
        });
        for done in join_all(pings).await {
            done??;
        }
        let grant = peer.grants()[0].clone();
        assert_eq!((grant.rotations, grant.recoveries, grant.over), (expirations, 0, false));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_moved_is_over_at_the_old_host() -> Result<()> {
    let (old, new) = (Peer::start().await?, Peer::start().await?);
    let (client, told) = client_of(&old);
    let session = signed_in(&client, &old).await?;
    old.change_account(ALICE, |document| document["service"][0]["serviceEndpoint"] = json!(new.origin()));
    old.expire_access_tokens();
    assert!(matches!(ping(&session).await, Err(CallError::HostMoved)));
    assert!(old.grants()[0].over, "what it held was given back");
    assert_eq!(new.asked(&format!("/xrpc/{PING}")), 0, "no token went to the new host");
    assert_eq!(*told.lock(), ["created", "expired"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_54_a_renewal_for_somebody_else_is_given_back() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    let session = signed_in(&client, &peer).await?;
    peer.say_sub(MALLORY);
    peer.expire_access_tokens();
    assert!(matches!(ping(&session).await, Err(CallError::Revoked)));
    assert!(peer.grants()[0].over);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_31_what_is_sealed_opens_with_its_key_and_only_with_it() -> Result<()> {
    let peer = Peer::start().await?;
    let place = tempfile::tempdir()?;
    let (sessions, _) = sessions_of(&peer, folder(place.path()));
    let client = client(sessions.clone());
    let secret = crate::client_start::browser();
    let started = client.start(at("alice.test"), &secret).await?;
    let session = client.finish(&peer.approve(&started.url), &secret).await?.session;
    // With the key it is all there, and only with the key.
    let store = folder(place.path());
    let rows = store
        .list(
            gatewright_client::sessions::RowKind::Session,
            None,
            9,
            gatewright_protocol::time::UnixTime::from_seconds(0),
        )
        .await?;
    assert_eq!(rows.len(), 1);
    let other = gatewright_client::Sessions::builder_shared(
        store,
        gatewright_client::sessions::KeyRing::new([1; 32], [9; 32]),
    )
    .build();
    assert!(other.list().await?.is_empty());
    assert!(
        matches!(other.resume(session.id()).await, Err(CallError::Store(_))),
        "and it is not deleted for that"
    );
    assert_eq!(sessions.list().await?.len(), 1);
    Ok(())
}

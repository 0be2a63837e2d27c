//! Servers that misbehave on purpose: none of them signs anybody in, and nothing panics.

use std::time::Duration;

use anyhow::Result;
use gatewright_client::{CallError, SignIn, SignInError};
use gatewright_testkit::peer::{ALICE, Fault, MALLORY, Peer};
use serde_json::json;

use crate::client_start::{at, browser, client_of, finished, ping, signed_in};

const PAR: &str = "/oauth/par";
const TOKEN: &str = "/oauth/token";

#[tokio::test]
async fn sec_08_an_answer_counts_once_in_its_browser_and_from_its_server() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    for iss in ["https://elsewhere.net", "", &format!("{}/", peer.origin())] {
        let secret = browser();
        let started = client.start(at("alice.test"), &secret).await?;
        peer.say_iss(iss);
        for query in [peer.approve(&started.url), peer.decline(&started.url)] {
            let refused = client.finish(&query, &secret).await.expect_err("the answer is another server's");
            assert!(
                matches!(refused, SignInError::WrongIssuer | SignInError::UnknownState),
                "{iss}: {refused}"
            );
        }
        peer.stop_lying();
    }
    let (secret, other) = (browser(), browser());
    let started = client.start(at("alice.test"), &secret).await?;
    let query = peer.approve(&started.url);
    for wrong in
        ["", "code=a", "state=unknown&code=a&iss=b", "state=&code=a", &query.replace("state=", "state=x")]
    {
        let refused = client.finish(wrong, &secret).await.expect_err("nothing was begun with this state");
        assert!(matches!(refused, SignInError::UnknownState), "{wrong}: {refused}");
    }
    assert!(matches!(client.finish(&query, &other).await, Err(SignInError::UnknownState)), "another browser");
    assert_eq!(peer.asked(TOKEN), 0, "no token was asked for");
    client.finish(&query, &secret).await?;
    let asked = peer.asked(TOKEN);
    assert!(matches!(client.finish(&query, &secret).await, Err(SignInError::UnknownState)), "used up");
    assert_eq!(peer.asked(TOKEN), asked);
    Ok(())
}

#[tokio::test]
async fn sec_52_metadata_that_lies_is_refused_before_anything_is_sent() -> Result<()> {
    type Lie = fn(&Peer);
    let lies: [(&str, Lie); 12] = [
        ("two authorization servers", |peer| {
            peer.change_resource(|document| {
                document["authorization_servers"] = json!(["https://a.client.net", "https://b.client.net"]);
            });
        }),
        ("another resource", |peer| {
            peer.change_resource(|document| document["resource"] = json!("https://other.client.net"));
        }),
        ("another issuer", |peer| {
            peer.change_server(|document| document["issuer"] = json!("https://other.client.net"));
        }),
        ("a slash after the issuer", |peer| {
            peer.change_server(|document| {
                document["issuer"] = json!(format!("{}/", document["issuer"].as_str().unwrap_or_default()));
            });
        }),
        ("no pushed requests", |peer| {
            peer.change_server(|document| document["require_pushed_authorization_requests"] = json!(false));
        }),
        ("no iss", |peer| {
            peer.change_server(|document| {
                document["authorization_response_iss_parameter_supported"] = json!(null);
            });
        }),
        ("no S256", |peer| {
            peer.change_server(|document| document["code_challenge_methods_supported"] = json!(["plain"]));
        }),
        ("no ES256 for proofs", |peer| {
            peer.change_server(|document| document["dpop_signing_alg_values_supported"] = json!(["RS256"]));
        }),
        ("no ES256 for assertions", |peer| {
            peer.change_server(|document| {
                document["token_endpoint_auth_signing_alg_values_supported"] = json!(["RS256"]);
            });
        }),
        ("no client documents", |peer| {
            peer.change_server(|document| document["client_id_metadata_document_supported"] = json!(false));
        }),
        ("a list that leaves this host out", |peer| {
            peer.change_server(|document| {
                document["protected_resources"] = json!(["https://other.client.net"]);
            });
        }),
        ("no object", |peer| peer.change_server(|document| *document = json!(["issuer"]))),
    ];
    for (what, lie) in lies {
        let peer = Peer::start().await?;
        let (client, _) = client_of(&peer);
        lie(&peer);
        let refused = client.start(at("alice.test"), &browser()).await.expect_err(what);
        assert!(matches!(refused, SignInError::Server(_)), "{what}: {refused}");
        assert_eq!(peer.asked(PAR), 0, "{what}");
    }
    Ok(())
}

#[tokio::test]
async fn sec_53_a_handle_that_its_account_does_not_claim_signs_nobody_in() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    peer.set_handle("bank.test", MALLORY);
    peer.change_account(MALLORY, |document| document["alsoKnownAs"] = json!(["at://mallory.test"]));
    let refused = client.start(at("bank.test"), &browser()).await.expect_err("mallory does not claim it");
    assert!(matches!(refused, SignInError::Account(_)), "{refused}");
    assert_eq!(peer.asked(PAR), 0);
    Ok(())
}

#[tokio::test]
async fn sec_54_a_server_cannot_sign_in_whom_it_does_not_speak_for() -> Result<()> {
    // Mallory's own server says that Alice, who is kept elsewhere, has signed in.
    let (home, evil) = (Peer::start().await?, Peer::start().await?);
    let (client, told) = client_of(&evil);
    evil.change_account(ALICE, |document| document["service"][0]["serviceEndpoint"] = json!(home.origin()));
    evil.say_sub(ALICE);
    // No account was named at the start, so only the look-up of the account tells.
    let refused =
        finished(&client, &evil, SignIn::at(evil.origin()).redirect_uri("http://127.0.0.1:1/callback"));
    let refused = refused.await.expect_err("the server does not speak for alice");
    assert!(refused.to_string().contains("may not"), "{refused}");
    assert!(evil.grants().iter().all(|grant| grant.over), "the token was given back");
    assert!(client.sessions().list().await?.is_empty() && told.lock().is_empty());
    Ok(())
}

#[tokio::test]
async fn sec_16_another_account_than_the_one_that_was_named_is_not_signed_in() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    peer.say_sub(MALLORY);
    let refused = finished(&client, &peer, at("alice.test")).await.expect_err("mallory came back");
    assert!(refused.to_string().contains("another than the one"), "{refused}");
    assert!(peer.grants().iter().all(|grant| grant.over), "the token was given back");
    Ok(())
}

#[tokio::test]
async fn sec_55_documents_of_accounts_that_lie_are_refused() -> Result<()> {
    type Lie = fn(&mut serde_json::Value, &str);
    let lies: [(&str, Lie); 4] = [
        ("another DID", |document, _| document["id"] = json!(MALLORY)),
        ("a host with a path", |document, origin| {
            document["service"][0]["serviceEndpoint"] = json!(format!("{origin}/path"));
        }),
        ("a host with a name in it", |document, origin| {
            document["service"][0]["serviceEndpoint"] = json!(origin.replace("//", "//name@"));
        }),
        ("no host", |document, _| document["service"] = json!([])),
    ];
    for (what, lie) in lies {
        let peer = Peer::start().await?;
        let (client, _) = client_of(&peer);
        let origin = peer.origin().to_owned();
        peer.change_account(ALICE, |document| lie(document, &origin));
        for start in ["alice.test", ALICE] {
            let refused = client.start(at(start), &browser()).await.expect_err(what);
            assert!(matches!(refused, SignInError::Account(_) | SignInError::Answer(_)), "{what}: {refused}");
        }
        assert_eq!(peer.asked(PAR), 0, "{what}");
    }
    for start in ["did:key:zabc", "did:web:a.net:path", "did:web:127.0.0.1", "not a handle", "", "https://"] {
        let peer = Peer::start().await?;
        let refused = client_of(&peer).0.start(at(start), &browser()).await.expect_err(start);
        assert!(
            matches!(refused, SignInError::Account(_) | SignInError::Identifier | SignInError::Server(_)),
            "{start}: {refused}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_nonce_with_every_answer_costs_one_more_request_each_and_nothing_else() -> Result<()> {
    let peer = Peer::start().await?;
    peer.nonce_of_each();
    let (client, _) = client_of(&peer);
    let session = signed_in(&client, &peer).await?;
    for _ in 0..3 {
        ping(&session).await?;
    }
    session.renew_now().await?;
    session.sign_out().await?;
    assert_eq!(peer.grants()[0].rotations, 1);
    assert!(peer.grants()[0].over);
    Ok(())
}

#[tokio::test]
async fn answers_that_are_wrong_late_huge_or_elsewhere_sign_nobody_in() -> Result<()> {
    for fault in [
        Fault::Answer(200, "[]"),
        Fault::Answer(200, "{}"),
        Fault::Answer(200, "not json"),
        Fault::Answer(400, r#"{"error":"invalid_request"}"#),
        Fault::Answer(418, ""),
        Fault::Huge,
        Fault::Redirect("http://localhost:1/oauth/token".to_owned()),
    ] {
        let peer = Peer::start().await?;
        let (client, told) = client_of(&peer);
        let secret = browser();
        let started = client.start(at("alice.test"), &secret).await?;
        peer.fault(TOKEN, fault.clone());
        assert!(client.finish(&peer.approve(&started.url), &secret).await.is_err(), "{fault:?}");
        assert!(client.sessions().list().await?.is_empty() && told.lock().is_empty(), "{fault:?}");
        peer.mend();
        peer.fault(PAR, fault.clone());
        assert!(client.start(at("alice.test"), &browser()).await.is_err(), "{fault:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_slow_drip_ends_in_time() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    let secret = browser();
    let started = client.start(at("alice.test"), &secret).await?;
    peer.fault(TOKEN, Fault::Drip);
    let begun = std::time::Instant::now();
    let refused = client.finish(&peer.approve(&started.url), &secret).await.expect_err("it never ends");
    assert!(matches!(refused, SignInError::Network(_)), "{refused}");
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_pushed_request_is_tried_again_with_a_new_challenge_while_the_server_is_away() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    // The first try finds out the nonce, and its second half is lost.
    peer.fault(PAR, Fault::Lost);
    peer.fault(PAR, Fault::Answer(503, "{}"));
    finished(&client, &peer, at("alice.test")).await?;
    let mut challenges: Vec<String> =
        peer.forms(PAR).into_iter().filter_map(|form| form.get("code_challenge").cloned()).collect();
    let all = challenges.len();
    challenges.sort();
    challenges.dedup();
    assert_eq!(challenges.len(), all, "no challenge is pushed twice");
    Ok(())
}

#[tokio::test]
async fn a_server_without_permission_sets_is_asked_for_what_they_stand_for() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    peer.knows_no_sets();
    let ask = at("alice.test").ask("atproto include:com.example.authNotes blob:image/*");
    let done = finished(&client, &peer, ask.clone()).await?;
    assert_eq!(done.asked.as_str(), "atproto repo:com.example.list blob:image/*");
    assert!(done.missing.is_empty(), "{:?}", done.missing);
    // One that takes the request and grants nothing for the set is noticed.
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    let done = finished(&client, &peer, ask.clone()).await?;
    assert_eq!(done.missing.as_str(), "include:com.example.authNotes");
    let done = finished(&client, &peer, ask.without_sets()).await?;
    assert!(done.missing.is_empty(), "{:?}", done.missing);
    Ok(())
}

#[tokio::test]
async fn less_than_was_asked_for_is_told_and_more_than_is_declared_is_never_asked() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    peer.grant_only("atproto repo?collection=com.example.note&action=create");
    let done = finished(&client, &peer, at("alice.test")).await?;
    assert_eq!(done.missing.as_str(), "blob:image/*");
    let refused = client.start(at("alice.test").ask("atproto transition:generic"), &browser()).await;
    assert!(matches!(refused, Err(SignInError::Undeclared { scope }) if scope == "transition:generic"));
    peer.grant_only("repo:com.example.note");
    let refused =
        finished(&client, &peer, at("alice.test")).await.expect_err("a grant without atproto is none");
    assert!(refused.to_string().contains("not understood"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn a_person_who_declines_is_told_apart_from_a_failure() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    let secret = browser();
    let started = client.start(at("alice.test"), &secret).await?;
    assert!(matches!(client.finish(&peer.decline(&started.url), &secret).await, Err(SignInError::Declined)));
    assert_eq!(peer.asked(TOKEN), 0);
    Ok(())
}

#[tokio::test]
async fn calls_are_refused_by_kind_and_no_token_follows_a_redirect() -> Result<()> {
    let peer = Peer::start().await?;
    let (client, _) = client_of(&peer);
    let session = signed_in(&client, &peer).await?;
    let path = format!("/xrpc/{}", crate::client_start::PING);
    peer.fault(&path, Fault::Redirect(format!("{}/xrpc/com.example.elsewhere", peer.origin())));
    assert!(matches!(ping(&session).await, Err(CallError::Server { status: 307 })));
    assert_eq!(peer.asked("/xrpc/com.example.elsewhere"), 0);
    peer.fault(&path, Fault::Answer(429, r#"{"error":"RateLimitExceeded"}"#));
    assert!(matches!(ping(&session).await, Err(CallError::RateLimited { .. })));
    peer.fault(&path, Fault::Answer(500, "<html>"));
    assert!(matches!(ping(&session).await, Err(CallError::Server { status: 500 })));
    peer.fault(&path, Fault::Huge);
    assert!(matches!(ping(&session).await, Err(CallError::Network(_))));
    peer.fault(&path, Fault::Broken);
    assert!(matches!(ping(&session).await, Err(CallError::Network(_))));
    peer.refuse_for(Some("repo:com.example.note?action=create"));
    let refused = ping(&session).await;
    assert!(
        matches!(&refused, Err(CallError::ScopeMissing { scope: Some(scope) }) if scope == "repo:com.example.note?action=create"),
        "{refused:?}"
    );
    peer.refuse_for(None);
    ping(&session).await?;
    assert_eq!(peer.grants()[0].rotations, 0, "nothing of this renewed the session");
    Ok(())
}

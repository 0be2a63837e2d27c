//! A token does exactly what was granted, and nothing after it was revoked.

use anyhow::Result;
use gatewright_testkit::wire::Answer;
use serde_json::{Value, json};

use crate::start::{NOTES, network, signed_in};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

fn note(did: &str, collection: &str) -> Value {
    json!({"repo": did, "collection": collection, "record": {"$type": collection, "text": "hello", "createdAt": "2026-01-01T00:00:00.000Z"}})
}

fn refused(answer: &Answer, missing: Option<&str>) {
    let body = answer.json().expect("an XRPC error is JSON");
    assert_eq!(answer.status, 403, "{body}");
    let Some(missing) = missing else {
        assert_eq!(body["error"], "Forbidden", "{body}");
        return;
    };
    assert_eq!(body["error"], "ScopeMissingError", "{body}");
    assert_eq!(body["message"], format!("Missing required scope \"{missing}\""));
    let challenge = answer.header("www-authenticate").expect("a refusal carries a challenge");
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert!(challenge.contains(&format!("scope=\"{missing}\"")), "{challenge}");
}

#[tokio::test]
async fn a_token_does_what_was_granted_and_nothing_else() -> Result<()> {
    let (network, alice, _) = network().await?;
    let host = network.url();
    let mut app = signed_in(&network, &alice, NOTES).await?;

    let created =
        app.procedure(host, "com.atproto.repo.createRecord", &note(&alice.did, "com.example.note")).await?;
    assert_eq!(created.status, 200, "{:?}", created.json());
    let uri = created.json()?["uri"].as_str().expect("a uri").to_owned();
    let key = uri.rsplit('/').next().expect("a key").to_owned();
    let blob =
        app.call("POST", &format!("{host}/xrpc/com.atproto.repo.uploadBlob"), Some("image/png"), PNG).await?;
    assert_eq!(blob.status, 200, "{:?}", blob.json());
    assert_eq!(blob.json()?["blob"]["mimeType"], "image/png");

    let mut changed = note(&alice.did, "com.example.note");
    changed["rkey"] = json!(key);
    let put = app.procedure(host, "com.atproto.repo.putRecord", &changed).await?;
    refused(&put, Some("repo:com.example.note?action=update"));
    let other =
        app.procedure(host, "com.atproto.repo.createRecord", &note(&alice.did, "com.example.other")).await?;
    refused(&other, Some("repo:com.example.other?action=create"));
    let text = app
        .call("POST", &format!("{host}/xrpc/com.atproto.repo.uploadBlob"), Some("text/plain"), b"text")
        .await?;
    refused(&text, Some("blob:text/plain"));
    let service = [("aud", "did:web:example.org#svc"), ("lxm", "com.example.get")];
    let service = app.query(host, "com.atproto.server.getServiceAuth", &service).await?;
    refused(&service, Some("rpc:com.example.get?aud=did:web:example.org%23svc"));
    for method in
        ["createAppPassword", "deactivateAccount", "requestEmailUpdate", "updateEmail", "revokeAppPassword"]
    {
        let answer = app.procedure(host, &format!("com.atproto.server.{method}"), &json!({})).await?;
        refused(&answer, None);
    }
    let handle =
        app.procedure(host, "com.atproto.identity.updateHandle", &json!({"handle": "eve.test"})).await?;
    refused(&handle, Some("identity:handle"));
    let unknown = app.query(host, "com.example.unheard.of", &[]).await?;
    assert_eq!((unknown.status, unknown.json()?["error"].as_str()), (501, Some("MethodNotImplemented")));

    let access = app.tokens.as_ref().expect("signed in").access.clone();
    let session = app.query(host, "com.atproto.server.getSession", &[]).await?;
    assert_eq!(session.status, 200);
    assert_eq!(app.revoke(&access).await?.status, 200);
    let after =
        app.procedure(host, "com.atproto.repo.createRecord", &note(&alice.did, "com.example.note")).await?;
    assert_eq!((after.status, after.json()?["error"].as_str()), (401, Some("invalid_token")));
    Ok(())
}

#[tokio::test]
async fn sec_41_writes_are_all_or_nothing() -> Result<()> {
    let (network, alice, bob) = network().await?;
    let host = network.url();
    let mut app = signed_in(&network, &alice, NOTES).await?;
    let writes = json!({"repo": alice.did, "writes": [
        {"$type": "com.atproto.repo.applyWrites#create", "collection": "com.example.note", "rkey": "one", "value": {"$type": "com.example.note"}},
        {"$type": "com.atproto.repo.applyWrites#create", "collection": "com.example.other", "rkey": "two", "value": {"$type": "com.example.other"}},
    ]});
    refused(
        &app.procedure(host, "com.atproto.repo.applyWrites", &writes).await?,
        Some("repo:com.example.other?action=create"),
    );
    let listed = app
        .query(
            host,
            "com.atproto.repo.listRecords",
            &[("repo", &alice.did), ("collection", "com.example.note")],
        )
        .await?;
    assert_eq!(listed.json()?["records"], json!([]));
    let delete = json!({"repo": alice.did, "collection": "com.example.note", "rkey": "one"});
    refused(
        &app.procedure(host, "com.atproto.repo.deleteRecord", &delete).await?,
        Some("repo:com.example.note?action=delete"),
    );
    let elsewhere =
        app.procedure(host, "com.atproto.repo.createRecord", &note(&bob.did, "com.example.note")).await?;
    assert!(matches!(elsewhere.status, 400 | 401), "{:?}", elsewhere.json());
    Ok(())
}

#[tokio::test]
async fn sec_40_identity_alone_opens_nothing() -> Result<()> {
    let (network, alice, _) = network().await?;
    let host = network.url();
    let mut app = signed_in(&network, &alice, "atproto").await?;
    let create =
        app.procedure(host, "com.atproto.repo.createRecord", &note(&alice.did, "com.example.note")).await?;
    refused(&create, Some("repo:com.example.note?action=create"));
    let session = app.query(host, "com.atproto.server.getSession", &[]).await?.json()?;
    assert_eq!(session["did"], alice.did);
    assert!(session.get("email").is_none(), "the address needs a scope: {session}");
    Ok(())
}

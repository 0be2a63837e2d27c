//! Uploading and reading blobs.

use std::time::Duration;

use gatewright_protocol::crypto::sha256;
use serde_json::json;

use super::support::{EVERYTHING, Network, refused};
use crate::operations::sweep_blobs::sweep_blobs;
use crate::repo::cid::of_blob_digest;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

#[tokio::test]
async fn an_uploaded_blob_can_be_named_listed_and_read() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let uploaded = network.upload(&did, EVERYTHING, "Image/PNG; q=1", PNG).await.ok();
    let blob = &uploaded["blob"];
    let cid = of_blob_digest(&sha256(PNG)).to_string();
    let expected =
        json!({"$type": "blob", "ref": {"$link": cid}, "mimeType": "image/png", "size": PNG.len()});
    assert_eq!(*blob, expected);

    let list = format!("/xrpc/com.atproto.sync.listBlobs?did={did}");
    assert_eq!(network.get(&list).await.ok()["cids"], json!([]), "no record names it yet");
    let body =
        json!({"repo": did, "collection": "com.example.note", "rkey": "one", "record": {"image": blob}});
    network.post_as(&did, EVERYTHING, "com.atproto.repo.createRecord", &body).await.ok();
    assert_eq!(network.get(&list).await.ok()["cids"], json!([cid]));

    let answer = network.get(&format!("/xrpc/com.atproto.sync.getBlob?did={did}&cid={cid}")).await;
    assert_eq!(answer.body, PNG);
    assert_eq!(answer.headers["content-type"], "image/png");
    assert!(answer.headers["content-disposition"].to_str().unwrap().starts_with("inline"));
    // What one account has is not another's.
    let other = network.account("bob").await.did;
    let others = network.get(&format!("/xrpc/com.atproto.sync.getBlob?did={other}&cid={cid}")).await;
    assert_eq!(others.refusal(), refused(400, "BlobNotFound"));
}

#[tokio::test]
async fn sec_42_a_page_declared_as_an_image_is_never_run() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let page = b"<!doctype html><script>alert(1)</script>";
    let uploaded = network.upload(&did, "atproto blob:image/*", "image/png", page).await.ok();
    assert_eq!(uploaded["blob"]["mimeType"], "image/png", "the declared type counts for the scope");
    let cid = uploaded["blob"]["ref"]["$link"].as_str().unwrap();
    let row = network.blob(&did, cid).await;
    assert_eq!((row.declared_type.as_str(), row.sniffed_type.as_deref()), ("image/png", Some("text/html")));

    let answer = network.get(&format!("/xrpc/com.atproto.sync.getBlob?did={did}&cid={cid}")).await;
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers["content-security-policy"], "default-src 'none'; sandbox");
    assert!(answer.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
}

#[tokio::test]
async fn what_is_declared_as_anything_is_what_it_looks_like() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    for (bytes, kind, scope, granted) in [
        (PNG, "image/png", "atproto blob:image/*", true),
        (PNG, "image/png", "atproto blob:video/*", false),
        (b"<!doctype html>".as_slice(), "text/html", "atproto blob:image/*", false),
        (b"words", "application/octet-stream", "atproto blob:image/*", false),
        (b"words", "application/octet-stream", "atproto blob:*/*", true),
    ] {
        let files = network.files();
        let answer = network.upload(&did, scope, "*/*", bytes).await;
        if granted {
            assert_eq!(answer.ok()["blob"]["mimeType"], kind);
        } else {
            assert_eq!(answer.refusal(), refused(403, "ScopeMissingError"), "{kind} under {scope}");
            let message = format!("Missing required scope \"blob:{kind}\"");
            assert_eq!(answer.json()["message"], message);
            assert_eq!(network.files(), files, "nothing is kept");
        }
    }
}

#[tokio::test]
async fn what_is_no_blob_is_refused_and_leaves_no_file() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let refusal =
        async |kind: &str, bytes: &[u8]| network.upload(&did, EVERYTHING, kind, bytes).await.refusal();
    assert_eq!(refusal("image/png", &[1; 1001]).await, refused(413, "BlobTooLarge"));
    assert_eq!(refusal("image/png", b"").await, refused(400, "InvalidRequest"));
    assert_eq!(refusal("image", b"x").await, refused(400, "InvalidRequest"));
    assert_eq!(refusal("image/*", b"x").await, refused(400, "InvalidRequest"));
    assert_eq!(network.files(), 0);
    network.upload(&did, EVERYTHING, "image/png", &[1; 1000]).await.ok();
    assert_eq!(network.files(), 1);
}

#[tokio::test]
async fn sec_72_an_upload_that_no_record_names_goes_after_a_day_with_its_file() {
    let network = Network::new();
    let (alice, bob) = (network.account("alice").await.did, network.account("bob").await.did);
    let upload = async |did, bytes: &[u8]| {
        network.upload(did, EVERYTHING, "image/png", bytes).await.ok()["blob"].clone()
    };
    let read = async |did: &str, blob: &serde_json::Value| {
        let cid = blob["ref"]["$link"].as_str().unwrap();
        network.get(&format!("/xrpc/com.atproto.sync.getBlob?did={did}&cid={cid}")).await.status.as_u16()
    };
    let [named, unnamed, shared] =
        [upload(&alice, b"named").await, upload(&alice, b"unnamed").await, upload(&alice, b"shared").await];
    let again = upload(&alice, b"again").await;
    let note = json!({"repo": alice, "collection": "com.example.note", "record": {"image": named}});
    network.post_as(&alice, EVERYTHING, "com.atproto.repo.createRecord", &note).await.ok();
    network.clock.advance(Duration::from_hours(23));
    assert_eq!(sweep_blobs(network.host.context()).await.unwrap(), 0, "they are not a day old");
    upload(&alice, b"again").await;
    upload(&bob, b"shared").await;

    network.clock.advance(Duration::from_hours(2));
    assert_eq!(network.files(), 4);
    assert_eq!(sweep_blobs(network.host.context()).await.unwrap(), 2);
    assert_eq!(sweep_blobs(network.host.context()).await.unwrap(), 0);
    assert_eq!(network.files(), 3, "bob still has what alice had too");
    for (did, blob, status) in [
        (&alice, &named, 200),
        (&alice, &unnamed, 400),
        (&alice, &shared, 400),
        (&bob, &shared, 200),
        (&alice, &again, 200),
    ] {
        assert_eq!(read(did.as_str(), blob).await, status, "{did} {blob}");
    }
    let lost = json!({"repo": alice, "collection": "com.example.note", "record": {"image": unnamed}});
    let answer = network.post_as(&alice, EVERYTHING, "com.atproto.repo.createRecord", &lost).await;
    assert_eq!(answer.refusal(), refused(400, "BlobNotFound"));
    upload(&alice, b"unnamed").await;
    network.post_as(&alice, EVERYTHING, "com.atproto.repo.createRecord", &lost).await.ok();
}

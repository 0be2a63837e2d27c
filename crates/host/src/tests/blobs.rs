//! Uploading and reading blobs.

use gatewright_protocol::crypto::sha256;
use serde_json::json;

use super::support::{EVERYTHING, Network, refused};
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

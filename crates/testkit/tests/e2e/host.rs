//! The record host as others see it: what it serves, to whom, how much of it, and what of it can be proved.

#![expect(clippy::indexing_slicing, reason = "a test that panics has failed")]

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use gatewright::dev::{Network, Options};
use gatewright_guard::table::{Kind, Row, Rule, Table};
use gatewright_protocol::crypto::PublicKey;
use gatewright_store::account::AccountStatus;
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::clock::TestClock;
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::wire::Answer;
use serde_json::{Value, json};

use crate::proof;
use crate::start::{NOTES, network, signed_in};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
const PAGE: &[u8] = b"<!doctype html><script>alert(document.domain)</script>";
const DRAWING: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";

fn note(did: &str, key: &str) -> Value {
    let record = json!({"$type": "com.example.note", "text": format!("text of {key}")});
    json!({"repo": did, "collection": "com.example.note", "rkey": key, "record": record})
}

fn error(answer: &Answer) -> (u16, String) {
    let body = answer.json().unwrap_or_default();
    (answer.status, body["error"].as_str().unwrap_or_default().to_owned())
}

/// Asks without credentials.
async fn get(app: &mut App, url: &str) -> Result<Answer> {
    app.send("GET", url, &[], &[]).await
}

#[tokio::test]
async fn sec_42_blobs_are_served_as_what_they_are_and_never_run() -> Result<()> {
    let (network, alice, _) = network().await?;
    let host = network.url();
    let mut app = signed_in(&network, &alice, "atproto blob:*/*").await?;
    for (declared, bytes, shown) in [
        ("image/png", PNG, "inline"),
        ("image/png", PAGE, "attachment"),
        ("image/svg+xml", DRAWING, "attachment"),
        ("text/html", PAGE, "attachment"),
    ] {
        let url = format!("{host}/xrpc/com.atproto.repo.uploadBlob");
        let uploaded = app.call("POST", &url, Some(declared), bytes).await?;
        assert_eq!(uploaded.status, 200, "{:?}", uploaded.json());
        let blob = uploaded.json()?["blob"].clone();
        assert_eq!((&blob["mimeType"], &blob["size"]), (&json!(declared), &json!(bytes.len())));
        let cid = blob["ref"]["$link"].as_str().context("a CID")?;
        let url = format!("{host}/xrpc/com.atproto.sync.getBlob?did={}&cid={cid}", alice.did);
        let served = get(&mut app, &url).await?;
        assert_eq!((served.status, served.body.as_slice()), (200, bytes));
        assert_eq!(served.header("content-type"), Some(declared));
        assert_eq!(served.header("x-content-type-options"), Some("nosniff"));
        let policy = served.header("content-security-policy").context("a policy")?;
        let directives: Vec<&str> = policy.split(';').map(str::trim).collect();
        assert!(directives.contains(&"sandbox") && directives.contains(&"default-src 'none'"), "{policy}");
        let disposition = served.header("content-disposition").context("a disposition")?;
        assert_eq!(disposition, format!("{shown}; filename=\"{cid}\""), "{declared}");
    }
    Ok(())
}

#[tokio::test]
async fn sec_72_a_running_network_forgets_uploads_that_no_record_named_for_a_day() -> Result<()> {
    let data = tempfile::tempdir()?;
    let clock = Arc::new(TestClock::at(1_800_000_000));
    let options =
        Options { port: 0, demo: false, clock: clock.clone(), ..Options::new(data.path().to_owned()) };
    let network = Network::start(options.clone()).await?;
    let host = network.ready().url.clone();
    let people = Person::all(&serde_json::to_value(network.ready())?);
    let alice = people.first().context("alice")?;
    let mut app = App::loopback(&host, NOTES)?.with_clock(clock.clone());
    app.sign_in(alice).await?;
    let mut urls = Vec::new();
    for bytes in [PNG, PAGE] {
        let upload = format!("{host}/xrpc/com.atproto.repo.uploadBlob");
        let blob = app.call("POST", &upload, Some("image/png"), bytes).await?.json()?["blob"].clone();
        if bytes == PNG {
            let mut named = note(&alice.did, "named");
            named["record"]["image"] = blob.clone();
            let written = app.procedure(&host, "com.atproto.repo.createRecord", &named).await?;
            assert_eq!(written.status, 200, "{:?}", written.json());
        }
        let cid = blob["ref"]["$link"].as_str().context("a CID")?;
        urls.push(format!("{host}/xrpc/com.atproto.sync.getBlob?did={}&cid={cid}", alice.did));
    }
    for url in &urls {
        assert_eq!(get(&mut app, url).await?.status, 200);
    }
    network.stop().await;

    clock.advance(Duration::from_hours(25));
    let network = Network::start(options).await?;
    assert_eq!(network.ready().url, host, "free ports are taken again");
    let mut left = 200;
    for _ in 0..100 {
        left = get(&mut app, &urls[1]).await?.status;
        if left != 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(left, 400, "nothing named it");
    assert_eq!(get(&mut app, &urls[0]).await?.status, 200, "a record names it");
    network.stop().await;
    Ok(())
}

#[tokio::test]
async fn sec_48_the_address_is_hidden_without_its_scope() -> Result<()> {
    let (network, alice, _) = network().await?;
    let address = network.ready()["accounts"][0]["email"].as_str().context("alice has an address")?;
    for (scope, shown) in [
        ("atproto", false),
        ("atproto repo:* blob:*/*", false),
        ("atproto account:repo?action=manage", false),
        ("atproto account:email", true),
    ] {
        let mut app = signed_in(&network, &alice, scope).await?;
        let answer = app.query(network.url(), "com.atproto.server.getSession", &[]).await?;
        let session = answer.json()?;
        assert_eq!((answer.status, &session["did"]), (200, &json!(alice.did)));
        assert_eq!(session.get("email"), shown.then(|| json!(address)).as_ref(), "{scope}");
        assert_eq!(String::from_utf8_lossy(&answer.body).contains(address), shown, "{scope}: {session}");
    }
    Ok(())
}

#[tokio::test]
async fn sec_49_an_account_that_may_not_act_is_refused_at_the_next_request_of_a_live_token() -> Result<()> {
    let (network, alice, bob) = network().await?;
    let host = network.url();
    let accounts = network.network().solo().accounts();
    let did = alice.did.parse()?;
    let scope = "atproto repo:com.example.note blob:*/* rpc:*?aud=did:web:example.org%23svc";
    let mut other = signed_in(&network, &bob, scope).await?;
    for (number, (status, shown)) in
        [(AccountStatus::TakenDown, "RepoTakendown"), (AccountStatus::Deactivated, "RepoDeactivated")]
            .into_iter()
            .enumerate()
    {
        let mut app = signed_in(&network, &alice, scope).await?;
        let create = "com.atproto.repo.createRecord";
        let lived = app.procedure(host, create, &note(&alice.did, &format!("before{number}"))).await?;
        assert_eq!(lived.status, 200, "{:?}", lived.json());
        let head_url = format!("{host}/xrpc/com.atproto.sync.getLatestCommit?did={}", alice.did);
        let head = get(&mut app, &head_url).await?.json()?;

        assert!(accounts.set_account_status(&did, status).await?);
        let key = format!("after{number}");
        let upload = format!("{host}/xrpc/com.atproto.repo.uploadBlob");
        let service = [("aud", "did:web:example.org#svc"), ("lxm", "com.example.get")];
        for (what, answer) in [
            ("create", app.procedure(host, create, &note(&alice.did, &key)).await?),
            ("put", app.procedure(host, "com.atproto.repo.putRecord", &note(&alice.did, &key)).await?),
            (
                "delete",
                app.procedure(host, "com.atproto.repo.deleteRecord", &note(&alice.did, "before0")).await?,
            ),
            ("upload", app.call("POST", &upload, Some("image/png"), PNG).await?),
            ("service token", app.query(host, "com.atproto.server.getServiceAuth", &service).await?),
            ("proxy", app.query(host, "app.bsky.feed.getTimeline", &[]).await?),
        ] {
            assert_eq!(error(&answer), (401, "invalid_token".to_owned()), "{what} when {status:?}");
        }
        assert!(app.refresh().await.is_err(), "its session is over");
        assert_eq!(error(&get(&mut app, &head_url).await?), (400, shown.to_owned()), "nobody sees it");
        let theirs = other.procedure(host, create, &note(&bob.did, &format!("other{number}"))).await?;
        assert_eq!(theirs.status, 200, "others go on: {:?}", theirs.json());

        assert!(accounts.set_account_status(&did, AccountStatus::Active).await?);
        assert_eq!(get(&mut app, &head_url).await?.json()?, head, "nothing was written");
        let dead = app.query(host, "com.atproto.server.getSession", &[]).await?;
        assert_eq!(error(&dead), (401, "invalid_token".to_owned()), "what was ended stays so");
    }
    Ok(())
}

#[tokio::test]
async fn a_record_is_proved_by_the_key_in_the_did_document() -> Result<()> {
    let (network, alice, bob) = network().await?;
    let host = network.url();
    let mut app = signed_in(&network, &alice, NOTES).await?;
    let mut cids = Vec::new();
    for number in 0..30 {
        let body = note(&alice.did, &format!("key{number}"));
        let written = app.procedure(host, "com.atproto.repo.createRecord", &body).await?.json()?;
        cids.push(written["cid"].as_str().context("a CID")?.to_owned());
    }
    let key = signing_key(&mut app, &network, &alice).await?;
    let others = signing_key(&mut app, &network, &bob).await?;
    for number in [0, 13, 29] {
        let (file, path) = record(&mut app, host, &alice, &format!("key{number}")).await?;
        let (cid, value) = proof::check(&file, &alice.did, &key, &path)?.context("the record is there")?;
        assert_eq!(cid, cids[number]);
        assert_eq!(value.text("$type"), Some("com.example.note"));
        assert_eq!(value.text("text"), Some(format!("text of key{number}").as_str()));
        proof::check(&file, &alice.did, &others, &path).expect_err("another account's key proves nothing");
        proof::check(&file, &bob.did, &key, &path).expect_err("it is not of another account");
        for place in (0..file.len()).step_by(7) {
            let mut spoiled = file.clone();
            spoiled[place] ^= 1;
            proof::check(&spoiled, &alice.did, &key, &path).expect_err("every byte counts");
        }
    }
    let (file, path) = record(&mut app, host, &alice, "another").await?;
    assert_eq!(proof::check(&file, &alice.did, &key, &path)?, None, "there is none, and that is proved");
    Ok(())
}

/// The key `#atproto` of the document that the PLC directory has.
async fn signing_key(app: &mut App, network: &TestNetwork, person: &Person) -> Result<PublicKey> {
    let directory = network.ready()["plc_url"].as_str().context("the ready line names the directory")?;
    let document = get(app, &format!("{directory}/{}", person.did)).await?.json()?;
    assert_eq!(document["id"], person.did);
    let services = document["service"].as_array().context("services")?;
    assert!(services.iter().any(|service| service["serviceEndpoint"] == network.url()), "{document}");
    let methods = document["verificationMethod"].as_array().context("keys")?;
    let is_atproto = |method: &&Value| method["id"].as_str().is_some_and(|id| id.ends_with("#atproto"));
    let method = methods.iter().find(is_atproto).context("a key #atproto")?;
    Ok(PublicKey::from_multikey(method["publicKeyMultibase"].as_str().context("a Multikey")?)?)
}

/// The proof of a note, and its path in the repository.
async fn record(app: &mut App, host: &str, person: &Person, key: &str) -> Result<(Vec<u8>, String)> {
    let query = format!("did={}&collection=com.example.note&rkey={key}", person.did);
    let answer = get(app, &format!("{host}/xrpc/com.atproto.sync.getRecord?{query}")).await?;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.header("content-type"), Some("application/vnd.ipld.car"));
    Ok((answer.body, format!("com.example.note/{key}")))
}

/// A method of a row.
fn method_of(row: &Row) -> String {
    match row.nsid.strip_suffix(".*") {
        Some(family) => format!("{family}.example.method"),
        None => row.nsid.to_owned(),
    }
}

/// What a method is given so that nothing but the permission is missing.
fn input(nsid: &str, did: &str) -> Value {
    match nsid {
        "com.atproto.repo.applyWrites" => {
            let create =
                json!({"$type": format!("{nsid}#create"), "collection": "com.example.note", "value": {}});
            json!({"repo": did, "writes": [create]})
        }
        _ if nsid.starts_with("com.atproto.repo.") => note(did, "key"),
        _ => json!({}),
    }
}

#[tokio::test]
async fn sec_40_identity_alone_opens_no_method_of_the_table() -> Result<()> {
    let (network, alice, _) = network().await?;
    let host = network.url();
    let mut app = signed_in(&network, &alice, "atproto").await?;
    let table = Table::atproto();
    let (mut asked, mut scoped) = (0, 0);
    for row in table.rows() {
        let nsid = method_of(row);
        let open = matches!(row.oauth, Rule::Any | Rule::Unasked) || row.admits(Kind::Nobody);
        for verb in ["GET", "POST"] {
            let url = format!("{host}/xrpc/{nsid}");
            let body = input(&nsid, &alice.did).to_string();
            let (kind, body) = match (verb, row.oauth) {
                ("GET", _) => (None, &b""[..]),
                (_, Rule::Upload) => (Some("image/png"), PNG),
                _ => (Some("application/json"), body.as_bytes()),
            };
            let answer = app.call(verb, &url, kind, body).await?;
            asked += 1;
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            if open {
                assert!(
                    answer.status < 500 || answer.status == 501,
                    "{verb} {nsid}: {} {said}",
                    answer.status
                );
                continue;
            }
            // A write that is asked for with the wrong verb is refused for that.
            if verb == "GET" && row.oauth == Rule::Body {
                assert_eq!(answer.status, 405, "{verb} {nsid}: {said}");
                continue;
            }
            scoped += 1;
            if row.admits(Kind::OAuth) {
                assert_eq!(error(&answer), (403, "ScopeMissingError".to_owned()), "{verb} {nsid}: {said}");
            } else {
                assert_eq!(error(&answer), (403, "Forbidden".to_owned()), "{verb} {nsid}: {said}");
            }
        }
    }
    assert!(asked >= 160 && scoped >= 110, "{asked} {scoped}");
    let head =
        format!("{host}/xrpc/com.atproto.repo.listRecords?repo={}&collection=com.example.note", alice.did);
    assert_eq!(get(&mut app, &head).await?.json()?["records"], json!([]), "nothing was written");
    Ok(())
}

#[tokio::test]
async fn sec_72_requests_of_one_address_are_limited() -> Result<()> {
    let clock = Arc::new(TestClock::at(1_800_000_000));
    let limited = Options { rate_limits: true, clock: clock.clone(), ..Options::new("unused".into()) };
    let change = |options: Options| Options { data: options.data, port: options.port, ..limited };
    let network = TestNetwork::start_with(change).await?;
    let mut app = App::loopback(network.url(), NOTES)?;
    let describe = format!("{}/xrpc/com.atproto.server.describeServer", network.url());
    for number in 0..3000 {
        let status = get(&mut app, &describe).await?.status;
        assert_eq!(status, 200, "{number}");
    }
    let refused = get(&mut app, &describe).await?;
    assert_eq!(error(&refused), (429, "RateLimitExceeded".to_owned()));
    assert_eq!(refused.header("ratelimit-limit"), Some("3000"));
    assert_eq!(refused.header("ratelimit-remaining"), Some("0"));
    assert_eq!(refused.header("ratelimit-policy"), Some("3000;w=300"));
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    let wait: u64 = refused.header("retry-after").context("a time to wait")?.parse()?;
    let reset: u64 = refused.header("ratelimit-reset").context("a time to come")?.parse()?;
    assert_eq!(reset, 1_800_000_000 + wait);
    clock.advance(Duration::from_secs(wait));
    assert_eq!(get(&mut app, &describe).await?.status, 200, "as was said");
    Ok(())
}

#[tokio::test]
async fn writes_are_limited_by_account_and_what_passes_the_limit_changes_nothing() -> Result<()> {
    let network = TestNetwork::start_with(|options| Options { rate_limits: true, ..options }).await?;
    let people = network.people();
    let alice = people.first().context("alice")?;
    let host = network.url();
    let mut app = signed_in(&network, alice, "atproto repo:com.example.note").await?;
    let apply = |batch: usize| {
        let write = |number: usize| {
            let kind = "com.atproto.repo.applyWrites#create";
            let key = format!("key{batch}-{number}");
            json!({"$type": kind, "collection": "com.example.note", "rkey": key, "value": {"n": number}})
        };
        json!({"repo": alice.did, "writes": (0..200).map(write).collect::<Vec<_>>()})
    };
    for batch in 0..8 {
        let answer = app.procedure(host, "com.atproto.repo.applyWrites", &apply(batch)).await?;
        assert_eq!(answer.status, 200, "{:?}", answer.json());
    }
    let head_url = format!("{host}/xrpc/com.atproto.sync.getLatestCommit?did={}", alice.did);
    let head = get(&mut app, &head_url).await?.json()?;
    let refused = app.procedure(host, "com.atproto.repo.applyWrites", &apply(8)).await?;
    assert_eq!(error(&refused), (429, "RateLimitExceeded".to_owned()), "4800 points and 600 more");
    assert_eq!(refused.header("ratelimit-policy"), Some("5000;w=3600"));
    assert_eq!(refused.header("ratelimit-remaining"), Some("200"));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(get(&mut app, &head_url).await?.json()?, head, "nothing was written");
    let small = app.procedure(host, "com.atproto.repo.createRecord", &note(&alice.did, "small")).await?;
    assert_eq!(small.status, 200, "there is room for one: {:?}", small.json());
    Ok(())
}

//! Other services: what this host's accounts call there, and what is called here with tokens that accounts signed.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::any;
use gatewright::config::services::{Service, Services, TokenAudience};
use gatewright_guard::{Guard, GuardLayer, JwksTokens, Kind, Row, Rule, ServiceCaller, ServiceTokens, Table};
use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::service_auth::{self, Expected, Proven, Recipient};
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use gatewright_resolve::{Network, Resolver};
use gatewright_store::memory::Memory;
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::stranger::Stranger;
use gatewright_testkit::wire::Answer;
use serde_json::json;

use crate::start::{network, signed_in};

const LIST: &str = "com.example.notes.list";
const ADD: &str = "com.example.notes.add";
const SERVICE_AUTH: &str = "com.atproto.server.getServiceAuth";

fn error(answer: &Answer) -> (u16, String) {
    let body = answer.json().unwrap_or_default();
    (answer.status, body["error"].as_str().unwrap_or_default().to_owned())
}

fn refused(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// What a service of these names makes of a token, by the DID document that the directory has.
async fn checked(
    app: &mut App,
    network: &TestNetwork,
    person: &Person,
    token: &str,
    recipient: &str,
    method: &str,
) -> Result<Proven> {
    let directory = network.ready()["plc_url"].as_str().context("the ready line names the directory")?;
    let document = app.send("GET", &format!("{directory}/{}", person.did), &[], &[]).await?;
    let key = DidDocument::parse(&person.did.parse()?, &document.body)?.signing_key().context("a key")?;
    let recipients = [recipient.parse::<Recipient>()?];
    let now = SystemClock.now();
    let expected = Expected { recipients: &recipients, method, without_method: false, label_key: false, now };
    let proven = service_auth::read(token, &expected)?.verify(&key)?;
    assert_eq!(proven.issuer.as_str(), person.did);
    Ok(proven)
}

async fn service_token(app: &mut App, host: &str, aud: &str, lxm: &str) -> Result<String> {
    let answer = app.query(host, SERVICE_AUTH, &[("aud", aud), ("lxm", lxm)]).await?;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    Ok(answer.json()?["token"].as_str().context("a token")?.to_owned())
}

#[tokio::test]
async fn sec_46_calls_reach_a_service_with_a_token_of_the_account_and_nothing_of_the_client() -> Result<()> {
    let (network, alice, _) = network().await?;
    let host = network.url();
    let service = Stranger::start().await?;
    let notes = service.service("notes");
    let scope = format!("atproto rpc?lxm={LIST}&lxm={ADD}&aud={}", service.audience("notes"));
    let mut app = signed_in(&network, &alice, &scope).await?;
    let access = app.tokens.as_ref().context("signed in")?.access.clone();

    let url = format!("{host}/xrpc/{LIST}?tag=a%20b&limit=5");
    let answer = app.call_through(&notes, "GET", &url, None, &[]).await?;
    assert_eq!((answer.status, answer.json()?), (200, json!({"ok": true})));
    let body = json!({"text": "Buy milk"}).to_string();
    let url = format!("{host}/xrpc/{ADD}");
    let answer = app.call_through(&notes, "POST", &url, Some("application/json"), body.as_bytes()).await?;
    assert_eq!((answer.status, answer.json()?), (200, json!({"ok": true})));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.headers("dpop-nonce").count(), 1);

    let [query, procedure] = <[_; 2]>::try_from(service.take_calls()).expect("two calls");
    assert_eq!(
        (query.method.as_str(), query.target.as_str()),
        ("GET", "/xrpc/com.example.notes.list?tag=a%20b&limit=5")
    );
    assert_eq!((procedure.method.as_str(), procedure.body.as_slice()), ("POST", body.as_bytes()));
    assert_eq!(procedure.header("content-type"), Some("application/json"));
    for (call, method) in [(&query, LIST), (&procedure, ADD)] {
        for header in ["dpop", "cookie", "atproto-proxy", "x-forwarded-for"] {
            assert_eq!(call.header(header), None, "{header}");
        }
        assert!(!format!("{:?}", call.headers).contains(&access), "{:?}", call.headers);
        let proven = checked(&mut app, &network, &alice, call.bearer()?, service.did(), method).await?;
        assert!(proven.once.is_some());
    }
    Ok(())
}

#[tokio::test]
async fn what_was_not_granted_reaches_no_service() -> Result<()> {
    let (network, alice, _) = network().await?;
    let host = network.url();
    let (service, other) = (Stranger::start().await?, Stranger::start().await?);
    let scope = format!("atproto rpc:{LIST}?aud={}", service.audience("notes"));
    let mut app = signed_in(&network, &alice, &scope).await?;
    for (to, method) in [
        (service.service("notes"), ADD),
        (service.service("bsky_appview"), LIST),
        (other.service("notes"), LIST),
    ] {
        let answer = app.call_through(&to, "GET", &format!("{host}/xrpc/{method}"), None, &[]).await?;
        assert_eq!(error(&answer), refused(403, "ScopeMissingError"), "{to} {method}");
        let missing = format!("rpc:{method}?aud={}", to.replace('%', "%25").replace('#', "%23"));
        assert_eq!(answer.json()?["missing"], missing);
    }
    let list = format!("{host}/xrpc/{LIST}");
    for (to, status, name) in [
        (service.did().to_owned(), 400, "InvalidRequest"),
        (format!("{}#notes#notes", service.did()), 400, "InvalidRequest"),
        (format!("{}#notes x", service.did()), 400, "InvalidRequest"),
        ("did:key:z6#notes".to_owned(), 400, "InvalidRequest"),
    ] {
        let answer = app.call_through(&to, "GET", &list, None, &[]).await?;
        assert_eq!(error(&answer), refused(status, name), "{to}");
    }
    let anonymous = app.send("GET", &list, &[("atproto-proxy", &service.service("notes"))], &[]).await?;
    assert_eq!(error(&anonymous), refused(401, "AuthMissing"));
    assert!(service.take_calls().is_empty() && other.take_calls().is_empty());
    Ok(())
}

#[tokio::test]
async fn sec_45_protected_methods_go_nowhere_and_this_host_does_not_call_itself() -> Result<()> {
    let (network, alice, _) = network().await?;
    let host = network.url();
    let service = Stranger::start().await?;
    let own = network.ready()["service_did"].as_str().context("a DID")?.to_owned();
    let scope = format!("atproto identity:* rpc:*?aud={} rpc:{LIST}?aud=*", service.audience("notes"));
    let mut app = signed_in(&network, &alice, &scope).await?;
    let notes = service.service("notes");
    for method in
        ["com.atproto.identity.signPlcOperation", "com.atproto.identity.requestPlcOperationSignature"]
    {
        let url = format!("{host}/xrpc/{method}");
        let answer = app.call_through(&notes, "POST", &url, Some("application/json"), b"{}").await?;
        assert_eq!(error(&answer), refused(400, "InvalidToken"), "{method}");
    }
    // What is answered here is answered here.
    let session = format!("{host}/xrpc/com.atproto.server.getSession");
    let answer = app.call_through(&notes, "GET", &session, None, &[]).await?;
    assert_eq!(answer.json()?["did"], alice.did);
    for method in ["com.atproto.server.updateEmail", "com.atproto.server.getSession"] {
        let asked = [("aud", notes.as_str()), ("lxm", method)];
        let answer = app.query(host, SERVICE_AUTH, &asked).await?;
        assert_eq!(error(&answer), refused(400, "InvalidRequest"), "{method}");
    }
    let list = format!("{host}/xrpc/{LIST}");
    let answer = app.call_through(&format!("{own}#atproto_pds"), "GET", &list, None, &[]).await?;
    assert_eq!(error(&answer), refused(400, "InvalidRequest"), "itself");
    assert!(service.take_calls().is_empty());
    Ok(())
}

#[tokio::test]
async fn calls_that_name_no_service_go_to_those_of_the_configuration() -> Result<()> {
    let (view, reports) = (Stranger::start().await?, Stranger::start().await?);
    let known = |service: &Stranger| {
        Some(Service { url: service.origin().to_owned(), did: service.did().to_owned() })
    };
    let services = Services {
        token_audience: TokenAudience::Service,
        app_view: known(&view),
        report: known(&reports),
        moderation: None,
    };
    let network = TestNetwork::start_with(|mut options| {
        options.services = services;
        options
    })
    .await?;
    let people = network.people();
    let alice = people.first().context("alice")?;
    let mut app = signed_in(&network, alice, "atproto transition:generic").await?;
    let host = network.url();
    let timeline = app.query(host, "app.bsky.feed.getTimeline", &[("limit", "1")]).await?;
    assert_eq!(timeline.json()?, json!({"ok": true}));
    let report = json!({"reasonType": "spam", "subject": {}});
    let answer = app.procedure(host, "com.atproto.moderation.createReport", &report).await?;
    assert_eq!(answer.json()?, json!({"ok": true}));
    let ozone = app.query(host, "tools.ozone.team.listMembers", &[]).await?;
    assert_eq!(error(&ozone), refused(501, "MethodNotImplemented"));
    let chat = app.query(host, "chat.bsky.convo.getLog", &[]).await?;
    assert_eq!(error(&chat), refused(403, "ScopeMissingError"));

    let [call] = <[_; 1]>::try_from(view.take_calls()).expect("one call");
    assert_eq!(call.target, "/xrpc/app.bsky.feed.getTimeline?limit=1");
    let recipient = view.service("bsky_appview");
    checked(&mut app, &network, alice, call.bearer()?, &recipient, "app.bsky.feed.getTimeline").await?;
    let [call] = <[_; 1]>::try_from(reports.take_calls()).expect("one call");
    assert_eq!(call.body, report.to_string().into_bytes());
    let recipient = reports.service("atproto_labeler");
    let method = "com.atproto.moderation.createReport";
    checked(&mut app, &network, alice, call.bearer()?, &recipient, method).await?;
    Ok(())
}

/// An API of ours on an origin of its own: two methods that are called with service tokens.
async fn notes_api(network: &TestNetwork) -> Result<Stranger> {
    let directory =
        network.ready()["plc_url"].as_str().context("the ready line names the directory")?.to_owned();
    let issuer = network.url().to_owned();
    Stranger::start_with(|origin, did| {
        let clock = Arc::new(SystemClock);
        let resolver = Resolver::builder(clock.clone())
            .network(Network::Development(Arc::new(())))
            .plc_url(directory.parse()?)
            .build();
        let rows =
            [LIST, ADD].map(|nsid| Row::new(nsid, &[Kind::ServiceToken], Rule::Forbidden).answered_here());
        let keys = resolver.jwks(format!("{issuer}/oauth/jwks").parse()?);
        let guard = Guard::builder(&origin.parse()?, did.parse()?, JwksTokens::new(keys))
            .issuer(&issuer)
            .table(Table::new(rows))
            .service_tokens(
                ServiceTokens::new(resolver)
                    .recipient(did.parse()?)
                    .recipient(format!("{did}#notes").parse()?),
            )
            .build(Arc::new(Nonces::new(random_bytes(&SystemRandom))), Arc::new(Memory::new()), clock);
        Ok(Router::new()
            .route("/xrpc/{method}", any(async |caller: ServiceCaller| caller.issuer.to_string()))
            .layer(GuardLayer::new(guard)))
    })
    .await
}

#[tokio::test]
async fn a_guarded_api_takes_tokens_that_an_account_asked_for_and_calls_that_went_on() -> Result<()> {
    let (network, alice, bob) = network().await?;
    let host = network.url();
    let api = notes_api(&network).await?;
    let scope = format!("atproto rpc:*?aud={}", api.audience("notes"));
    let mut app = signed_in(&network, &alice, &scope).await?;
    let notes = api.service("notes");

    let token = service_token(&mut app, host, &notes, ADD).await?;
    checked(&mut app, &network, &alice, &token, &notes, ADD).await?;
    let bearer = format!("Bearer {token}");
    let url = format!("{}/xrpc/{ADD}", api.origin());
    let answer = app.send("POST", &url, &[("authorization", &bearer)], b"{}").await?;
    assert_eq!((answer.status, answer.body.as_slice()), (200, alice.did.as_bytes()));
    let again = app.send("POST", &url, &[("authorization", &bearer)], b"{}").await?;
    assert_eq!(error(&again), refused(401, "BadJwt"), "once");
    let list = format!("{}/xrpc/{LIST}", api.origin());
    let other = app.send("GET", &list, &[("authorization", &bearer)], &[]).await?;
    assert_eq!(error(&other), refused(401, "BadJwtLexiconMethod"));
    let missing = app.send("GET", &list, &[], &[]).await?;
    assert_eq!(error(&missing), refused(401, "MissingJwt"));
    let access = format!("Bearer {}", app.tokens.as_ref().context("signed in")?.access);
    let answer = app.send("GET", &list, &[("authorization", &access)], &[]).await?;
    assert_eq!(error(&answer), refused(401, "BadJwtType"), "an access token is none (SEC-50)");

    let answer = app.call_through(&notes, "GET", &format!("{host}/xrpc/{LIST}"), None, &[]).await?;
    assert_eq!((answer.status, answer.body.as_slice()), (200, alice.did.as_bytes()));
    let mut his = signed_in(&network, &bob, &scope).await?;
    let answer = his.call_through(&notes, "GET", &format!("{host}/xrpc/{LIST}"), None, &[]).await?;
    assert_eq!(answer.body, bob.did.as_bytes());

    // A DID without a service is another recipient: only a permission for every service covers it (SC-15).
    let asked = [("aud", api.did()), ("lxm", ADD)];
    let bare = app.query(host, SERVICE_AUTH, &asked).await?;
    assert_eq!(error(&bare), refused(403, "ScopeMissingError"));
    let why = bare.json()?["considered"].to_string();
    assert!(why.contains("did#serviceId") && why.contains(api.did()), "{why}");
    let mut wide = signed_in(&network, &alice, &format!("atproto rpc:{ADD}?aud=*")).await?;
    service_token(&mut wide, host, api.did(), ADD).await?;
    Ok(())
}

#[tokio::test]
async fn sec_50_a_service_token_opens_its_method_here_and_no_session() -> Result<()> {
    let (network, alice, _) = network().await?;
    let host = network.url();
    let own = network.ready()["service_did"].as_str().context("a DID")?.to_owned();
    let upload = "com.atproto.repo.uploadBlob";
    let session = "com.atproto.server.getSession";
    let mut app = signed_in(&network, &alice, &format!("atproto rpc:{upload}?aud=*")).await?;
    let url = format!("{host}/xrpc/{upload}");
    for aud in [own.clone(), format!("{own}#atproto_pds")] {
        let bearer = format!("Bearer {}", service_token(&mut app, host, &aud, upload).await?);
        let headers = [("authorization", bearer.as_str()), ("content-type", "video/mp4")];
        let uploaded = app.send("POST", &url, &headers, b"video").await?;
        assert_eq!(uploaded.status, 200, "{:?}", uploaded.json());
        assert_eq!(uploaded.json()?["blob"]["mimeType"], "video/mp4");
        let again = app.send("POST", &url, &headers, b"video").await?;
        assert_eq!(error(&again), refused(401, "BadJwt"), "once");
        let headers = [("authorization", bearer.as_str())];
        let answer = app.send("GET", &format!("{host}/xrpc/{session}"), &headers, &[]).await?;
        assert_eq!(error(&answer), refused(400, "InvalidToken"), "it is no session");
        let create = format!("{host}/xrpc/com.atproto.repo.createRecord");
        let answer = app.send("POST", &create, &headers, b"{}").await?;
        assert_eq!(error(&answer), refused(400, "InvalidToken"));
    }
    let elsewhere = service_token(&mut app, host, "did:web:other.example.org", upload).await?;
    let bearer = format!("Bearer {elsewhere}");
    let answer = app.send("POST", &url, &[("authorization", &bearer)], b"video").await?;
    assert_eq!(error(&answer), refused(401, "BadJwtAudience"));
    Ok(())
}

use std::io::Write as _;

use super::*;
use crate::dns::DnsError;
use crate::test_host::{Reply, TestHost, World};

const URL: &str = "https://app.client.net/document.json";

async fn world() -> (World, TestHost) {
    let world = World::new();
    let host = world.host("app.client.net").await;
    (world, host)
}

async fn get(world: &World, url: &str) -> Result<Document, FetchError> {
    let url: Url = url.parse().unwrap();
    world.resolver.fetcher().get(Get::json(&url)).await
}

async fn answered(reply: Reply) -> Result<Document, FetchError> {
    let (world, host) = world().await;
    host.set("/document.json", reply);
    get(&world, URL).await
}

#[tokio::test]
async fn a_document_is_fetched() {
    let document = answered(Reply::json("{}").header("cache-control", "public, max-age=60")).await.unwrap();
    assert_eq!(&document.bytes[..], b"{}");
    assert_eq!(document.max_age, Some(Duration::from_mins(1)));
    let document =
        answered(Reply::json("{}").header("content-type", "Application/JSON; charset=utf-8")).await.unwrap();
    assert_eq!(document.max_age, None);
    let document = answered(Reply::json("{}").header("cache-control", "no-store, max-age=60")).await.unwrap();
    assert_eq!(document.max_age, Some(Duration::ZERO));
}

#[tokio::test]
async fn sec_51_answers_that_are_refused() {
    for (what, reply, expected) in [
        ("redirect", Reply::redirect("https://app.client.net/other"), FetchError::Redirected),
        ("404", Reply::new(404, "secret words"), FetchError::Status(404)),
        ("204", Reply::new(204, ""), FetchError::Status(204)),
        ("HTML", Reply::json("{}").header("content-type", "text/html"), FetchError::ContentType),
        ("no type", Reply::new(200, "{}"), FetchError::ContentType),
        ("over the cap", Reply::json("x".repeat(MOST_BYTES + 1)), FetchError::TooLarge),
        (
            "said to be over the cap",
            Reply::json("{}").header("content-length", "9999999"),
            FetchError::TooLarge,
        ),
        ("slow drip", Reply::json("{}").dripping(), FetchError::TimedOut),
        ("cut off", Reply::json("{}").header("content-length", "10"), FetchError::Broken),
    ] {
        let error = answered(reply).await.unwrap_err();
        assert_eq!(error, expected, "{what}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{what}");
    }
    assert!(answered(Reply::json("x".repeat(MOST_BYTES))).await.is_ok(), "up to the cap");
}

#[tokio::test]
async fn sec_51_a_gzip_bomb_is_counted_after_decompression() {
    let gzip = |length: usize| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&vec![b' '; length]).unwrap();
        gzip.finish().unwrap()
    };
    let bomb = gzip(64 << 20);
    assert!(bomb.len() < MOST_BYTES, "small on the wire");
    let reply = |body: Vec<u8>| {
        Reply::new(200, body).header("content-type", "application/json").header("content-encoding", "gzip")
    };
    assert_eq!(answered(reply(bomb)).await.unwrap_err(), FetchError::TooLarge);
    assert_eq!(answered(reply(gzip(1000))).await.unwrap().bytes.len(), 1000);
}

#[tokio::test]
async fn sec_47_a_name_that_leads_to_a_private_address_is_not_dialled() {
    let (world, host) = world().await;
    host.set("/document.json", Reply::json("{}"));
    for private in [
        "127.0.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:10.0.0.1",
        "100.64.0.1",
        "64:ff9b::7f00:1",
        "10.1.2.3",
        "fd00::1",
        "0.0.0.0",
    ] {
        let private = private.parse().unwrap();
        world.names.set_addresses("app.client.net", &[private]);
        assert_eq!(get(&world, URL).await.unwrap_err(), FetchError::NotPublic, "{private}");
        world.names.set_addresses("app.client.net", &["9.9.9.9".parse().unwrap(), private]);
        assert_eq!(
            get(&world, URL).await.unwrap_err(),
            FetchError::NotPublic,
            "{private} beside a public one"
        );
    }
    assert_eq!(host.requests(), 0);
    world.names.set_addresses("app.client.net", &["9.9.9.9".parse().unwrap()]);
    assert!(get(&world, URL).await.is_ok());
}

/// There is one lookup and it is the one that is dialled: an answer that changes in between changes nothing.
#[tokio::test]
async fn sec_47_rebinding_between_check_and_connect_finds_no_second_lookup() {
    let (world, host) = world().await;
    host.set("/document.json", Reply::json("{}"));
    get(&world, URL).await.unwrap();
    assert_eq!(world.names.lookups(), 1, "one lookup for check and connection together");
    world.names.set_addresses("app.client.net", &["127.0.0.1".parse().unwrap()]);
    assert_eq!(
        get(&world, URL).await.unwrap_err(),
        FetchError::NotPublic,
        "the next connection is checked anew"
    );
    assert_eq!((world.names.lookups(), host.requests()), (2, 1));
}

/// The same through the real stack, where addresses are dialled and not scripted.
#[tokio::test]
async fn sec_47_the_real_client_does_not_dial_private_addresses() {
    #[derive(Debug)]
    struct Rebinding;
    #[async_trait::async_trait]
    impl Dns for Rebinding {
        async fn txt(&self, _: &str) -> Result<Vec<String>, DnsError> {
            Ok(Vec::new())
        }
        async fn addresses(&self, _: &str) -> Result<Vec<std::net::IpAddr>, DnsError> {
            Ok(vec!["127.0.0.1".parse().unwrap()])
        }
    }
    let fetcher = Fetcher::new(Arc::new(Rebinding), Development::Refused, TIMEOUT);
    let url = URL.parse().unwrap();
    match fetcher.get(Get::json(&url)).await.unwrap_err() {
        FetchError::NotPublic | FetchError::NoRootCertificates => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn names_that_lead_nowhere() {
    let world = World::new();
    assert_eq!(get(&world, URL).await.unwrap_err(), FetchError::Lookup);
    world.names.set_failing(true);
    assert_eq!(get(&world, URL).await.unwrap_err(), FetchError::Lookup);
    world.names.set_failing(false);
    let host = world.host("app.client.net").await;
    world.names.set_server("app.client.net", ([127, 0, 0, 1], 1).into());
    assert_eq!(get(&world, URL).await.unwrap_err(), FetchError::Connect);
    drop(host);
}

#[tokio::test]
async fn redirects_are_counted_and_each_is_checked() {
    let (world, host) = world().await;
    let elsewhere = world.host("other.client.net").await;
    elsewhere.set("/end", Reply::json("{}"));
    world.names.set_addresses("inside.client.net", &["10.0.0.1".parse().unwrap()]);
    let follow = async |redirects: u8| {
        let url = URL.parse().unwrap();
        world
            .resolver
            .fetcher()
            .get(Get { redirects, ..Get::json(&url) })
            .await
            .map(|document| document.bytes.len())
    };

    host.set("/document.json", Reply::redirect("/one"));
    host.set("/one", Reply::redirect("https://other.client.net/end"));
    assert_eq!(follow(2).await, Ok(2));
    assert_eq!(follow(1).await, Err(FetchError::Redirected));

    for (to, expected) in [
        ("https://inside.client.net/", FetchError::NotPublic),
        ("http://other.client.net/end", FetchError::Redirected),
        ("https://10.0.0.1/", FetchError::Url("its host is an address")),
        ("https://localhost/", FetchError::Url("its host has a single label")),
        ("https://other.client.net:8443/", FetchError::Url("it names a port")),
        ("/document.json", FetchError::Redirected),
    ] {
        host.set("/document.json", Reply::redirect(to));
        assert_eq!(follow(3).await, Err(expected), "{to}");
    }
}

#[tokio::test]
async fn a_request_gets_any_answer_and_follows_no_redirect() {
    let (world, host) = world().await;
    host.set("/token", Reply::new(400, "{\"error\":\"x\"}").header("dpop-nonce", "n"));
    let url: Url = "https://app.client.net/token".parse().unwrap();
    let request = || Request {
        method: Method::POST,
        url: &url,
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"a=b"),
        most: 20,
    };
    let fetcher = world.resolver.fetcher();
    let answer = fetcher.send(request(), None).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["dpop-nonce"]),
        (400, &HeaderValue::from_static("n"))
    );
    assert_eq!(&answer.body[..], b"{\"error\":\"x\"}");
    assert_eq!(format!("{answer:?}"), "Answer(400 Bad Request, 13 bytes)");
    host.set("/token", Reply::redirect("https://app.client.net/other"));
    assert_eq!(fetcher.send(request(), None).await.unwrap().status, 302);
    host.set("/token", Reply::new(200, "x".repeat(21)));
    assert_eq!(fetcher.send(request(), None).await.unwrap_err(), FetchError::TooLarge);
}

/// What a development network lets through, dialled for real.
#[tokio::test]
async fn development_reaches_this_machine_and_production_does_not() {
    let host = TestHost::start().await;
    host.set("/a", Reply::json("{}"));
    let port = host.socket.port();
    for (development, expected) in [(Development::Allowed, true), (Development::Refused, false)] {
        let fetcher = Fetcher::new(Arc::new(crate::testing::Scripted::new()), development, TIMEOUT);
        for name in ["localhost", "127.0.0.1"] {
            let url = format!("http://{name}:{port}/a").parse().unwrap();
            assert_eq!(fetcher.get(Get::json(&url)).await.is_ok(), expected, "{name} {development:?}");
        }
    }
    assert_eq!(host.requests(), 2);
}

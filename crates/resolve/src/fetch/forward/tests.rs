use std::io::Write as _;
use std::sync::Arc;

use futures::stream;
use gatewright_protocol::syntax::Development;
use http::HeaderValue;

use super::*;
use crate::test_host::{Reply, TestHost, World};

const URL: &str = "https://api.service.net/xrpc/com.example.get";
const LIMITS: ForwardLimits =
    ForwardLimits { head: Duration::from_millis(600), body: Duration::from_millis(600), most: 1000 };

async fn world() -> (World, TestHost) {
    let world = World::new();
    let host = world.host("api.service.net").await;
    (world, host)
}

fn call(url: &Url) -> Forward<'_> {
    Forward {
        method: Method::GET,
        url,
        headers: HeaderMap::new(),
        body: None,
        rules: UrlRules::STRICT,
        peer: Peer::of_account(&"did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap()),
        limits: LIMITS,
    }
}

fn body(pieces: &[&'static str]) -> Pieces {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
    stream::iter(pieces).boxed()
}

/// Forwards, and reads all of the answer.
async fn forward(world: &World, url: &str) -> Result<(u16, HeaderMap, Vec<u8>), FetchError> {
    let url = url.parse().unwrap();
    read(world.resolver.fetcher().forward(call(&url)).await?).await
}

async fn read(mut answer: Forwarded) -> Result<(u16, HeaderMap, Vec<u8>), FetchError> {
    let mut whole = Vec::new();
    while let Some(piece) = answer.body.next().await {
        whole.extend_from_slice(&piece?);
    }
    Ok((answer.status.as_u16(), answer.headers, whole))
}

#[tokio::test]
async fn any_answer_is_passed_on_as_it_is() {
    let (world, host) = world().await;
    let path = "/xrpc/com.example.get";
    host.set(path, Reply::new(400, "{\"error\":\"Odd\"}").header("x-own", "1"));
    let (status, headers, whole) = forward(&world, URL).await.unwrap();
    assert_eq!((status, &whole[..]), (400, &b"{\"error\":\"Odd\"}"[..]));
    assert_eq!(headers["x-own"], "1");

    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&[b' '; 5000]).unwrap();
    let gzip = gzip.finish().unwrap();
    host.set(path, Reply::new(200, gzip.clone()).header("content-encoding", "gzip"));
    let (_, headers, whole) = forward(&world, URL).await.unwrap();
    assert_eq!((headers["content-encoding"].to_str().unwrap(), whole), ("gzip", gzip));
}

#[tokio::test]
async fn a_call_has_the_headers_that_it_was_given_and_its_body() {
    let (world, host) = world().await;
    let url: Url = URL.parse().unwrap();
    host.set(url.path(), Reply::json("{}"));
    let mut given = call(&url);
    given.method = Method::POST;
    given.headers.insert("x-own", HeaderValue::from_static("1"));
    given.headers.insert("content-length", HeaderValue::from_static("6"));
    given.body = Some(body(&["abc", "def"]));
    read(world.resolver.fetcher().forward(given).await.unwrap()).await.unwrap();
    let (head, whole) = host.last();
    assert_eq!(whole, b"abcdef");
    let mut lines: Vec<&str> =
        head.trim_end().lines().filter(|line| !line.starts_with("user-agent: gatewright/")).collect();
    lines.sort_unstable();
    let expected = [
        "POST /xrpc/com.example.get HTTP/1.1",
        "accept: */*",
        "content-length: 6",
        "host: api.service.net",
        "x-own: 1",
    ];
    assert_eq!(lines, expected);

    // A length that nobody announced.
    let mut given = call(&url);
    given.method = Method::POST;
    given.body = Some(body(&["abc"]));
    read(world.resolver.fetcher().forward(given).await.unwrap()).await.unwrap();
    assert_eq!(host.last().1, b"3\r\nabc\r\n0\r\n\r\n");
}

#[tokio::test]
async fn what_is_too_large_too_slow_or_elsewhere_is_not_passed_on() {
    let (world, host) = world().await;
    let path = "/xrpc/com.example.get";
    for (what, reply, expected) in [
        ("redirect", Reply::redirect("https://api.service.net/other"), FetchError::Redirected),
        ("said to be too large", Reply::json("{}").header("content-length", "1001"), FetchError::TooLarge),
        ("too large", Reply::json("x".repeat(1001)), FetchError::TooLarge),
        ("cut off", Reply::json("{}").header("content-length", "10"), FetchError::Broken),
        ("slow drip", Reply::json("{}").dripping(), FetchError::TimedOut),
        ("no answer", Reply::silent(), FetchError::TimedOut),
    ] {
        host.set(path, reply);
        assert_eq!(forward(&world, URL).await.unwrap_err(), expected, "{what}");
    }
    host.set(path, Reply::json("x".repeat(1000)));
    assert_eq!(forward(&world, URL).await.unwrap().2.len(), 1000, "up to the limit");

    // A body that never ends its own call.
    let url: Url = URL.parse().unwrap();
    let mut stuck = call(&url);
    stuck.method = Method::POST;
    stuck.body = Some(stream::pending().boxed());
    assert_eq!(world.resolver.fetcher().forward(stuck).await.unwrap_err(), FetchError::TimedOut);
    let mut broken = call(&url);
    broken.method = Method::POST;
    broken.body = Some(stream::iter([Ok(Bytes::from_static(b"abc")), Err(Interrupted)]).boxed());
    assert_eq!(world.resolver.fetcher().forward(broken).await.unwrap_err(), FetchError::Broken);
}

#[tokio::test]
async fn sec_47_a_call_is_not_dialled_into_private_networks() {
    let (world, host) = world().await;
    host.set("/xrpc/com.example.get", Reply::json("{}"));
    for private in [
        "127.0.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:10.0.0.1",
        "100.64.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "10.1.2.3",
        "fd00::1",
    ] {
        let private: std::net::IpAddr = private.parse().unwrap();
        world.names.set_addresses("api.service.net", &[private]);
        assert_eq!(forward(&world, URL).await.unwrap_err(), FetchError::NotPublic, "{private}");
        world.names.set_addresses("api.service.net", &["9.9.9.9".parse().unwrap(), private]);
        assert_eq!(
            forward(&world, URL).await.unwrap_err(),
            FetchError::NotPublic,
            "{private} beside another"
        );
    }
    for url in [
        "http://api.service.net/xrpc/com.example.get",
        "https://api.service.net:8443/xrpc/com.example.get",
        "https://127.0.0.1/xrpc/com.example.get",
        "https://[::ffff:10.0.0.1]/xrpc/com.example.get",
        "https://2130706433/xrpc/com.example.get",
        "https://localhost/xrpc/com.example.get",
        "https://name@api.service.net/xrpc/com.example.get",
        "https://intranet/xrpc/com.example.get",
        "http://localhost:2583/xrpc/com.example.get",
    ] {
        assert!(matches!(forward(&world, url).await.unwrap_err(), FetchError::Url(_)), "{url}");
    }
    assert_eq!(host.requests(), 0);
    world.names.set_addresses("api.service.net", &["9.9.9.9".parse().unwrap()]);
    assert!(forward(&world, URL).await.is_ok());
}

/// One lookup serves the check and the connection: an answer that changes in between changes nothing.
#[tokio::test]
async fn sec_47_rebinding_between_check_and_connect_finds_no_second_lookup_for_a_call() {
    let (world, host) = world().await;
    host.set("/xrpc/com.example.get", Reply::json("{}"));
    forward(&world, URL).await.unwrap();
    assert_eq!(world.names.lookups(), 1);
    world.names.set_addresses("api.service.net", &["127.0.0.1".parse().unwrap()]);
    assert_eq!(forward(&world, URL).await.unwrap_err(), FetchError::NotPublic);
    assert_eq!((world.names.lookups(), host.requests()), (2, 1));
}

#[tokio::test]
async fn sec_72_calls_of_one_account_take_a_bounded_number_of_places_and_none_of_documents() {
    let (world, host) = world().await;
    host.set("/xrpc/com.example.get", Reply::silent());
    host.set("/document.json", Reply::json("{}"));
    let url: Url = URL.parse().unwrap();
    let patient = ForwardLimits { head: Duration::from_secs(30), ..LIMITS };
    let fetcher = world.resolver.fetcher();
    let mut held = Vec::new();
    for _ in 0..32 {
        held.push(Box::pin(fetcher.forward(Forward { limits: patient, ..call(&url) })));
    }
    let all = futures::future::join_all(held.iter_mut());
    assert!(tokio::time::timeout(Duration::from_millis(50), all).await.is_err(), "nothing is answered");
    assert_eq!(fetcher.forward(call(&url)).await.unwrap_err(), FetchError::Busy, "one more of this account");
    let document = "https://api.service.net/document.json".parse().unwrap();
    assert!(fetcher.get(crate::fetch::Get::json(&document)).await.is_ok(), "documents are fetched");
    drop(held);
    host.set("/xrpc/com.example.get", Reply::json("{}"));
    assert!(fetcher.forward(call(&url)).await.is_ok(), "whoever gives up makes room");
}

/// What a development network lets through, dialled for real.
#[tokio::test]
async fn development_forwards_to_this_machine_and_production_does_not() {
    let host = TestHost::start().await;
    host.set("/xrpc/com.example.get", Reply::json("{}"));
    for (development, expected) in [(Development::Allowed, true), (Development::Refused, false)] {
        let fetcher = Fetcher::new(Arc::new(crate::testing::Scripted::new()), development, LIMITS.head);
        for name in ["localhost", "127.0.0.1"] {
            let url = format!("http://{name}:{}/xrpc/com.example.get", host.socket.port()).parse().unwrap();
            assert_eq!(fetcher.forward(call(&url)).await.is_ok(), expected, "{name} {development:?}");
        }
    }
    assert_eq!(host.requests(), 2);
}

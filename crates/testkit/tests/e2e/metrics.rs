//! What an operator's monitoring reads.

use anyhow::{Context as _, Result};
use gatewright_testkit::app::App;
use gatewright_testkit::form::Browser;
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::wire::Connection;

/// The figure of this line; none if it is not there.
fn figure(page: &str, line: &str) -> Option<f64> {
    page.lines().find_map(|one| one.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_counted_and_nobody_is_named() -> Result<()> {
    let network = TestNetwork::start().await?;
    let alice = network.people().into_iter().next().context("a network starts with two accounts")?;
    let mut app = App::loopback(network.url(), "atproto repo:com.example.note?action=create")?;
    app.sign_in(&alice).await?;
    app.refresh().await?;
    let refused =
        app.procedure(network.url(), "com.atproto.identity.updateHandle", &serde_json::json!({})).await?;
    assert!(matches!(refused.status, 400 | 403), "{refused:?}");
    let pushed = app.push(&[]).await?;
    let wrong = Browser::new()
        .sign_in_and(&app.authorize_url(&pushed.request_uri), &alice.handle, "not this one", "approve")
        .await;
    assert!(wrong.is_err());
    let address = std::net::SocketAddr::from((
        [127, 0, 0, 1],
        url::Url::parse(network.url())?.port().context("a port")?,
    ));
    let mut connection = Connection::open(address).await?;
    for path in ["/no/such/path", "/another", "/xrpc/com.example.unknown"] {
        connection.send("GET", path, &[], &[]).await?;
    }
    let answer = connection.send("GET", "/metrics", &[], &[]).await?;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let page = String::from_utf8(answer.body)?;
    for (line, at_least) in [
        ("gatewright_sessions_begun_total{kind=\"oauth\"}", 1.0),
        ("gatewright_sessions_refreshed_total{kind=\"oauth\"}", 1.0),
        ("gatewright_passwords_total{outcome=\"right\"}", 1.0),
        ("gatewright_passwords_total{outcome=\"wrong\"}", 1.0),
        ("gatewright_http_requests_total{route=\"/oauth/par\",method=\"POST\",status=\"201\"}", 2.0),
        ("gatewright_http_requests_total{route=\"none\",method=\"GET\",status=\"404\"}", 2.0),
        ("gatewright_http_request_seconds_count{route=\"/oauth/token\"}", 2.0),
        ("gatewright_http_connections", 1.0),
        ("process_resident_memory_bytes", 1e6),
    ] {
        let found = figure(&page, line).with_context(|| format!("{line} is not in\n{page}"))?;
        assert!(found >= at_least, "{line} {found}");
    }
    assert!(page.contains("gatewright_refused_total{by=\"oauth\",error=\"use_dpop_nonce\"}"), "{page}");
    for named in [&alice.did, &alice.handle, &app.client_id] {
        assert!(!page.contains(named.as_str()), "{named} is named");
    }
    Ok(())
}

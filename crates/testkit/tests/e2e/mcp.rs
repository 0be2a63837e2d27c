//! The MCP server: everybody gets their own answer, jq programs end, and what is not taken is refused before it is sent.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures::future::join_all;
use gatewright_mcp::select::Selector;
use gatewright_protocol::syntax::Did;
use gatewright_testkit::app::Person;
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::program;
use gatewright_testkit::wire::Connection;
use serde_json::{Value, json};
use url::Url;

const PEOPLE: usize = 50;
const CALLS: usize = 2000;
/// Connections, and MCP sessions: each carries everybody's calls.
const SHARED: usize = 8;

/// A person and their app password.
fn people(network: &TestNetwork) -> Vec<(Person, String)> {
    let passwords = network.ready()["accounts"].as_array().cloned().unwrap_or_default();
    let passwords = passwords.into_iter().map(|a| a["app_password"].as_str().unwrap_or_default().to_owned());
    network.people().into_iter().zip(passwords).collect()
}

fn address(network: &TestNetwork) -> Result<SocketAddr> {
    let url: Url = network.ready()["mcp_url"].as_str().context("there is an MCP server")?.parse()?;
    Ok(SocketAddr::from(([127, 0, 0, 1], url.port().context("it has a port")?)))
}

/// One message, and what stands in the answer, be it JSON or an event.
async fn send(
    connection: &mut Connection,
    session: Option<&str>,
    headers: &[(&str, &str)],
    message: &Value,
) -> Result<(Value, Option<String>)> {
    let mut all = vec![
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2025-06-18"),
    ];
    all.extend(session.map(|session| ("mcp-session-id", session)));
    all.extend_from_slice(headers);
    let answer = connection.send("POST", "/mcp", &all, message.to_string().as_bytes()).await?;
    ensure!(matches!(answer.status, 200 | 202), answer.unexpected("the message was refused"));
    let session = answer.header("mcp-session-id").map(str::to_owned);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let data = text
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(str::trim)
        .rfind(|line| !line.is_empty());
    let json = serde_json::from_str(data.unwrap_or(&text)).unwrap_or(Value::Null);
    Ok((json, session))
}

/// A new MCP session on this connection, begun by nobody in particular.
async fn begin(connection: &mut Connection) -> Result<String> {
    let message = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
        },
    });
    let (answer, session) = send(connection, None, &[], &message).await?;
    ensure!(answer["result"]["serverInfo"]["name"] == "gatewright", "{answer}");
    let session = session.context("there is a session to share")?;
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    send(connection, Some(&session), &[], &initialized).await?;
    Ok(session)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_calls_in_shared_sessions_are_each_answered_as_their_own() -> Result<()> {
    let network = TestNetwork::start_with(|mut options| {
        options.accounts = PEOPLE;
        options.demo = false;
        options
    })
    .await?;
    let (people, address) = (people(&network), address(&network)?);
    assert_eq!(people.len(), PEOPLE);
    let mut sessions = Vec::new();
    for _ in 0..SHARED {
        sessions.push(begin(&mut Connection::open(address).await?).await?);
    }
    let lanes = (0..SHARED).map(|lane| {
        let (people, sessions) = (&people, &sessions);
        async move {
            let mut connection = Connection::open(address).await?;
            let mut wrong = Vec::new();
            for number in 0..CALLS / SHARED {
                // One in 51 is nobody; each connection goes through all sessions.
                let who = people.get((number * 7 + lane * 13) % (people.len() + 1));
                let session = sessions.get((number + lane) % SHARED).map(String::as_str);
                let headers: Vec<(&str, &str)> = who.map_or_else(Vec::new, |(person, password)| {
                    vec![("x-atproto-handle", &*person.handle), ("x-atproto-password", password)]
                });
                let message = json!({
                    "jsonrpc": "2.0", "id": lane * CALLS + number, "method": "tools/call",
                    "params": { "name": "whoami", "arguments": {} },
                });
                let (answer, _) = send(&mut connection, session, &headers, &message).await?;
                let result = &answer["result"];
                let is_own = if let Some((person, _)) = who {
                    result["structuredContent"] == json!({ "handle": person.handle, "did": person.did })
                } else {
                    let text = result["content"][0]["text"].as_str().unwrap_or_default();
                    result["isError"] == true && text.starts_with("checking identity requires authentication")
                };
                if !is_own {
                    wrong.push(answer);
                }
            }
            Ok::<_, anyhow::Error>(wrong)
        }
    });
    for wrong in join_all(lanes).await {
        let wrong = wrong?;
        assert!(wrong.is_empty(), "{} answers were another's, such as {:?}", wrong.len(), wrong.first());
    }
    for (person, _) in &people {
        let did: Did = person.did.parse()?;
        let store = &network.network().solo().server().context().store;
        let begun = store.list_legacy_sessions(&did).await?.len();
        assert_eq!(begun, 1, "sign-ins of {}", person.handle);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_72_a_jq_program_that_never_ends_is_ended() -> Result<()> {
    let selector = Selector::in_process_of(program::path()?, ["mcp-select"]);
    let select =
        async |program: &str| selector.select(program, json!([{ "text": "a" }, { "text": "b" }])).await;
    assert_eq!(select(".[] | .text").await, Ok(vec![json!("a"), json!("b")]));
    for broken in [".[", "nothing_like_it", ".[0] | .text | .x"] {
        assert!(select(broken).await.is_err(), "{broken}");
    }
    for endless in ["def f: f; f", "[range(1; infinite)]", "reduce range(60) as $i (\"a\"; . + .)"] {
        let start = Instant::now();
        let ended = select(endless).await;
        assert!(ended.is_err(), "{endless}: {ended:?}");
        assert!(start.elapsed() < Duration::from_secs(8), "{endless} took {:?}", start.elapsed());
    }
    Ok(())
}

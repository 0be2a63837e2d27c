//! What credentials add to a call of an MCP tool, when their session is at hand.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use gatewright_testkit::wire::Connection;
use serde_json::{Value, json};
use url::Url;

use crate::measure::median;
use crate::process::Process;
use crate::round;

/// What a call with credentials may cost, in calls without.
const LIMIT: f64 = 1.3;
const CONNECTIONS: usize = 8;

/// `get_record` without credentials, with the pair of headers, and with a token, in turn.
pub(crate) async fn measure(process: &Process, seconds: f64, rounds: usize) -> Result<Value> {
    let alice = &process.ready["accounts"][0];
    let text = |field: &str| alice[field].as_str().context("an account has all of them");
    let (did, handle, password) = (text("did")?, text("handle")?, text("app_password")?);
    let pair = vec![
        ("x-atproto-handle".to_owned(), handle.to_owned()),
        ("x-atproto-password".to_owned(), password.to_owned()),
    ];
    let made = call(
        process,
        &pair,
        "create_record",
        &json!({
            "collection": "com.example.note", "record": { "text": "measured" },
        }),
    )
    .await?;
    let uri = made["uri"].as_str().context("a record was made")?.to_owned();
    let token =
        vec![("authorization".to_owned(), format!("Bearer {}", sign_in(process, did, password).await?))];
    let arguments = json!({ "uri": uri });
    let mut found = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (headers, found) in [&Vec::new(), &pair, &token].into_iter().zip(&mut found) {
            found.push(cpu_us(process, headers, &arguments, seconds).await?);
        }
    }
    let [anonymous, pair, token] = found.map(|values| median(values.into_iter()));
    let (of_pair, of_token) = (pair / anonymous, token / anonymous);
    eprintln!(
        "       MCP get_record: {anonymous:.0} µs without credentials, {of_pair:.2} times that with a pair, {of_token:.2} with a token"
    );
    Ok(json!({
        "anonymous_us": round(anonymous), "pair_us": round(pair), "token_us": round(token),
        "pair_ratio": round(of_pair), "token_ratio": round(of_token), "limit_ratio": LIMIT,
        "holds": of_pair <= LIMIT && of_token <= LIMIT,
    }))
}

async fn sign_in(process: &Process, did: &str, password: &str) -> Result<String> {
    let url: Url = process.url().parse()?;
    let mut connection =
        Connection::open(SocketAddr::from(([127, 0, 0, 1], url.port().context("a port")?))).await?;
    let body = json!({ "identifier": did, "password": password }).to_string();
    let headers = [("content-type", "application/json")];
    let answer =
        connection.send("POST", "/xrpc/com.atproto.server.createSession", &headers, body.as_bytes()).await?;
    Ok(answer.json()?["accessJwt"].as_str().context("it signs in")?.to_owned())
}

fn address(process: &Process) -> Result<SocketAddr> {
    let url: Url = process.ready["mcp_url"].as_str().context("there is an MCP server")?.parse()?;
    Ok(SocketAddr::from(([127, 0, 0, 1], url.port().context("a port")?)))
}

/// A connection that speaks the protocol, and its session.
async fn begin(address: SocketAddr) -> Result<(Connection, String)> {
    let mut connection = Connection::open(address).await?;
    let message = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" },
        },
    });
    let answer = send(&mut connection, None, &[], &message).await?;
    let session = answer.header("mcp-session-id").context("a session")?.to_owned();
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    send(&mut connection, Some(&session), &[], &initialized).await?;
    Ok((connection, session))
}

async fn send(
    connection: &mut Connection,
    session: Option<&str>,
    headers: &[(String, String)],
    message: &Value,
) -> Result<gatewright_testkit::wire::Answer> {
    let mut all = vec![
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2025-06-18"),
    ];
    all.extend(session.map(|session| ("mcp-session-id", session)));
    all.extend(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let answer = connection.send("POST", "/mcp", &all, message.to_string().as_bytes()).await?;
    ensure!(matches!(answer.status, 200 | 202), answer.unexpected("the message was refused"));
    Ok(answer)
}

fn message(tool: &str, arguments: &Value) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": arguments },
    })
}

async fn call(
    process: &Process,
    headers: &[(String, String)],
    tool: &str,
    arguments: &Value,
) -> Result<Value> {
    let (mut connection, session) = begin(address(process)?).await?;
    let answer = send(&mut connection, Some(&session), headers, &message(tool, arguments)).await?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let data = text
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(str::trim)
        .rfind(|line| !line.is_empty());
    let result: Value = serde_json::from_str(data.unwrap_or(&text))?;
    Ok(result["result"]["structuredContent"].clone())
}

/// CPU of the server for one call.
async fn cpu_us(
    process: &Process,
    headers: &[(String, String)],
    arguments: &Value,
    seconds: f64,
) -> Result<f64> {
    let address = address(process)?;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(begin(address).await?);
    }
    let (before, until) = (process.cpu(), Instant::now() + Duration::from_secs_f64(seconds));
    let mut tasks = Vec::new();
    for (mut connection, session) in connections {
        let (headers, message) = (headers.to_vec(), message("get_record", arguments));
        tasks.push(tokio::spawn(async move {
            let mut count = 0_u64;
            while Instant::now() < until {
                let answer = send(&mut connection, Some(&session), &headers, &message).await?;
                ensure!(
                    !answer.body.windows(14).any(|part| part == b"\"isError\":true"),
                    answer.unexpected("refused")
                );
                count += 1;
            }
            anyhow::Ok(count)
        }));
    }
    let mut calls = 0;
    for task in tasks {
        calls += task.await??;
    }
    Ok((process.cpu() - before) * 1e6 / calls.max(1) as f64)
}

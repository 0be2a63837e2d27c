//! A host for the unit tests: plain HTTP on a free port, answering by path, counting what it was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::testing::{Scripted, TestClock};
use crate::{Builder, Network, Resolver};

/// What one path answers.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Sent over and over after the body, a byte at a time.
    drip: Option<Duration>,
    /// Nothing is answered at all.
    silent: bool,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), drip: None, silent: false }
    }

    pub(crate) fn json(body: impl std::fmt::Display) -> Self {
        Self::new(200, body.to_string()).header("content-type", "application/json")
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::new(302, "").header("location", to)
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(present, _)| *present != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Takes the request and says nothing.
    pub(crate) fn silent() -> Self {
        Self { silent: true, ..Self::new(200, "") }
    }

    pub(crate) fn dripping(mut self) -> Self {
        self.drip = Some(Duration::from_millis(10));
        self
    }
}

/// A running host.
#[derive(Clone, Debug)]
pub(crate) struct TestHost {
    pub(crate) socket: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    replies: Mutex<HashMap<String, Reply>>,
    requests: AtomicUsize,
    last: Mutex<(String, Vec<u8>)>,
}

impl TestHost {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let answering = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&answering)));
            }
        });
        Self { socket, shared }
    }

    pub(crate) fn set(&self, path: &str, reply: Reply) {
        self.shared.replies.lock().insert(path.to_owned(), reply);
    }

    /// The head and the body of the last request.
    pub(crate) fn last(&self) -> (String, Vec<u8>) {
        self.shared.last.lock().clone()
    }

    /// How often anything was asked since the last call.
    pub(crate) fn requests(&self) -> usize {
        self.shared.requests.swap(0, Ordering::SeqCst)
    }
}

async fn answer(mut stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let reply = shared.replies.lock().get(path).cloned().unwrap_or_else(|| Reply::new(404, "secret words"));
    let body = read_body(&mut stream, &head).await?;
    *shared.last.lock() = (head, body);
    if reply.silent {
        return std::future::pending().await;
    }
    let mut out = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        out.extend([name, ": ", value, "\r\n"]);
    }
    out.push_str("\r\n");
    stream.write_all(out.as_bytes()).await?;
    stream.write_all(&reply.body).await?;
    while let Some(pause) = reply.drip {
        stream.write_all(b" ").await?;
        tokio::time::sleep(pause).await;
    }
    stream.shutdown().await
}

/// The body that the head announces, by its length or in pieces.
async fn read_body(stream: &mut TcpStream, head: &str) -> std::io::Result<Vec<u8>> {
    let value = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let mut body = Vec::new();
    if let Some(length) = value("content-length") {
        body.resize(length.parse().unwrap(), 0);
        stream.read_exact(&mut body).await?;
    } else if value("transfer-encoding").is_some() {
        while !body.ends_with(b"0\r\n\r\n") {
            body.push(stream.read_u8().await?);
        }
    }
    Ok(body)
}

/// A resolver on an internet of its own.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) names: Arc<Scripted>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) resolver: Resolver,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(Network::Public)
    }

    pub(crate) fn on(network: Network) -> Self {
        Self::with(|builder| builder.network(network))
    }

    pub(crate) fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let names = Arc::new(Scripted::new());
        let clock = Arc::new(TestClock::new());
        let resolver = change(Resolver::builder(Arc::clone(&clock) as _))
            .plc_url("https://plc.directory.net".parse().unwrap())
            .timeout(Duration::from_millis(600))
            .scripted(Arc::clone(&names))
            .build();
        Self { names, clock, resolver }
    }

    /// A host that answers for `name`.
    pub(crate) async fn host(&self, name: &str) -> TestHost {
        let host = TestHost::start().await;
        self.names.set_server(name, host.socket);
        host
    }
}

//! One keep-alive HTTP/1.1 connection, with as little of its own work as can be: the driver must not be the limit.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A keep-alive connection to the server under test.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
    out: Vec<u8>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    head: String,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name (written in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| value_of(line, name))
    }

    /// Every header of this name.
    pub fn headers<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.head.lines().skip(1).filter_map(move |line| value_of(line, name))
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("not JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// An error that shows the answer.
    pub fn unexpected(&self, what: &str) -> anyhow::Error {
        anyhow::anyhow!("{what}: {} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        Self::open_from(address, None).await
    }

    /// Connects from this address of the machine: all of 127.0.0.0/8 is its own.
    ///
    /// # Errors
    /// When nobody listens, or the address is not the machine's.
    pub async fn open_from(address: SocketAddr, own: Option<Ipv4Addr>) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(own) = own {
            socket.bind(SocketAddr::from((own, 0)))?;
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream, buffer: Vec::with_capacity(16 * 1024), out: Vec::with_capacity(4 * 1024) })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        use std::io::Write;
        self.out.clear();
        write!(self.out, "{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address)?;
        for (name, value) in headers {
            write!(self.out, "{name}: {value}\r\n")?;
        }
        write!(self.out, "content-length: {}\r\n\r\n", body.len())?;
        self.out.extend_from_slice(body);
        self.stream.write_all(&self.out).await?;
        self.read(method).await
    }

    async fn read(&mut self, method: &str) -> Result<Answer> {
        self.buffer.clear();
        let end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).context("no status")?;
        let mut answer = Answer { status, head, body: Vec::new() };
        let rest = self.buffer[end + 4..].to_vec();
        if method == "HEAD" || status == 304 || status == 204 {
            return Ok(answer);
        }
        if let Some(length) = answer.header("content-length") {
            let length: usize = length.parse()?;
            answer.body = rest;
            while answer.body.len() < length {
                if self.stream.read_buf(&mut answer.body).await? == 0 {
                    bail!("the server closed the connection in the middle of an answer");
                }
            }
        } else if answer.header("transfer-encoding").is_some() {
            let mut chunks = rest;
            while find(&chunks, b"0\r\n\r\n").is_none() {
                if self.stream.read_buf(&mut chunks).await? == 0 {
                    bail!("the server closed the connection in the middle of an answer");
                }
            }
            answer.body = join(&chunks);
        }
        Ok(answer)
    }
}

fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = line.split_once(':')?;
    found.eq_ignore_ascii_case(name).then(|| value.trim())
}

fn join(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = find(chunks, b"\r\n") {
        let size = std::str::from_utf8(&chunks[..end])
            .ok()
            .and_then(|s| usize::from_str_radix(s, 16).ok())
            .unwrap_or(0);
        if size == 0 {
            break;
        }
        body.extend_from_slice(&chunks[end + 2..end + 2 + size]);
        chunks = &chunks[end + 4 + size..];
    }
    body
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

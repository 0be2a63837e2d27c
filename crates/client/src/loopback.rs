//! The small server that a program on a desktop listens on for its browser to come back (CL-34, RFC 8252 section 7.3).

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::client::Client;
use crate::flow::{BrowserSecret, Finished, SignInError};

const PATH: &str = "/callback";
/// The most of a request that is read; a browser's is a tenth of it.
const MOST: usize = 16 * 1024;
/// How long one connection may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// A place on this machine, at a free port, that a browser is sent back to. Its client needs the redirect URI
/// `http://127.0.0.1/callback`, which stands for every port.
#[derive(Debug)]
pub struct Loopback {
    listener: TcpListener,
    port: u16,
}

/// Nobody came back, or nobody was signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoopbackError {
    /// The port cannot be listened on.
    #[error("no port of this machine can be listened on")]
    Listen(#[from] io::Error),
    /// The browser came back, and nobody was signed in.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The browser did not come back in time.
    #[error("the browser did not come back in time")]
    TimedOut,
}

impl Loopback {
    /// Takes a free port.
    ///
    /// # Errors
    /// There is none.
    pub async fn bind() -> Result<Self, LoopbackError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// What [`SignIn::redirect_uri`](crate::SignIn::redirect_uri) is to be given.
    pub fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// Waits for the browser and finishes the sign-in. What comes from elsewhere on this machine, or a second time, is
    /// answered and passed over. The browser is shown a page that says how it went.
    ///
    /// # Errors
    /// See [`LoopbackError`].
    pub async fn finish(
        self,
        client: &Client,
        browser: &BrowserSecret,
        patience: Duration,
    ) -> Result<Finished, LoopbackError> {
        tokio::time::timeout(patience, self.wait(client, browser))
            .await
            .unwrap_or(Err(LoopbackError::TimedOut))
    }

    async fn wait(&self, client: &Client, browser: &BrowserSecret) -> Result<Finished, LoopbackError> {
        loop {
            let (mut stream, _) = self.listener.accept().await?;
            let asked = tokio::time::timeout(PATIENCE, read(&mut stream)).await;
            let Some(query) = asked.ok().and_then(Result::ok).flatten() else {
                answer(&mut stream, "404 Not Found", "There is nothing here.").await;
                continue;
            };
            match client.finish(&query, browser).await {
                Ok(finished) => {
                    answer(&mut stream, "200 OK", "You are signed in. You can close this page.").await;
                    return Ok(finished);
                }
                // Not ours: the real one may still come.
                Err(SignInError::UnknownState) => {
                    answer(&mut stream, "400 Bad Request", "This sign-in was not begun here.").await;
                }
                Err(error) => {
                    answer(&mut stream, "400 Bad Request", "Nobody was signed in. The program says why.")
                        .await;
                    return Err(error.into());
                }
            }
        }
    }
}

/// The query of a `GET` of the path; `None` for anything else.
async fn read(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() >= MOST || stream.read_buf(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
    let target = line.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let query = target.strip_prefix(PATH).and_then(|rest| rest.strip_prefix('?'));
    Ok(query.map(str::to_owned))
}

/// A page that names nobody and sends nothing on. Whether it arrives is the browser's matter.
async fn answer(stream: &mut TcpStream, status: &str, text: &str) {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"><title>Sign-in</title>\
         <p>{text}</p></html>"
    );
    let response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
         referrer-policy: no-referrer\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n\
         content-security-policy: default-src 'none'; frame-ancestors 'none'\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    let _ = stream.write_all(response.as_bytes()).await;
    let _ = stream.shutdown().await;
}

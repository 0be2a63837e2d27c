//! Listening: one loop that accepts connections, limits them and lets them finish.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

/// How long a client may take to send the head of a request.
const HEAD: Duration = Duration::from_secs(15);
/// How long connections may take to finish when the program stops.
const FINISH: Duration = Duration::from_secs(4);

/// Binds an address.
///
/// # Errors
/// When it is taken or not ours.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Answers requests until `stop` changes, then finishes those that were accepted.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections: usize,
    mut stop: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(connections));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).pipeline_flush(true);
    loop {
        let place = tokio::select! {
            _ = stop.changed() => break,
            place = Arc::clone(&room).acquire_owned() => place.expect("the semaphore is never closed"),
        };
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            // Out of file descriptors, or the peer left: either passes.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let connection = graceful.watch(connection(&http, stream, peer, router.clone()));
        tokio::spawn(async move {
            // A peer that leaves in the middle is no event.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(FINISH, graceful.shutdown()).await;
}

fn connection(
    http: &http1::Builder,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
) -> impl GracefulConnection<Error = hyper::Error> + Send + use<> {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let line = Line::begin(&request);
        let answer = router.clone().oneshot(request.map(axum::body::Body::new));
        async move {
            let response = answer.await?;
            if let Some(line) = line {
                line.end(response.status());
            }
            Ok::<_, Infallible>(response)
        }
    });
    http.serve_connection(TokioIo::new(stream), service)
}

/// A log line of a request: what was asked and how it went, never by whom, with what, or the query.
struct Line {
    method: http::Method,
    path: String,
    began: Instant,
}

impl Line {
    /// `None` where such lines are not written.
    fn begin(request: &http::Request<Incoming>) -> Option<Self> {
        if !tracing::enabled!(target: "gatewright::request", tracing::Level::INFO) {
            return None;
        }
        Some(Self {
            method: request.method().clone(),
            path: shown(request.uri().path()),
            began: Instant::now(),
        })
    }

    fn end(self, status: http::StatusCode) {
        let Self { method, path, began } = self;
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = status.as_u16();
        tracing::info!(target: "gatewright::request", %method, status, milliseconds, "{path}");
    }
}

/// Paths of ours as they are; anything else may hold whatever a stranger wrote, and is only counted.
fn shown(path: &str) -> String {
    let ours = ["/.well-known/", "/assets/", "/health/", "/oauth/", "/xrpc/"];
    let sound =
        path.len() <= 120 && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.-_".contains(&byte));
    if sound && ours.iter().any(|prefix| path.starts_with(prefix)) {
        path.to_owned()
    } else {
        "(another path)".to_owned()
    }
}

//! Listening: one loop that accepts connections, limits them and lets them finish.

mod body;
mod room;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use crate::metrics;
use body::Timed;
use room::Networks;
pub use room::Room;

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

/// The routes that requests are answered by. They can be replaced: a request that has begun is finished by those that it
/// began with.
#[derive(Clone, Debug)]
pub struct Routes(Arc<ArcSwap<Router>>);

impl Routes {
    /// Answers the next request by these.
    pub fn replace(&self, router: Router) {
        self.0.store(Arc::new(router));
    }

    fn now(&self) -> Router {
        Router::clone(&self.0.load())
    }
}

impl From<Router> for Routes {
    fn from(router: Router) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(router)))
    }
}

/// Answers requests until `stop` changes, then finishes those that were accepted.
pub async fn serve(
    listener: TcpListener,
    routes: impl Into<Routes>,
    room: impl Into<Room>,
    mut stop: watch::Receiver<bool>,
) {
    let (routes, room) = (routes.into(), room.into());
    let (places, networks) = (Arc::new(Semaphore::new(room.connections)), Networks::new(&room));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).pipeline_flush(true);
    loop {
        let place = tokio::select! {
            _ = stop.changed() => break,
            place = Arc::clone(&places).acquire_owned() => place.expect("the semaphore is never closed"),
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
        // Whoever has too many is hung up on: there is nothing to read yet that could be answered.
        let Some(counted) = networks.enter(peer) else { continue };
        let connection = graceful.watch(connection(&http, stream, peer, room.body, routes.clone()));
        let shown = metrics::Connection::open();
        tokio::spawn(async move {
            // A peer that leaves in the middle is no event.
            let _ = connection.await;
            // In this order: whoever gets the place is counted too.
            drop(counted);
            drop(place);
            drop(shown);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(FINISH, graceful.shutdown()).await;
}

fn connection(
    http: &http1::Builder,
    stream: TcpStream,
    peer: SocketAddr,
    patience: Duration,
    routes: Routes,
) -> impl GracefulConnection<Error = hyper::Error> + Send + use<> {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let line = Line::begin(&request);
        let answer =
            routes.now().oneshot(request.map(|body| axum::body::Body::new(Timed::new(body, patience))));
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

#[cfg(test)]
mod tests {
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    use super::*;

    /// Longer than anything here takes, however busy the machine.
    const LONG: Duration = Duration::from_mins(1);

    async fn serving(room: Room) -> (SocketAddr, watch::Sender<bool>) {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (stop, stopped) = watch::channel(false);
        let router = Router::new().route("/", post(async |body: bytes::Bytes| body.len().to_string()));
        tokio::spawn(serve(listener, router, room, stopped));
        (address, stop)
    }

    /// Whether a request is answered on this connection, which stays open.
    async fn answers(stream: &mut TcpStream) -> bool {
        let request = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab";
        let mut answer = [0; 512];
        let sent = stream.write_all(request).await;
        let read = timeout(LONG, stream.read(&mut answer)).await.expect("it is answered or closed");
        sent.is_ok()
            && read.is_ok_and(|length| answer.get(..length).is_some_and(|it| it.starts_with(b"HTTP/1.1 200")))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sec_72_a_body_that_trickles_gives_its_place_back() {
        let room = Room { body: Duration::from_millis(150), ..Room::from(1) };
        let (address, _stop) = serving(room).await;
        let mut slow = TcpStream::connect(address).await.expect("it connects");
        slow.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n").await.expect("sent");
        let trickle = async {
            let mut answer = [0; 512];
            loop {
                if slow.write_all(b"x").await.is_err() {
                    return;
                }
                let read = timeout(Duration::from_millis(20), slow.read(&mut answer)).await;
                if let Ok(Ok(0) | Err(_)) = read {
                    return;
                }
            }
        };
        timeout(LONG, trickle).await.expect("it is hung up on");
        let mut next = TcpStream::connect(address).await.expect("it connects");
        assert!(answers(&mut next).await, "the only place is free");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sec_72_one_network_does_not_take_every_place() {
        let room = Room { per_network: 2, ..Room::from(8) };
        let (address, _stop) = serving(room.clone()).await;
        let connect = async || TcpStream::connect(address).await.expect("it connects");
        let (mut first, mut second) = (connect().await, connect().await);
        assert!(answers(&mut first).await && answers(&mut second).await);
        assert!(!answers(&mut connect().await).await, "a third is hung up on");
        assert!(answers(&mut second).await, "those that are open go on");
        drop(first);
        let again = async { while !answers(&mut connect().await).await {} };
        timeout(LONG, again).await.expect("there is room again");

        let proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        let (address, _stop) = serving(Room { proxies, ..room }).await;
        let mut open = Vec::new();
        for _ in 0..4 {
            let mut stream = TcpStream::connect(address).await.expect("it connects");
            assert!(answers(&mut stream).await, "a proxy brings everybody's");
            open.push(stream);
        }
    }
}

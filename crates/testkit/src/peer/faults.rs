//! Answers that are lost, late, huge, elsewhere, or wrong. And what every answer brings: a nonce.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;

use super::Inner;

/// One way to misbehave.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The request is not looked at, and the answer is this.
    Answer(u16, &'static str),
    /// A byte now and then, for ever, of an answer to a request that was carried out.
    Drip,
    /// A lot more than anybody reads.
    Huge,
    /// The request is carried out, and the answer breaks off.
    Lost,
    /// The request is not looked at, and the connection breaks.
    Broken,
    /// The answer is elsewhere.
    Redirect(String),
    /// The request waits until it is let through.
    Wait(Arc<tokio::sync::Semaphore>),
}

pub(super) async fn apply(State(peer): State<Arc<Inner>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let fault = {
        let mut told = peer.told.lock();
        *told.asked.entry(path.clone()).or_default() += 1;
        told.faults.get_mut(&path).and_then(std::collections::VecDeque::pop_front)
    };
    let mut response = match fault {
        Some(Fault::Answer(status, body)) => (
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            [("content-type", "application/json")],
            body,
        )
            .into_response(),
        Some(Fault::Broken) => broken(),
        Some(Fault::Lost) => {
            next.run(request).await;
            broken()
        }
        Some(Fault::Drip) => {
            next.run(request).await;
            let drip = stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
            });
            ([("content-type", "application/json")], Body::from_stream(drip)).into_response()
        }
        Some(Fault::Huge) => {
            let piece = Bytes::from(vec![b' '; 1 << 16]);
            let pieces = stream::iter((0..1024).map(move |_| Ok::<_, std::io::Error>(piece.clone())));
            ([("content-type", "application/json")], Body::from_stream(pieces)).into_response()
        }
        Some(Fault::Redirect(to)) => (StatusCode::TEMPORARY_REDIRECT, [("location", to)]).into_response(),
        Some(Fault::Wait(gate)) => {
            let _let_through = gate.acquire().await;
            next.run(request).await
        }
        None => next.run(request).await,
    };
    let nonce = {
        let mut told = peer.told.lock();
        if told.nonce_of_each {
            told.nonce += 1;
        }
        format!("nonce-{}", told.nonce)
    };
    if let Ok(nonce) = nonce.parse() {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    response
}

fn broken() -> Response {
    let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("broken off"))]);
    ([("content-type", "application/json")], Body::from_stream(broken)).into_response()
}

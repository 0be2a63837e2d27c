//! The body of an answer on its way to whoever called.

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _, unfold};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::super::dial::of_reqwest;
use crate::error::FetchError;
use crate::limits::Permit;

/// What is handed over.
enum Part {
    Piece(Bytes),
    End,
    Failed(FetchError),
}

/// The rest of an answer, of `most` bytes at most. A task of its own reads it, so that the service and the place are let
/// go in time even if whoever called reads no further; it ends with the last piece, at `until`, or when nobody is there
/// to read.
pub(super) fn relay(
    response: reqwest::Response,
    most: u64,
    until: Instant,
    permit: Permit,
) -> BoxStream<'static, Result<Bytes, FetchError>> {
    let (parts, read) = mpsc::channel(1);
    tokio::spawn(async move {
        tokio::select! {
            _ = timeout_at(until, hand_over(response, most, &parts)) => {}
            () = parts.closed() => {}
        }
        drop(permit);
    });
    unfold(Some(read), |read| async move {
        let mut read = read?;
        match read.recv().await {
            Some(Part::Piece(piece)) => Some((Ok(piece), Some(read))),
            Some(Part::End) => None,
            Some(Part::Failed(error)) => Some((Err(error), None)),
            // It was given up before its end.
            None => Some((Err(FetchError::TimedOut), None)),
        }
    })
    .boxed()
}

async fn hand_over(mut response: reqwest::Response, most: u64, parts: &mpsc::Sender<Part>) {
    let mut left = most;
    loop {
        let part = match response.chunk().await {
            Err(error) => Part::Failed(of_reqwest(&error)),
            Ok(None) => Part::End,
            Ok(Some(piece)) => match left.checked_sub(piece.len() as u64) {
                None => Part::Failed(FetchError::TooLarge),
                Some(rest) => {
                    left = rest;
                    Part::Piece(piece)
                }
            },
        };
        let is_last = !matches!(part, Part::Piece(_));
        if parts.send(part).await.is_err() || is_last {
            return;
        }
    }
}

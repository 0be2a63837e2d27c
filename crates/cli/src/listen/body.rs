//! The body of a request, which may keep the program waiting only for so long: who sends it byte by byte would hold a
//! place for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a KiB earns.
const PER_KIB: Duration = Duration::from_secs(1);

/// A body and the patience that is left with it.
#[derive(Debug)]
pub(super) struct Timed<B> {
    body: B,
    patience: Patience,
    /// Since when it is waited for, and when that is over.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<B> Timed<B> {
    pub(super) const fn new(body: B, patience: Duration) -> Self {
        Self { body, patience: Patience { left: patience, most: patience }, waiting: None }
    }
}

impl<B> Body for Timed<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(frame) => {
                if let Some((since, _)) = this.waiting.take() {
                    this.patience.spend(since.elapsed());
                }
                if let Some(Ok(frame)) = &frame {
                    this.patience.earn(frame.data_ref().map_or(0, Bytes::len));
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                let left = this.patience.left;
                let (_, over) = this.waiting.get_or_insert_with(|| {
                    let now = Instant::now();
                    (now, Box::pin(sleep_until(now + left)))
                });
                over.as_mut().poll(context).map(|()| Some(Err(Box::new(too_slow()) as BoxError)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the body of the request comes too slowly")
}

/// How long is waited still. What the program itself takes to read on does not count.
#[derive(Clone, Copy, Debug)]
struct Patience {
    left: Duration,
    most: Duration,
}

impl Patience {
    fn spend(&mut self, waited: Duration) {
        self.left = self.left.saturating_sub(waited);
    }

    /// Never more than at first, so that nobody saves up.
    fn earn(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(PER_KIB.saturating_mul(bytes) / 1024).min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_at_a_rate_may_take_for_ever_and_what_trickles_may_not() {
        let second = Duration::from_secs(1);
        let waited = |bytes: usize, pause: Duration| {
            let mut patience = Patience { left: 30 * second, most: 30 * second };
            let mut pauses = 0;
            // Who pauses for longer than is left is hung up on.
            while pause <= patience.left && pauses < 10_000 {
                patience.spend(pause);
                patience.earn(bytes);
                pauses += 1;
            }
            pause * pauses
        };
        assert_eq!(waited(1024, second), second * 10_000, "a KiB a second is fast enough");
        assert_eq!(waited(0, second), second * 30);
        let trickled = waited(1, 5 * second);
        assert!(trickled <= second * 35, "{trickled:?}");
        let mut patience = Patience { left: 30 * second, most: 30 * second };
        patience.earn(usize::MAX);
        assert_eq!(patience.left, 30 * second, "nobody saves up");
    }
}

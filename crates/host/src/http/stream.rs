//! Sending a file piece by piece.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::stream::try_unfold;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

const PIECE: usize = 64 * 1024;

/// The rest of an open file, as a body. `with` is kept until the last piece is sent or nobody reads any more.
pub(crate) fn file_body<T: Send + 'static>(file: File, with: T) -> Body {
    Body::from_stream(try_unfold((file, with), |(mut file, with)| async move {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = file.read_buf(&mut piece).await?;
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), (file, with))))
    }))
}

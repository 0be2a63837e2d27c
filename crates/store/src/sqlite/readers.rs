//! Read-only connections. In the write-ahead log readers wait for nobody, and nobody waits for them.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::failed;
use crate::StoreError;

#[derive(Debug)]
pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    /// As many permits as there are connections.
    free: Arc<Semaphore>,
    /// One less, where there are more: long reads leave a connection to the short ones.
    scans: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let count = connections.len();
        Self {
            idle: Mutex::new(connections),
            free: Arc::new(Semaphore::new(count)),
            scans: Arc::new(Semaphore::new(count.saturating_sub(1).max(1))),
        }
    }

    /// Reads a row or two by their key, on the thread of the caller: that takes a few microseconds, where handing it to
    /// another thread and back takes several times as long. Whoever reads more calls [`scan`](Self::scan).
    pub(super) async fn point<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _permit = self.free.acquire().await.map_err(failed)?;
        self.lend(read)
    }

    /// Reads many rows, on a thread that may block.
    pub(super) async fn scan<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let scan = Arc::clone(&self.scans).acquire_owned().await.map_err(failed)?;
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(failed)?;
        let readers = Arc::clone(self);
        let read = move || {
            // Given back when the read is over, even if nobody waits for it any more.
            let _permits = (scan, permit);
            readers.lend(read)
        };
        tokio::task::spawn_blocking(read).await.map_err(failed)?
    }

    fn lend<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let connection = self.idle.lock().pop().ok_or_else(|| failed("a connection was lost"))?;
        let lent = Lent { readers: self, connection: Some(connection) };
        let connection = lent.connection.as_ref().ok_or_else(|| failed("a connection was lost"))?;
        read(connection)
    }
}

/// Comes back even if the read panics.
struct Lent<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.readers.idle.lock().extend(self.connection.take());
    }
}

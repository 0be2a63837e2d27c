//! How keeping sessions can fail. "Not there" is never among these.

use std::sync::Arc;

/// The store could not do what was asked, or what it gave back cannot be used. Nobody's session ends for it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionStoreError {
    /// The store is away, full or broken.
    #[error("the {engine} session store failed")]
    Backend {
        /// Which store: `file`, `sqlite`…
        engine: &'static str,
        /// What it said.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A row is not what this program writes: it was cut off, or changed by somebody else.
    #[error("a kept session is damaged")]
    Damaged,
    /// More sign-ins are under way than are kept (SEC-72).
    #[error("the {engine} session store takes no more sign-ins at present")]
    Full {
        /// Which store.
        engine: &'static str,
    },
    /// A row was written by a newer program.
    #[error("a kept session was written by a newer version of this program")]
    Newer,
    /// A row is sealed with a key that is not in the ring. It is left as it is.
    #[error("a kept session is sealed with a key that is not in the key ring")]
    UnknownKey,
}

impl SessionStoreError {
    /// An error of a store's engine.
    pub fn backend(
        engine: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Backend { engine, source: Arc::from(source.into()) }
    }
}

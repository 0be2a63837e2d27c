//! How keeping state can fail. "Not found" is never among these: it is an `Option` or a variant of the outcome.

/// The back end could not do what was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The back end is away, full or broken: ours to mend, so callers answer 5xx and end nobody's session.
    #[error("the {engine} store failed")]
    Backend {
        /// Which back end: `sqlite`, `memory`…
        engine: &'static str,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What strangers may fill is full, or more wait than can be served: callers answer 503, and nothing was
    /// forgotten to make room (SEC-72).
    #[error("the {engine} store takes no more {what} at present")]
    Full {
        /// Which back end.
        engine: &'static str,
        /// What there is too much of: `devices`, `proofs`, `waiting steps`…
        what: &'static str,
    },
    /// A row that cannot exist was read.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// A row that cannot exist: somebody else wrote it, or a migration went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column `{column}` of table `{table}` is not what this program writes, in the row `{key}`")]
pub struct Corrupt {
    /// The table.
    pub table: &'static str,
    /// The column that cannot be read.
    pub column: &'static str,
    /// The key of the row; never a secret.
    pub key: String,
}

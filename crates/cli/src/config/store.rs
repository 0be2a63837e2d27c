//! `[store]`: the database.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The database: a SQLite file in the data folder.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// Whether an acknowledged change survives a power cut (`full`, the default) or only the end of the program
    /// (`normal`).
    pub synchronous: Synchronous,
}

/// What an acknowledged change survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// A power cut.
    #[default]
    Full,
    /// The end of the program, however it comes.
    Normal,
}

//! `[store]`: the database.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroizing;

use crate::hint::Hint;

/// The database: a SQLite file in the data folder, or a PostgreSQL database that several nodes share.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// Whether an acknowledged change survives a power cut (`full`, the default) or only the end of the program
    /// (`normal`). Of the SQLite file; PostgreSQL has a setting of its own.
    pub synchronous: Synchronous,
    /// The PostgreSQL database: `postgres://USER@HOST/DATABASE`, without a password. The SQLite file when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A file with the password of the user of `url`, which nobody else can read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// How many connections to PostgreSQL a node has.
    pub connections: u32,
}

impl Default for Store {
    fn default() -> Self {
        Self { synchronous: Synchronous::default(), url: None, password_file: None, connections: 16 }
    }
}

impl Store {
    /// # Errors
    /// When `url` is not one of PostgreSQL, or says what belongs in `password_file`. That file is not read.
    pub(super) fn check(&self) -> Result<()> {
        let Some(url) = self.parsed()? else {
            ensure!(
                self.password_file.is_none(),
                "store.password_file belongs to store.url, which is missing"
            );
            return Ok(());
        };
        ensure!(
            url.password().is_none(),
            Hint::new(
                "store.url has a password in it",
                "write it into a file, and that file's name into store.password_file"
            )
        );
        ensure!(self.connections > 0, "store.connections must be 1 or more");
        Ok(())
    }

    /// The URL of the PostgreSQL database with its password, if there is one.
    ///
    /// # Errors
    /// When it is none, or the file of the password cannot be read.
    pub fn postgres(&self) -> Result<Option<Zeroizing<String>>> {
        let Some(mut url) = self.parsed()? else { return Ok(None) };
        if let Some(file) = &self.password_file {
            let text = std::fs::read_to_string(file).map(Zeroizing::new).with_context(|| {
                let hint =
                    "write the password of the user of store.url into that file, and let nobody else read it";
                Hint::new(format!("cannot read store.password_file {}", file.display()), hint)
            })?;
            let set = url.set_password(Some(text.trim_end_matches(['\r', '\n'])));
            ensure!(set.is_ok(), "store.url has no host that a password could be for");
        }
        Ok(Some(Zeroizing::new(url.into())))
    }

    fn parsed(&self) -> Result<Option<Url>> {
        let Some(url) = &self.url else { return Ok(None) };
        let url = Url::parse(url).with_context(|| format!("store.url: `{url}` is not a URL"))?;
        ensure!(
            matches!(url.scheme(), "postgres" | "postgresql"),
            "store.url must begin with postgres://: SQLite needs none, its file is in server.data"
        );
        Ok(Some(url))
    }
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

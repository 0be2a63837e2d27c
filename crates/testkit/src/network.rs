//! A network for a test: what `gatewright dev` starts, on free ports, in a folder that goes with it.

use std::path::Path;

use anyhow::Result;
use gatewright::dev::{Network, Options};
use serde_json::Value;
use tempfile::TempDir;

use crate::app::Person;

/// A running network.
#[derive(Debug)]
pub struct TestNetwork {
    network: Network,
    ready: Value,
    data: TempDir,
}

impl TestNetwork {
    /// Starts one with two accounts, without rate limits.
    ///
    /// # Errors
    /// When a port or the folder cannot be had.
    pub async fn start() -> Result<Self> {
        Self::start_with(|options| options).await
    }

    /// The same with other options.
    ///
    /// # Errors
    /// When a port or the folder cannot be had.
    pub async fn start_with(change: impl FnOnce(Options) -> Options) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut options = Options::new(data.path().to_owned());
        options.port = 0;
        options.rate_limits = false;
        options.store = crate::store::database(data.path())?;
        options.nodes = crate::store::nodes();
        options = change(options);
        if options.rate_limits {
            // Each node counts requests for itself.
            options.nodes = 1;
        }
        let network = Network::start(options).await?;
        let ready = serde_json::to_value(network.ready())?;
        Ok(Self { network, ready, data })
    }

    /// Its ready line.
    pub fn ready(&self) -> &Value {
        &self.ready
    }

    /// The origin of the server.
    pub fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap_or_default()
    }

    /// Its accounts.
    pub fn people(&self) -> Vec<Person> {
        Person::all(&self.ready)
    }

    /// The folder of everything that it keeps.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The network itself.
    pub fn network(&self) -> &Network {
        &self.network
    }
}

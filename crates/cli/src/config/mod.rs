//! The configuration of `serve`: one struct a section, one file a section; unknown keys are refused.

pub mod hosts;
pub mod identity;
pub mod limits;
pub mod mail;
pub mod oauth;
pub mod permission_sets;
pub mod server;
pub mod services;
pub mod sign_up;
pub mod store;
pub mod telemetry;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use anyhow::{Context, Result};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::env;
use crate::hint::Hint;
use crate::listen::Room;
use limits::Limits;

/// Everything `serve` can be told. A TOML file; a few keys have an environment variable that goes before.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the server is and where its data lies.
    pub server: server::Server,
    /// Names: the PLC directory and the handles this server gives out.
    #[serde(default)]
    pub identity: identity::Identity,
    /// Who may make an account.
    #[serde(default)]
    pub sign_up: sign_up::SignUp,
    /// The database.
    #[serde(default)]
    pub store: store::Store,
    /// Lifetimes, trusted clients and what is tolerated of clients.
    #[serde(default)]
    pub oauth: oauth::Oauth,
    /// Published permission sets.
    #[serde(default)]
    pub permission_sets: permission_sets::PermissionSets,
    /// How much strangers may send.
    #[serde(default)]
    pub limits: limits::Limits,
    /// How mail leaves.
    #[serde(default)]
    pub mail: mail::Mail,
    /// Who answers what this server does not.
    #[serde(default)]
    pub services: services::Services,
    /// Log lines and metrics.
    #[serde(default)]
    pub telemetry: telemetry::Telemetry,
    /// Stock hosts behind this server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host: Vec<hosts::Host>,
}

impl Config {
    /// Reads a file, puts the environment over it and checks the whole.
    ///
    /// # Errors
    /// When the file cannot be read, is no TOML, has an unknown key or a value of the wrong kind, or asks for
    /// something that cannot be: the message names the file, the line and the key.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            Hint::new(
                format!("cannot read {}", path.display()),
                "`gatewright config check FILE` names what is wrong with a file",
            )
        })?;
        let config =
            Self::parse(&text).with_context(|| format!("{} is not a configuration", path.display()))?;
        Ok(config)
    }

    /// The same from text.
    ///
    /// # Errors
    /// As [`load`](Self::load), but for reading.
    pub fn parse(text: &str) -> Result<Self> {
        let mut config: Self = toml::from_str(text)?;
        config.overlay(&|name| std::env::var(name).ok())?;
        config.check()?;
        Ok(config)
    }

    /// Puts environment variables over what the file says.
    fn overlay(&mut self, read: &dyn Fn(&str) -> Option<String>) -> Result<()> {
        if let Some(url) = read(env::PUBLIC_URL) {
            self.server.public_url = url;
        }
        if let Some(listen) = read(env::LISTEN) {
            self.server.listen =
                listen.parse().with_context(|| format!("{} is not ADDRESS:PORT", env::LISTEN))?;
        }
        if let Some(data) = read(env::DATA) {
            self.server.data = data.into();
        }
        if let Some(plc) = read(env::PLC) {
            self.identity.plc_url = plc;
        }
        if let Some(filter) = read(env::LOG) {
            self.telemetry.filter = filter;
        }
        Ok(())
    }

    /// What no type can tell: whatever passes here, `serve` takes.
    fn check(&self) -> Result<()> {
        self.server.check()?;
        self.identity.check()?;
        self.limits.check()?;
        self.mail.check()?;
        self.store.check()?;
        self.telemetry.check()?;
        self.services.check()?;
        hosts::Host::check(&self.host, &self.server.public_url)?;
        self.oauth.check()?;
        self.permission_sets.check()
    }

    /// How many connections there is room for. What comes from this machine or a trusted proxy is everybody's.
    pub fn room(&self) -> Room {
        let own = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
        let proxies = self.server.trusted_proxies.iter().copied().chain(own).map(IpNet::from).collect();
        let Limits { connections, connections_per_network: per_network, .. } = self.limits;
        Room { per_network, proxies, ..Room::from(connections) }
    }
}

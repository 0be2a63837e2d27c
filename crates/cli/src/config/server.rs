//! `[server]`: where the server is and where its data lies.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Result, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// Where the server is and where its data lies.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where people's browsers and applications reach the server: `https://` and a host, no path. Also the OAuth
    /// issuer, so it can never change. Environment: `GATEWRIGHT_PUBLIC_URL`.
    pub public_url: String,
    /// Where the program listens; a proxy in front speaks TLS. Environment: `GATEWRIGHT_LISTEN`.
    #[serde(default = "listen")]
    pub listen: SocketAddr,
    /// The folder of the database, the keys and the blobs. Environment: `GATEWRIGHT_DATA`.
    pub data: PathBuf,
    /// What people call this server, on its pages. The host name when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed, for rate limits. Nobody's by default.
    #[serde(default)]
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 2583))
}

impl Server {
    /// # Errors
    /// When `public_url` is not an https origin.
    pub(super) fn check(&self) -> Result<()> {
        let url = Url::parse(&self.public_url)?;
        if url.scheme() != "https" {
            bail!("server.public_url must begin with https:// (`gatewright dev` is for trying without)");
        }
        if url.origin().ascii_serialization() != self.public_url {
            bail!(
                "server.public_url must be an origin, written `{}`: no path, no user, no default port",
                url.origin().ascii_serialization()
            );
        }
        Ok(())
    }
}

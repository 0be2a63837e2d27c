//! `[server]`: where the server is and where its data lies.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use gatewright_protocol::syntax::{Development, Did};
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
    /// What people call this server: what the file says, or else its host name.
    ///
    /// # Errors
    /// When `public_url` has no host.
    pub fn name(&self) -> Result<String> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        let url = Url::parse(&self.public_url)?;
        Ok(url.host_str().context("server.public_url has no host")?.to_owned())
    }

    /// # Errors
    /// When `public_url` is not an https origin whose did:web resolves.
    pub(super) fn check(&self) -> Result<()> {
        let url = Url::parse(&self.public_url)
            .with_context(|| format!("server.public_url: `{}` is not a URL", self.public_url))?;
        if url.scheme() != "https" {
            bail!("server.public_url must begin with https:// (`gatewright dev` is for trying without)");
        }
        if url.origin().ascii_serialization() != self.public_url {
            bail!(
                "server.public_url must be an origin, written `{}`: no path, no user, no default port",
                url.origin().ascii_serialization()
            );
        }
        if url.port().is_some() {
            bail!(
                "server.public_url must not name a port: the record host is did:web of its host name, and a did:web with \
                 a port is nobody's (a proxy on port 443 goes in front)"
            );
        }
        let did = Did::of_web_host(url.host_str().context("server.public_url has no host")?);
        let is_resolvable = |did: &Did| did.web_origin(Development::Refused).is_some();
        if !did.as_ref().is_ok_and(is_resolvable) {
            bail!(
                "server.public_url must have a host name that others can resolve: no address, no reserved domain"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_server_without_a_name_is_called_by_its_host() {
        let file = "[server]\npublic_url = \"https://pds.example.net\"\ndata = \"/nowhere\"\n";
        let config = Config::parse(file).expect("it is a configuration");
        assert_eq!(
            crate::solo::Parts::of(&config).expect("it can be opened").name.as_deref(),
            Some("pds.example.net")
        );
        let named = Config::parse(&format!("{file}name = \"Example Net\"\n")).expect("it is a configuration");
        assert_eq!(
            crate::solo::Parts::of(&named).expect("it can be opened").name.as_deref(),
            Some("Example Net")
        );
    }
}

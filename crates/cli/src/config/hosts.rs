//! `[[host]]`: stock hosts behind this server, whose entryway it is.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use gatewright_host::entryway::HostBehind;
use gatewright_protocol::secret::AdminPassword;
use gatewright_protocol::syntax::{Development, Did};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::hint::Hint;

/// A stock host (`@atproto/pds`) behind this server: it keeps the records of accounts that sign in here.
/// `gatewright keys entryway` prints what it has to be told.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its origin: `https://` and a host, no path. What `PDS_HOSTNAME` is there.
    pub url: String,
    /// Who it is; did:web of its host name when absent, as there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did: Option<String>,
    /// A file with its `PDS_ADMIN_PASSWORD`, which nobody else can read: by that it is told of new handles, of accounts at
    /// rest, and of deleted ones.
    pub admin_password_file: PathBuf,
    /// It takes new accounts until it has so many: 0 for none. They go to the first host in the file that has room. No
    /// number when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<u64>,
}

impl Host {
    /// # Errors
    /// When a host cannot be reached so, or is there twice.
    pub(super) fn check(hosts: &[Self], public_url: &str) -> Result<()> {
        let mut seen = Vec::new();
        for host in hosts {
            let url = host.origin()?;
            ensure!(url.scheme() == "https", "host.url must begin with https://: `{}`", host.url);
            ensure!(host.url != public_url, "host.url `{}` is this server itself", host.url);
            for name in [host.url.clone(), host.service()?.to_string()] {
                ensure!(!seen.contains(&name), "[[host]]: `{name}` is there twice");
                seen.push(name);
            }
        }
        Ok(())
    }

    /// The host, with what its operator is known by.
    ///
    /// # Errors
    /// When a name is none, or the file of the password cannot be read.
    pub fn open(&self) -> Result<HostBehind> {
        let file = &self.admin_password_file;
        let text = std::fs::read_to_string(file).map(zeroize::Zeroizing::new).with_context(|| {
            let hint = "write PDS_ADMIN_PASSWORD of the host into that file, and let nobody else read it";
            Hint::new(format!("cannot read host.admin_password_file {}", file.display()), hint)
        })?;
        let password = AdminPassword::parse(text.trim_end_matches(['\r', '\n']));
        Ok(HostBehind {
            origin: self.origin()?,
            service: self.service()?,
            admin_password: password.with_context(|| format!("{} is too long", file.display()))?,
            accounts: self.accounts,
        })
    }

    fn origin(&self) -> Result<Url> {
        let url = Url::parse(&self.url).with_context(|| format!("host.url: `{}` is not a URL", self.url))?;
        if url.origin().ascii_serialization() != self.url {
            bail!(
                "host.url must be an origin, without a path and without a slash at its end: `{}`",
                self.url
            );
        }
        Ok(url)
    }

    fn service(&self) -> Result<Did> {
        if let Some(did) = &self.did {
            return did.parse().with_context(|| format!("host.did: `{did}` is not a DID"));
        }
        let url = self.origin()?;
        let did = Did::of_web_host(url.host_str().context("host.url has no host")?)?;
        ensure!(
            url.port().is_none() && did.web_origin(Development::Refused).is_some(),
            "host.did is missing: `{}` has no did:web of its own",
            self.url
        );
        Ok(did)
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn parse(hosts: &str) -> Result<Config, String> {
        let server = "[server]\npublic_url = \"https://bsky.example.net\"\ndata = \"/nowhere\"\n";
        Config::parse(&format!("{server}{hosts}")).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_host_is_named_by_its_origin() {
        let one = "[[host]]\nurl = \"https://one.pds.net\"\nadmin_password_file = \"/nowhere\"\n";
        let config = parse(one).expect("it is a configuration");
        assert_eq!(config.host[0].service().expect("a DID").as_str(), "did:web:one.pds.net");
        let error = format!("{:#}", config.host[0].open().expect_err("there is no such file"));
        assert!(error.contains("admin_password_file"), "{error}");
        assert!(parse(&format!("{one}{one}")).expect_err("it is wrong").contains("twice"));
        for (wrong, says) in [
            ("http://one.pds.net", "https://"),
            ("https://one.pds.net/", "origin"),
            ("https://bsky.example.net", "itself"),
            ("https://192.0.2.1", "host.did is missing"),
        ] {
            let error = parse(&one.replace("https://one.pds.net", wrong)).expect_err("it is wrong");
            assert!(error.contains(says), "{wrong}: {error}");
        }
        let did = one.replace("url =", "did = \"did:key:z6\"\nurl =");
        assert!(parse(&did).is_ok(), "whatever the host says it is");
    }
}

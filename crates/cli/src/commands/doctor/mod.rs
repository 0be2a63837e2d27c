//! `gatewright doctor [IDENTIFIER|URL]`: what is wrong with an identity, a server, a client or this installation, and what to
//! do about it.
//!
//! | module | what it looks at |
//! |---|---|
//! | `identity` | a handle and a DID, each leading to the other, and the host they name |
//! | `server` | a host and its authorization server: documents, clock, proofs through the proxy |
//! | `client` | what a client publishes about itself |
//! | `installation` | the configuration, the files and the listener of this machine's own server |
//! | `network` | how they look: everything that is seen of others is seen there |
//! | `report` | what was found, by the id of the check |
//!
//! What is seen is judged by functions that see nothing else. A check that needs the answer of one that failed is left out.

mod client;
mod identity;
mod installation;
mod network;
mod report;
mod server;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::Resolver;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use url::Url;

use crate::commands::REFUSED;
use crate::hint::Hint;
use crate::printer::Printer;
use network::Network;
use report::Report;

const EXAMPLES: &str = "Examples:
  gatewright doctor --config /etc/gatewright/gatewright.toml    this machine's own installation
  gatewright doctor alice.example.com                           an identity, its host and who guards it
  gatewright doctor https://pds.example.com                     a host and its authorization server
  gatewright doctor https://app.example.com/client.json         what a client publishes

Exit status 0: nothing is wrong; 3: something is, and what to do stands beside it.";

/// Say what is wrong with an identity, a server, a client or this installation.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A handle, a DID, the origin of a server, or a client id; default: the installation of --config
    #[arg(value_name = "IDENTIFIER|URL")]
    target: Option<String>,
    /// The configuration file of the installation
    #[arg(long, value_name = "FILE", env = crate::env::CONFIG)]
    config: Option<PathBuf>,
    /// The PLC directory; the one of `gatewright dev` for accounts of that
    #[arg(long, value_name = "URL", env = crate::env::PLC, default_value = gatewright_resolve::PLC_DIRECTORY)]
    plc: Url,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Whom a question is about.
#[derive(Debug, PartialEq, Eq)]
enum Subject {
    /// What is published under a client id.
    Client(String),
    Did(Did),
    Handle(Handle),
    /// A host or an authorization server, by its origin.
    Server(String),
}

/// Looks, and says what was found.
///
/// # Errors
/// When there is nothing to look at, or the answer cannot be printed. What is wrong out there is no error, but an answer.
pub fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let mut report = Report::default();
    let runtime = crate::commands::runtime()?;
    if let Some(target) = &args.target {
        let subject = Subject::parse(target)?;
        printer.note(format_args!("looking at {target}"));
        runtime.block_on(examine(&network(args, target), &subject, &mut report));
    } else {
        let file = args.config.as_ref().with_context(|| {
            Hint::new("whose health?", "name a handle, a DID or a URL, or an installation with --config FILE")
        })?;
        printer.note(format_args!("looking at the installation of {}", file.display()));
        runtime.block_on(installation::examine(&network(args, ""), file, &mut report));
    }
    if args.json {
        printer.json(&report)?;
    } else {
        report.print(printer)?;
    }
    Ok(if report.is_good() { 0 } else { REFUSED })
}

/// Whoever is asked about a server on this machine means a developer's network.
fn network(args: &Args, target: &str) -> Network {
    let mut builder = Resolver::builder(Arc::new(SystemClock)).directory(args.plc.clone());
    if target.starts_with("http://") {
        builder = builder.network(gatewright_resolve::Network::Development(Arc::new(())));
    }
    Network::new(builder.build(), Arc::new(SystemClock), Arc::new(SystemRandom))
}

async fn examine(network: &Network, subject: &Subject, report: &mut Report) {
    match subject {
        Subject::Client(id) => client::examine(network, id, report).await,
        Subject::Did(did) => identity::of_did(network, did, report).await,
        Subject::Handle(handle) => identity::of_handle(network, handle, report).await,
        Subject::Server(origin) => server::examine(network, origin, report).await,
    }
}

impl Subject {
    /// # Errors
    /// It is nothing that can be looked at.
    fn parse(text: &str) -> Result<Self> {
        let is_url = text.starts_with("https://") || text.starts_with("http://");
        if is_url {
            let url = Url::parse(text).with_context(|| format!("`{text}` is not a URL"))?;
            let is_origin = url.path() == "/" && url.query().is_none();
            return Ok(if is_origin {
                Self::Server(url.origin().ascii_serialization())
            } else {
                Self::Client(text.to_owned())
            });
        }
        if text.starts_with("did:") {
            return Ok(Self::Did(text.parse()?));
        }
        let handle = Handle::from_input(text).with_context(|| {
            let hint = "a handle looks like alice.example.com, a DID like did:plc:…, a server like https://pds.example.com";
            Hint::new(format!("`{text}` is nothing to look at"), hint)
        })?;
        Ok(Self::Handle(handle))
    }
}

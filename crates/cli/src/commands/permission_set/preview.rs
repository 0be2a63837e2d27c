//! `gatewright permission-set preview`: the consent page of a set, before anybody else sees it.

use std::io::IsTerminal as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use gatewright_protocol::scope::Include;
use tokio::net::TcpListener;

use super::expand::parse_include;
use super::file::File;
use crate::commands::REFUSED;
use crate::printer::Printer;

const EXAMPLES: &str = "Examples:
  gatewright permission-set preview authBasic.json
  gatewright permission-set preview authBasic.json --include 'include:com.example.authBasic?aud=did:web:api.example.com%23service'";

/// Which set, and how it is included.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The lexicon document of the set
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The scope that an application asks for; the set without a service when absent
    #[arg(long, value_name = "SCOPE", value_parser = parse_include)]
    pub include: Option<Include>,
    /// The port to listen on, on this machine only; any free one when absent
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Only print the address
    #[arg(long)]
    pub no_open: bool,
}

/// Serves the page until it is interrupted.
///
/// # Errors
/// When the file cannot be read, the port is taken, or the address cannot be printed.
pub(super) fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let file = File::read(&args.file)?;
    let set = match file.permission_set() {
        Ok(set) => set,
        Err(error) => {
            printer.error(format_args!("{}{error}", file.places().of(None)));
            return Ok(REFUSED);
        }
    };
    let include = args.include.clone().unwrap_or_else(|| Include { nsid: set.nsid().clone(), aud: None });
    crate::commands::runtime()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
            .await
            .with_context(|| format!("cannot listen on port {}", args.port))?;
        let url = format!("http://{}/", listener.local_addr()?);
        printer.line(&url)?;
        printer.note("the page is in your browser's language; `?lang=de` shows another. Ctrl-C ends it.");
        if !args.no_open && std::io::stdout().is_terminal() && webbrowser::open(&url).is_err() {
            printer.note("no browser could be opened: open the address yourself");
        }
        let stop = async {
            let _ = tokio::signal::ctrl_c().await;
        };
        let router = gatewright_server::preview::consent(set, include);
        axum::serve(listener, router).with_graceful_shutdown(stop).await?;
        Ok(0)
    })
}

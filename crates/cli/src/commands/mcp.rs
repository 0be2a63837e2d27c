//! `gatewright mcp`: the AT Protocol as tools of the Model Context Protocol.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use gatewright_client::sessions::KeyRing;
use gatewright_client::sessions::memory::Memory;
use gatewright_client::{Session, Sessions};
use gatewright_mcp::Tools;
use gatewright_resolve::Resolver;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use url::Url;

use crate::config::telemetry::Telemetry;
use crate::hint::Hint;
use crate::mcp::{McpOverHttp, selector};
use crate::own_sessions::state_folder;
use crate::printer::Printer;
use crate::{env, listen, telemetry};

const EXAMPLES: &str = "Examples:
  ATPROTO_HANDLE=you.example.com ATPROTO_PASSWORD=xxxx-xxxx-xxxx-xxxx gatewright mcp
                                              for one person: a client starts it and talks on standard input
  gatewright mcp --http 127.0.0.1:2585        for many: each request brings its own credentials
  gatewright mcp --http 127.0.0.1:2585 --url https://mcp.example.com
                                              the same behind a proxy that adds TLS";

/// Offer the AT Protocol as tools to a language model.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Serve over HTTP on this address; standard input and output when absent
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// The public address, where a proxy stands before it. Default: `http://` and the address itself
    #[arg(long, value_name = "URL", requires = "http")]
    url: Option<Url>,
    /// Where sessions are kept, sealed, and their key. Default: a folder of the state of this user
    #[arg(long, value_name = "DIR", requires = "http")]
    data: Option<PathBuf>,
    /// A host that callers may name in `x-atproto-pds-url` whatever their identity says; several times for several
    #[arg(long = "allow-host", value_name = "URL", requires = "http")]
    hosts: Vec<String>,
    /// The PLC directory, as `gatewright dev` prints it. Default: the public one
    #[arg(long, value_name = "URL", env = env::PLC)]
    plc: Option<Url>,
}

/// Serves until the client goes away, or until it is told to stop.
///
/// # Errors
/// The address is taken, the credentials are refused, or the client does not speak the protocol.
pub fn run(args: Args, printer: &mut Printer) -> Result<u8> {
    telemetry::start(&Telemetry { filter: "warn".to_owned(), ..Telemetry::default() });
    super::runtime()?.block_on(async {
        match args.http {
            None => serve_one(args.plc).await,
            Some(address) => serve_many(args, address, printer).await,
        }
    })
}

fn resolver(plc: Option<Url>) -> Resolver {
    let resolver = Resolver::builder(Arc::new(SystemClock));
    plc.into_iter().fold(resolver, gatewright_resolve::Builder::directory).build()
}

async fn serve_one(plc: Option<Url>) -> Result<u8> {
    let ring = KeyRing::generate(&SystemRandom);
    let sessions = Sessions::builder(Memory::new(), ring).resolver(resolver(plc)).build();
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let session = match (variable(env::MCP_HANDLE), variable(env::MCP_PASSWORD)) {
        (None, None) => None,
        (Some(handle), Some(password)) => {
            let host = variable(env::MCP_HOST);
            let session = Session::for_bot_at(&sessions, &handle, password, host.as_deref()).await;
            Some(session.with_context(|| {
                Hint::new(
                    format!("{handle} cannot be signed in"),
                    "is ATPROTO_PASSWORD one of its app passwords? They are made on the pages of the account",
                )
            })?)
        }
        _ => {
            return Err(anyhow::Error::from(Hint::new(
                "there is half a pair of credentials",
                "set both ATPROTO_HANDLE and ATPROTO_PASSWORD, or none of them to read only",
            )));
        }
    };
    let repo = variable(env::MCP_REPO);
    let tools = Tools::own(&sessions, session, repo, Arc::new(SystemClock), selector());
    gatewright_mcp::stdio::serve(tools).await?;
    Ok(0)
}

async fn serve_many(args: Args, address: SocketAddr, printer: &mut Printer) -> Result<u8> {
    let listener = listen::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let own = format!("http://{}", listener.local_addr()?);
    let origin = args.url.map_or_else(|| Url::parse(&own), Ok)?;
    let folder = args.data.map_or_else(|| state_folder().map(|state| state.join("mcp")), Ok)?;
    let server = McpOverHttp {
        origin: origin.clone(),
        folder: &folder,
        resolver: resolver(args.plc),
        hosts: &args.hosts,
        selector: selector(),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    };
    let router = server.router()?;
    let base = origin.origin().ascii_serialization();
    printer.note(format_args!("{base}/mcp is for anybody, {base}/mcp/account asks to sign in"));
    listen::serve(listener, router, CONNECTIONS, super::dev::stop_signal()).await;
    Ok(0)
}

/// How many connections there are at once.
const CONNECTIONS: usize = 4096;

/// `gatewright mcp-select`: one jq program, for the server that started it.
///
/// # Errors
/// Standard input is no question of it.
pub fn select() -> Result<u8> {
    gatewright_mcp::select::answer().context("this is started by `gatewright mcp`")?;
    Ok(0)
}

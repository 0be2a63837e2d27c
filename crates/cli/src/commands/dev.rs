//! `gatewright dev`: a whole network on this machine.

use std::path::PathBuf;

use anyhow::{Context, Result};
use owo_colors::OwoColorize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::config::permission_sets::Changes;
use crate::config::sign_up::Mode;
use crate::config::store::Synchronous;
use crate::config::telemetry::Telemetry;
use crate::dev::{Network, Options, Ready, mail};
use crate::printer::Printer;
use crate::telemetry;

const EXAMPLES: &str = "Examples:
  gatewright dev                       try it: open the printed address in a browser
  gatewright dev --data ./network      keep accounts, records and sessions in a folder
  gatewright dev --port 0 --json       for programs: one line of JSON once everything answers";

/// Run a whole network on this machine, to try it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The port of the server; the PLC directory has the one before, the app the one after. 0 takes any free ports
    #[arg(long, default_value_t = 2583)]
    port: u16,
    /// Keep everything in this folder; a temporary one when absent
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print one line of JSON on standard output once everything answers
    #[arg(long)]
    json: bool,
    /// Leave the demo app out
    #[arg(long)]
    no_demo: bool,
    /// How many accounts there are: alice.test, bob.test, user3.test…
    #[arg(long, default_value_t = 2, value_name = "N")]
    accounts: usize,
    /// Who may make an account: nobody, whoever has an invite code, or anybody
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    sign_up: Mode,
    /// Do not count requests
    #[arg(long)]
    no_rate_limits: bool,
    /// What an acknowledged change survives: `normal`, the end of the program; `full`, a power cut
    #[arg(long, default_value = "normal", value_parser = synchronous)]
    synchronous: Synchronous,
    /// Keep everything but blobs and keys in this PostgreSQL database: `postgres://…`
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Serve by so many nodes in turn, over the database of `--store`
    #[arg(long, default_value_t = 1, value_name = "N", requires = "store")]
    nodes: usize,
    /// What a permission set that gives more than before means for sessions: `follow`, they have it; `notify`, the person
    /// is told by mail, too; `hold`, they wait for the person
    #[arg(long, default_value = "follow", value_parser = set_changes)]
    set_changes: Changes,
}

fn set_changes(text: &str) -> Result<Changes, String> {
    match text {
        "follow" => Ok(Changes::Follow),
        "hold" => Ok(Changes::Hold),
        "notify" => Ok(Changes::Notify),
        _ => Err("it is `follow`, `notify` or `hold`".to_owned()),
    }
}

fn synchronous(text: &str) -> Result<Synchronous, String> {
    match text {
        "full" => Ok(Synchronous::Full),
        "normal" => Ok(Synchronous::Normal),
        _ => Err("it is `full` or `normal`".to_owned()),
    }
}

/// Runs the network until it is told to stop.
///
/// # Errors
/// When a port is taken or the folder cannot be used.
pub fn run(args: Args, printer: &mut Printer) -> Result<u8> {
    telemetry::start(&Telemetry {
        filter: format!("warn,{}=info", mail::LOG_TARGET),
        ..Telemetry::default()
    });
    let temporary = args.data.is_none().then(temporary_folder).transpose()?;
    let data = args.data.or_else(|| temporary.clone()).context("there is a folder")?;
    let data = std::path::absolute(data)?;
    let options = Options {
        port: args.port,
        accounts: args.accounts,
        sign_up: args.sign_up.into(),
        demo: !args.no_demo,
        rate_limits: !args.no_rate_limits,
        synchronous: args.synchronous,
        store: args.store,
        nodes: args.nodes.max(1),
        set_changes: args.set_changes,
        ..Options::new(data)
    };
    let done = super::runtime()?.block_on(async {
        let mut stop = stop_signal();
        let network = tokio::select! {
            started = Network::start(options) => started?,
            _ = stop.changed() => return Ok(0),
        };
        if args.json {
            printer.json(network.ready())?;
        } else {
            welcome(network.ready(), printer)?;
        }
        let _ = stop.changed().await;
        printer.note("stopping…");
        network.stop().await;
        Ok(0)
    });
    if let Some(folder) = temporary {
        let _ = std::fs::remove_dir_all(folder);
    }
    done
}

/// What to open and try.
fn welcome(ready: &Ready, printer: &mut Printer) -> Result<()> {
    printer.line(format_args!("{}", "A whole network is running on this machine.".bold()))?;
    printer.line("")?;
    if let Some(demo) = &ready.demo_url {
        printer.line(format_args!("  open the app    {}", demo.cyan()))?;
    }
    printer.line(format_args!("  the server      {}", ready.url.cyan()))?;
    printer.line(format_args!("  PLC directory   {}", ready.plc_url.cyan()))?;
    printer.line(format_args!("  MCP server      {}", ready.mcp_url.cyan()))?;
    printer.line(format_args!("  everything lies in {}", ready.data.display()))?;
    printer.line("")?;
    for account in &ready.accounts {
        printer.line(format_args!("  {:<14} password {}", account.handle.bold(), account.password))?;
        printer.line(format_args!("  {:<14} app password {}", "", account.app_password))?;
    }
    printer.line("")?;
    if let Some(account) = ready.accounts.first() {
        printer.line("To offer the network to a language model as alice, put this into its client:")?;
        let headers = serde_json::json!({
            "x-atproto-handle": account.handle, "x-atproto-password": account.app_password,
        });
        let server = serde_json::json!({ "type": "http", "url": ready.mcp_url, "headers": headers });
        let snippet = serde_json::json!({ "mcpServers": { "gatewright": server } });
        printer.line(format_args!("  {snippet}"))?;
        printer.line(format_args!(
            "or {}/account without headers, where the client signs in itself.",
            ready.mcp_url
        ))?;
        printer.line("")?;
    }
    printer.line("Sign in to the app as one of them. Ctrl-C stops the network.")?;
    Ok(())
}

fn temporary_folder() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("gatewright-dev-{}", std::process::id()));
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// Becomes true at SIGINT or SIGTERM.
pub(crate) fn stop_signal() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    tokio::spawn(async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            tracing::error!("signals cannot be heard: only kill -9 will stop this program");
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let _ = stop.send(true);
        // Whoever listens has heard; keep the sender so that nobody mistakes its end for another signal.
        std::future::pending::<()>().await;
    });
    stopped
}

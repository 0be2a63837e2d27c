//! `gatewright accounts`: who is signed in.

use anyhow::Result;
use serde_json::json;

use super::whoami::word;
use crate::own_sessions::OwnSessions;
use crate::printer::Printer;

/// How to list.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// Lists the sessions; the one that commands act as has a star. No host is asked.
///
/// # Errors
/// The sessions cannot be read.
pub fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let all = crate::commands::runtime()?.block_on(OwnSessions::open()?.list())?;
    if args.json {
        let rows: Vec<_> = all
            .iter()
            .map(|(summary, current)| {
                json!({
                    "did": summary.account, "handle": summary.handle, "host": summary.host,
                    "kind": word(summary.kind), "scope": summary.scope.to_string(), "current": current,
                    "over": summary.is_over,
                })
            })
            .collect();
        printer.json(&rows)?;
        return Ok(0);
    }
    if all.is_empty() {
        printer.note("nobody is signed in; sign in with `gatewright login HANDLE`");
    }
    for (summary, current) in all {
        let star = if current { '*' } else { ' ' };
        let handle = summary.handle.as_ref().map_or("handle.invalid", |handle| handle.as_str());
        let over = if summary.is_over { ", over" } else { "" };
        let kind = word(summary.kind);
        printer.line(format_args!(
            "{star} {handle} ({}) at {}, by {kind}{over}",
            summary.account, summary.host
        ))?;
    }
    Ok(0)
}

//! `gatewright permission-set expand`.

use std::path::PathBuf;

use anyhow::Result;
use gatewright_protocol::permission_set::Dropped;
use gatewright_protocol::scope::{Include, InvalidScope, Permission};
use serde::Serialize;

use super::file::File;
use crate::commands::REFUSED;
use crate::printer::Printer;

const EXAMPLES: &str = "Examples:
  gatewright permission-set expand authBasic.json --include include:com.example.authBasic
  gatewright permission-set expand --json authBasic.json --include 'include:com.example.authBasic?aud=did:web:api.example.com%23service'";

/// Which set, and how it is included.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The lexicon document of the set
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The scope that an application asks for
    #[arg(long, value_name = "SCOPE", value_parser = parse_include)]
    pub include: Include,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

pub(super) fn parse_include(text: &str) -> Result<Include, String> {
    match text.parse().map_err(|error: InvalidScope| error.to_string())? {
        Permission::Include(include) => Ok(include),
        other => Err(format!("`{}` is no `include:` scope", other.resource())),
    }
}

#[derive(Default, Serialize)]
struct Answer {
    scopes: Vec<String>,
    dropped: Vec<Dropped>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Prints what a server would put in place of the `include:`, and what it would drop.
///
/// # Errors
/// When the file cannot be read, or the answer cannot be printed.
pub(super) fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let file = File::read(&args.file)?;
    let answer = match file.permission_set() {
        Ok(set) => {
            let expansion = set.expand(&args.include);
            let scopes = expansion.granted.iter().map(|entry| entry.permission.to_string()).collect();
            Answer { scopes, dropped: expansion.dropped, error: None }
        }
        Err(error) => Answer { error: Some(error), ..Answer::default() },
    };
    let status = if answer.error.is_some() { REFUSED } else { 0 };
    if args.json {
        printer.json(&answer)?;
    } else {
        print(&answer, &file, printer)?;
    }
    Ok(status)
}

fn print(answer: &Answer, file: &File, printer: &mut Printer) -> Result<()> {
    for scope in &answer.scopes {
        printer.line(scope)?;
    }
    let places = file.places();
    for Dropped { index, reason } in &answer.dropped {
        printer.note(format_args!("{}dropped: {reason}", places.of(Some(*index))));
    }
    if let Some(error) = &answer.error {
        printer.error(format_args!("{}{error}", places.of(None)));
    }
    Ok(())
}

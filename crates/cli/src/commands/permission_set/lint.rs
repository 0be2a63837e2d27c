//! `gatewright permission-set lint`.

use std::path::PathBuf;

use anyhow::Result;
use gatewright_protocol::permission_set::{Finding, Lint, lint};

use super::file::File;
use crate::commands::REFUSED;
use crate::printer::Printer;

const EXAMPLES: &str = "Examples:
  gatewright permission-set lint authBasic.json
  gatewright permission-set lint --json authBasic.json";

/// Which set.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The lexicon document of the set
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Says what servers would drop or ignore.
///
/// # Errors
/// When the file cannot be read, or the answer cannot be printed.
pub(super) fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let file = File::read(&args.file)?;
    let found = match file.document() {
        Ok(document) => lint(&document),
        Err(message) => Lint { errors: vec![Finding { index: None, message }], warnings: Vec::new() },
    };
    if args.json {
        printer.json(&found)?;
    } else {
        print(&found, &file, printer)?;
    }
    Ok(if found.errors.is_empty() { 0 } else { REFUSED })
}

fn print(found: &Lint, file: &File, printer: &mut Printer) -> Result<()> {
    let places = file.places();
    let kinds = [("error", &found.errors), ("warning", &found.warnings)];
    for (kind, Finding { index, message }) in
        kinds.into_iter().flat_map(|(kind, findings)| findings.iter().map(move |finding| (kind, finding)))
    {
        printer.line(format_args!("{}{kind}: {message}", places.of(*index)))?;
    }
    let summary = match (found.errors.len(), found.warnings.len()) {
        (0, 0) => "nothing to say against it".to_owned(),
        (0, warnings) => format!("it can be published; warnings: {warnings}"),
        (errors, warnings) => format!("errors: {errors}, warnings: {warnings}"),
    };
    printer.line(summary)?;
    Ok(())
}

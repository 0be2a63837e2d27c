//! `gatewright session export | import`: a session as text, to be used elsewhere.

mod export;
mod import;

use anyhow::Result;
use clap::Subcommand;

pub use export::{Args as ExportArgs, Format};
pub use import::Args as ImportArgs;

use crate::printer::Printer;

/// What stands between a sealed session and the scope of its client.
const SEPARATOR: char = ' ';

/// Take sessions elsewhere.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a session as text; it is as good as a password
    Export(ExportArgs),
    /// Keep a session that was exported, read from standard input
    Import(ImportArgs),
}

/// Runs a command of `session`.
///
/// # Errors
/// Nobody is signed in, the text is none of a session, or the sessions cannot be kept.
pub fn run(command: Command, printer: &mut Printer) -> Result<u8> {
    let runtime = crate::commands::runtime()?;
    match command {
        Command::Export(args) => runtime.block_on(export::run(&args, printer)),
        Command::Import(args) => runtime.block_on(import::run(&args, printer)),
    }
}

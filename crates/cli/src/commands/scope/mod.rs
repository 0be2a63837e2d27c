//! `gatewright scope explain | check`.

mod check;
mod explain;

use anyhow::Result;
use clap::Subcommand;

pub use check::Args as CheckArgs;
pub use explain::{Args as ExplainArgs, SetOptions};

use crate::printer::Printer;

/// Explain and check scopes.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell whether granted scopes suffice for a request; exit 0 if they do, 3 if not
    Check(CheckArgs),
    /// Say in plain words what scopes mean; exit 0 if all are valid, 3 if one is not
    Explain(ExplainArgs),
}

/// Runs a command of `scope`.
///
/// # Errors
/// When the answer cannot be printed.
pub fn run(command: Command, printer: &mut Printer) -> Result<u8> {
    match command {
        Command::Check(args) => check::run(&args, printer),
        Command::Explain(args) => explain::run(&args, printer),
    }
}

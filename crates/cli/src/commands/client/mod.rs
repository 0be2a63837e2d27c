//! `gatewright client check` and `init`.

mod check;
mod init;

use anyhow::Result;
use clap::Subcommand;

pub use check::Args as CheckArgs;
pub use init::Args as InitArgs;

use crate::printer::Printer;

/// Write and check the metadata of OAuth clients.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say all that is wrong with a client's metadata; exit 0 if it can be used, 3 if not
    Check(CheckArgs),
    /// Write the documents of a client, and its key if it has one
    Init(Box<InitArgs>),
}

/// Runs a command of `client`.
///
/// # Errors
/// When the document cannot be read, the network fails, or the answer cannot be printed.
pub fn run(command: Command, printer: &mut Printer) -> Result<u8> {
    match command {
        Command::Check(args) => check::run(&args, printer),
        Command::Init(args) => init::run(&args, printer),
    }
}

//! `gatewright store …`: what is kept, as a whole.

pub mod backup;

use anyhow::Result;
use clap::Subcommand;

use crate::printer::Printer;

/// Look after what is kept, as a whole.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Copy the database and the blobs to a folder, while the server runs
    Backup(backup::Args),
}

/// Runs a command of `store`.
///
/// # Errors
/// When something of the installation cannot be read, or the folder cannot be written.
pub fn run(command: &Command, printer: &mut Printer) -> Result<u8> {
    match command {
        Command::Backup(args) => backup::run(args, printer),
    }
}

//! One file a command. A command returns its exit status: 0, [`REFUSED`], or an error that becomes [`FAILED`].

pub mod account;
pub mod app_password;
pub mod client;
pub mod completions;
pub mod config;
pub mod dev;
pub mod keys;
pub mod permission_set;
pub mod scope;
pub mod serve;

use anyhow::{Context, Result};

use crate::args::{Args, Command};
use crate::printer::Printer;

/// The exit status of a failure of the program or the network. (Usage errors are 2, as clap has it.)
pub const FAILED: u8 = 1;
/// The exit status of a usage error that clap cannot see.
pub const USAGE: u8 = 2;
/// The exit status when the answer is no: an invalid scope, a refused permission, a document with errors.
pub const REFUSED: u8 = 3;

/// Runs a command.
///
/// # Errors
/// When the program or the network fails, with the causes and hints in it.
pub fn run(args: Args, printer: &mut Printer) -> Result<u8> {
    match args.command {
        Command::Account(command) => account::run(command, printer),
        Command::AppPassword(command) => app_password::run(command, printer),
        Command::Client(command) => client::run(command, printer),
        Command::Completions(args) => completions::run(&args, printer),
        Command::Config(command) => config::run(command, printer),
        Command::Dev(args) => dev::run(args, printer),
        Command::Keys(command) => keys::run(&command, printer),
        Command::PermissionSet(command) => permission_set::run(command, printer),
        Command::Scope(command) => scope::run(command, printer),
        Command::Serve(args) => serve::run(&args, printer),
    }
}

/// The runtime of the commands that talk to others.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")
}

//! One file a command. A command returns its exit status: 0, [`REFUSED`], or an error that becomes [`FAILED`].

pub mod account;
pub mod accounts;
pub mod app_password;
pub mod blob;
pub mod call;
pub mod client;
pub mod completions;
pub mod config;
pub mod dev;
pub mod doctor;
pub mod keys;
pub mod login;
pub mod logout;
pub mod mcp;
pub mod permission_set;
pub mod record;
pub mod scope;
pub mod serve;
pub mod session;
pub mod store;
pub mod whoami;

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
        Command::Accounts(args) => accounts::run(&args, printer),
        Command::AppPassword(command) => app_password::run(command, printer),
        Command::Blob(command) => blob::run(command, printer),
        Command::Call(args) => call::run(&args, printer),
        Command::Client(command) => client::run(command, printer),
        Command::Completions(args) => completions::run(&args, printer),
        Command::Config(command) => config::run(command, printer),
        Command::Dev(args) => dev::run(args, printer),
        Command::Doctor(args) => doctor::run(&args, printer),
        Command::Keys(command) => keys::run(&command, printer),
        Command::Login(args) => login::run(&args, printer),
        Command::Logout(args) => logout::run(&args, printer),
        Command::Mcp(args) => mcp::run(args, printer),
        Command::McpSelect => mcp::select(),
        Command::PermissionSet(command) => permission_set::run(command, printer),
        Command::Record(command) => record::run(command, printer),
        Command::Scope(command) => scope::run(command, printer),
        Command::Serve(args) => serve::run(&args, printer),
        Command::Session(command) => session::run(command, printer),
        Command::Store(command) => store::run(&command, printer),
        Command::Whoami(args) => whoami::run(&args, printer),
    }
}

/// A text of an answer, or nothing if it is not there.
pub(crate) fn text<'a>(answer: &'a serde_json::Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// The runtime of the commands that talk to others.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")
}

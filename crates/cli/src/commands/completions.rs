//! `gatewright completions SHELL`.

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::printer::Printer;

/// Print the completions of a shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which shell
    shell: Shell,
}

/// Prints the completions of a shell.
///
/// # Errors
/// When they cannot be written.
pub fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    clap_complete::generate(args.shell, &mut crate::args::Args::command(), "gatewright", printer.out());
    Ok(0)
}

//! `gatewright permission-set diff | expand | lint | new | preview | publish`: for authors of permission sets.

mod diff;
mod expand;
mod file;
mod lines;
mod lint;
mod new;
mod preview;
mod publish;

use anyhow::Result;
use clap::Subcommand;

pub use diff::Args as DiffArgs;
pub use expand::Args as ExpandArgs;
pub use lint::Args as LintArgs;
pub use new::Args as NewArgs;
pub use new::Service;
pub use preview::Args as PreviewArgs;
pub use publish::{Args as PublishArgs, Namespace};

use crate::printer::Printer;

/// Write, check and compare permission sets.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what a new version of a set grants more or less than the old one, by meaning
    Diff(DiffArgs),
    /// Print the scopes that an `include:` of the set grants
    Expand(ExpandArgs),
    /// Say what servers would drop or ignore; exit 0 without errors, 3 with
    Lint(LintArgs),
    /// Write a new set, from questions or from options
    New(NewArgs),
    /// Show the consent page of a set in a browser, before it is published
    Preview(PreviewArgs),
    /// Publish one set from the account that its namespace belongs to, and say when it is live
    Publish(PublishArgs),
}

/// Runs a command of `permission-set`.
///
/// # Errors
/// When a file cannot be read or written, or the answer cannot be printed.
pub fn run(command: Command, printer: &mut Printer) -> Result<u8> {
    match command {
        Command::Diff(args) => diff::run(&args, printer),
        Command::Expand(args) => expand::run(&args, printer),
        Command::Lint(args) => lint::run(&args, printer),
        Command::New(args) => new::run(args, printer),
        Command::Preview(args) => preview::run(&args, printer),
        Command::Publish(args) => publish::run(&args, printer),
    }
}

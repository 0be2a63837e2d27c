//! `gatewright config check | show | schema`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

use crate::args::Installation;
use crate::config::Config;
use crate::printer::Printer;

/// Check and show the configuration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a configuration file; exit 0 if it is good, 1 with what is wrong
    Check {
        /// The file
        file: PathBuf,
    },
    /// Print the configuration as `serve` would use it: the file, the environment and the defaults
    Show(Installation),
    /// Print the JSON schema of the configuration
    Schema,
}

/// Runs a command of `config`.
///
/// # Errors
/// When the file cannot be read or is not good.
pub fn run(command: Command, printer: &mut Printer) -> Result<u8> {
    match command {
        Command::Check { file } => {
            Config::load(&file)?;
            printer.note(format_args!("{} is good", file.display()));
        }
        Command::Show(installation) => {
            printer.line(toml::to_string(&Config::load(&installation.config)?)?.trim_end())?;
        }
        Command::Schema => printer.line(serde_json::to_string_pretty(&schemars::schema_for!(Config))?)?,
    }
    Ok(0)
}

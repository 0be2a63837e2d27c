//! The command line.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

use crate::commands::{
    account, app_password, client, completions, config, dev, keys, permission_set, scope, serve,
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "Examples:
  gatewright dev                                     a whole network on this machine, to try it
  gatewright serve --config gatewright.toml          the production server
  gatewright scope explain 'repo:com.example.note'   what a scope means, in plain words";

/// One program for the authorization of the AT Protocol.
#[derive(Debug, Parser)]
#[command(name = "gatewright", version, about, long_about = None, styles = STYLES, after_help = EXAMPLES)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make and list accounts, set passwords
    #[command(subcommand)]
    Account(account::Command),
    /// Make, list and revoke app passwords
    #[command(subcommand)]
    AppPassword(app_password::Command),
    /// Check what a client publishes about itself
    #[command(subcommand)]
    Client(client::Command),
    /// Print the completions of a shell
    Completions(completions::Args),
    /// Check and show the configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Run a whole network on this machine, to try it
    Dev(dev::Args),
    /// Look after the signing keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Write, check and compare permission sets
    #[command(subcommand)]
    PermissionSet(permission_set::Command),
    /// Explain and check scopes
    #[command(subcommand)]
    Scope(scope::Command),
    /// Run the production server
    Serve(serve::Args),
}

/// Which installation a command works on.
#[derive(Debug, clap::Args)]
pub struct Installation {
    /// The configuration file of the installation
    #[arg(long, value_name = "FILE", env = crate::env::CONFIG)]
    pub config: PathBuf,
}

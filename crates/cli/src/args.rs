//! The command line.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

use crate::commands::{
    account, accounts, app_password, blob, call, client, completions, config, dev, doctor, keys, login,
    logout, mcp, permission_set, record, scope, serve, session, store, whoami,
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "Examples:
  gatewright dev                                     a whole network on this machine, to try it
  gatewright serve --config gatewright.toml          the production server
  gatewright scope explain 'repo:com.example.note'   what a scope means, in plain words
  gatewright login alice.example.com                 sign in, then `call`, `record`, `blob`";

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
    /// List who is signed in on this machine
    Accounts(accounts::Args),
    /// Make, list and revoke app passwords
    #[command(subcommand)]
    AppPassword(app_password::Command),
    /// Upload files
    #[command(subcommand)]
    Blob(blob::Command),
    /// Call a method as the account that is signed in
    Call(call::Args),
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
    /// Say what is wrong with an identity, a server, a client or this installation
    Doctor(doctor::Args),
    /// Look after the signing keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Sign in on this machine, in a browser or with an app password
    Login(login::Args),
    /// Sign out on this machine
    Logout(logout::Args),
    /// Offer the AT Protocol as tools to a language model
    Mcp(mcp::Args),
    /// Run one jq program, for `mcp`
    #[command(hide = true)]
    McpSelect,
    /// Write, check and compare permission sets
    #[command(subcommand)]
    PermissionSet(permission_set::Command),
    /// Write and read records
    #[command(subcommand)]
    Record(record::Command),
    /// Explain and check scopes
    #[command(subcommand)]
    Scope(scope::Command),
    /// Run the production server
    Serve(serve::Args),
    /// Take a session elsewhere
    #[command(subcommand)]
    Session(session::Command),
    /// Look after what is kept, as a whole
    #[command(subcommand)]
    Store(store::Command),
    /// Say as whom commands act
    Whoami(whoami::Args),
}

/// Which installation a command works on.
#[derive(Debug, clap::Args)]
pub struct Installation {
    /// The configuration file of the installation
    #[arg(long, value_name = "FILE", env = crate::env::CONFIG)]
    pub config: PathBuf,
}

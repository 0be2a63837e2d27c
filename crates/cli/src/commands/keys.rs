//! `gatewright keys entryway | list | rotate`.

use anyhow::{Context, Result};
use clap::Subcommand;
use gatewright_protocol::time::Clock;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use gatewright_server::keys::KeyFile;

use crate::args::Installation;
use crate::config::Config;
use crate::printer::Printer;
use crate::solo::{self, Solo};

/// Look after the signing keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print what a stock host behind this server is told in its environment; none of it is secret
    Entryway(Installation),
    /// Print the names of the signing keys, the one in use first
    List(Installation),
    /// Sign with a new key from the next reload on; what older keys signed stays good
    Rotate(Rotate),
}

/// Sign with a new key from the next reload or start on.
#[derive(Debug, clap::Args)]
pub struct Rotate {
    #[command(flatten)]
    installation: Installation,
    /// Drop all older keys now, because one was stolen: what they signed is good no longer
    #[arg(long)]
    withdraw: bool,
}

/// Runs a command of `keys`.
///
/// # Errors
/// When the key file cannot be read or written.
pub fn run(command: &Command, printer: &mut Printer) -> Result<u8> {
    let (Command::Entryway(installation)
    | Command::List(installation)
    | Command::Rotate(Rotate { installation, .. })) = command;
    let config = Config::load(&installation.config)?;
    if let Command::Entryway(_) = command {
        for (name, value) in super::runtime()?.block_on(Solo::open_existing(&config))?.host_environment()? {
            printer.line(format_args!("{name}={value}"))?;
        }
        return Ok(0);
    }
    let path = solo::key_file(&config.server.data);
    let mut keys = KeyFile::load(&path).with_context(|| format!("cannot use {}", path.display()))?;
    if let Command::Rotate(rotate) = command {
        if rotate.withdraw {
            keys.withdraw(&SystemRandom, SystemClock.now());
            keys.save(&path)?;
            printer.note(
                "reload the server now (SIGHUP, `systemctl reload`): until then it signs with the old key and takes what that signed",
            );
            printer.note(
                "after that, access tokens signed before stop working; applications refresh them and go on, and \
                 sessions begun with a password are over",
            );
        } else {
            keys.rotate(&SystemRandom, SystemClock.now());
            keys.save(&path)?;
            printer.note("reload the server (SIGHUP, `systemctl reload`), and it signs with the new key");
        }
    }
    for kid in keys.kids()? {
        printer.line(kid)?;
    }
    Ok(0)
}

//! `gatewright session export`.

use anyhow::Result;
use clap::ValueEnum;
use gatewright_client::Kind;

use super::SEPARATOR;
use crate::own_sessions::{As, OwnSessions};
use crate::printer::Printer;

const EXAMPLES: &str = "\
`sdk` is the string of the Python SDK, for sessions of app passwords; whoever has it can act as the account. `sealed` is for
another machine that has the same key file (~/.config/gatewright/session.keys). Only one of the two should go on with it.

Examples:
  gatewright session export > session.txt
  gatewright session export --format sealed | ssh other gatewright session import";

/// Which session, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The form. Default: `sdk` for an app password, `sealed` for OAuth
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Which account
    #[command(flatten)]
    pub whose: As,
}

/// The form of an exported session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The Python SDK's
    Sdk,
    /// Our own, sealed
    Sealed,
}

pub(super) async fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let (session, entry) = OwnSessions::open()?.resume(&args.whose).await?;
    let format = args.format.unwrap_or_else(|| match session.kind() {
        Kind::Oauth => Format::Sealed,
        Kind::AppPassword => Format::Sdk,
    });
    match format {
        Format::Sdk => printer.line(session.export_sdk()?.as_str())?,
        Format::Sealed => {
            let sealed = session.export_sealed()?;
            match entry.scope {
                Some(scope) => printer.line(format_args!("{sealed}{SEPARATOR}{scope}"))?,
                None => printer.line(sealed)?,
            }
        }
    }
    Ok(0)
}

//! `gatewright session import`.

use anyhow::Result;
use url::Url;

use super::SEPARATOR;
use crate::commands::login::secret_line;
use crate::env;
use crate::own_sessions::{OwnSessions, client};
use crate::printer::Printer;

/// Where the session belongs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  gatewright session import < session.txt")]
pub struct Args {
    /// The PLC directory to ask, if not the public one
    #[arg(long, value_name = "URL", env = env::PLC)]
    pub plc: Option<Url>,
}

pub(super) async fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let text = secret_line("Session: ")?;
    let mut own = OwnSessions::open()?;
    let sessions = own.sessions(args.plc.as_ref())?;
    let text = text.trim();
    let (session, scope) = match text.split_once(SEPARATOR) {
        Some((sealed, scope)) => (client(sessions, scope)?.import_sealed(sealed).await?, Some(scope)),
        None if text.contains(":::") => (sessions.import_sdk(text).await?, None),
        None => (sessions.import_sealed(text).await?, None),
    };
    own.note(&session, scope, args.plc.as_ref())?;
    printer.note(format_args!("{} is signed in", session.account()));
    Ok(0)
}

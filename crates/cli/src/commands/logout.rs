//! `gatewright logout`: ends the session at the server, and forgets it.

use anyhow::Result;
use gatewright_client::CallError;

use crate::own_sessions::{As, OwnSessions, client, session_id};
use crate::printer::Printer;

/// Whose session.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which account
    #[command(flatten)]
    pub whose: As,
}

/// Signs out. A session that was over already is forgotten.
///
/// # Errors
/// Nobody is signed in, or the store cannot be written.
pub fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    crate::commands::runtime()?.block_on(logout(&args.whose, printer))?;
    Ok(0)
}

async fn logout(whose: &As, printer: &mut Printer) -> Result<()> {
    let mut own = OwnSessions::open()?;
    let summary = own.meant(whose).await?;
    let entry = own.entry(&summary)?;
    let sessions = own.sessions(entry.plc.as_ref())?;
    let id = session_id(&entry)?;
    let resumed = match &entry.scope {
        None => sessions.resume(&id).await,
        Some(scope) => client(sessions, scope)?.resume(&id).await,
    };
    match resumed {
        Ok(session) => session.sign_out().await?,
        Err(error) if error.is_over() => {}
        Err(CallError::Client(_)) => {}
        Err(error) => return Err(error.into()),
    }
    own.forget(id.as_str())?;
    printer.note(format_args!("{} is signed out", summary.account));
    Ok(())
}

//! `gatewright whoami`: as whom commands act, and what they may do.

use anyhow::Result;
use gatewright_client::Kind;
use serde::Serialize;
use serde_json::Value;

use crate::commands::text;
use crate::own_sessions::{As, OwnSessions, over};
use crate::printer::Printer;

/// Whose session.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which account
    #[command(flatten)]
    pub whose: As,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Answer {
    did: String,
    handle: String,
    host: String,
    kind: &'static str,
    scope: String,
}

/// Asks the host, so that the answer is true now.
///
/// # Errors
/// Nobody is signed in, the session is over, or the host cannot be reached.
pub fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let answer = crate::commands::runtime()?.block_on(ask(&args.whose))?;
    if args.json {
        printer.json(&answer)?;
        return Ok(0);
    }
    let Answer { did, handle, host, kind, scope } = &answer;
    printer.line(format_args!("{handle} ({did})"))?;
    printer.line(format_args!("  at {host}, by {kind}"))?;
    if !scope.is_empty() {
        printer.line(format_args!("  {scope}"))?;
    }
    Ok(0)
}

async fn ask(whose: &As) -> Result<Answer> {
    let (session, _) = OwnSessions::open()?.resume(whose).await?;
    let did = session.account().to_string();
    let told: Value =
        session.query("com.atproto.server.getSession", &[]).await.map_err(|error| over(error, &did))?;
    Ok(Answer {
        handle: text(&told, "/handle").to_owned(),
        host: session.host().unwrap_or_default(),
        kind: word(session.kind()),
        scope: session.granted().to_string(),
        did,
    })
}

/// How a session came about, in the words of the command line.
pub(super) const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Oauth => "oauth",
        Kind::AppPassword => "app-password",
    }
}

//! `gatewright record delete`.

use anyhow::{Context, Result};
use gatewright_client::Session;
use gatewright_protocol::syntax::AtUri;

use super::{call, many, place};
use crate::own_sessions::{As, OwnSessions, over};
use crate::printer::Printer;

const EXAMPLES: &str = "Examples:
  gatewright record delete at://did:plc:…/com.example.note/3k2
  gatewright record list com.example.note | cut -d' ' -f1 | gatewright record delete -";

/// Which record.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where it is; `-` reads one at-uri a line from standard input
    #[arg(value_name = "AT-URI")]
    pub uri: String,
    /// Which account
    #[command(flatten)]
    pub whose: As,
}

pub(super) async fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let (session, _) = OwnSessions::open()?.resume(&args.whose).await?;
    if args.uri == "-" {
        return many::each_line(printer, async |line| delete(&session, line).await).await;
    }
    let deleted = delete(&session, &args.uri).await;
    let uri = deleted.map_err(|error| match error.downcast() {
        Ok(error) => over(error, session.account().as_str()),
        Err(error) => error,
    })?;
    printer.note(format_args!("{uri} is gone"));
    Ok(0)
}

async fn delete(session: &Session, uri: &str) -> Result<String> {
    let parsed: AtUri = uri.parse().context("this is no at-uri")?;
    call(session, "com.atproto.repo.deleteRecord", &place(&parsed)?).await?;
    Ok(uri.to_owned())
}

//! `gatewright record put`.

use anyhow::Result;
use gatewright_protocol::syntax::AtUri;

use super::{call, place, record};
use crate::commands::text;
use crate::own_sessions::{As, OwnSessions, over};
use crate::printer::Printer;

/// Which record.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  gatewright record put at://did:plc:…/com.example.note/3k2 '{\"text\":\"changed\"}'"
)]
pub struct Args {
    /// Where it is
    #[arg(value_name = "AT-URI")]
    pub uri: AtUri,
    /// What it shall be
    #[arg(value_name = "JSON")]
    pub record: String,
    /// Which account
    #[command(flatten)]
    pub whose: As,
}

pub(super) async fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let mut input = place(&args.uri)?;
    input.record = Some(record(&args.record)?);
    let (session, _) = OwnSessions::open()?.resume(&args.whose).await?;
    let written = call(&session, "com.atproto.repo.putRecord", &input).await;
    let written = written.map_err(|error| over(error, session.account().as_str()))?;
    printer.line(text(&written, "/uri"))?;
    Ok(0)
}

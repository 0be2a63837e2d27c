//! `gatewright record get`.

use anyhow::Result;
use gatewright_protocol::syntax::{AtUri, RecordKey};
use serde_json::Value;

use super::{Place, place};
use crate::own_sessions::{As, OwnSessions, over};
use crate::printer::Printer;

/// Which record.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  gatewright record get at://did:plc:…/com.example.note/3k2")]
pub struct Args {
    /// Where it is: a record of an account of this host, or of one that the host knows
    #[arg(value_name = "AT-URI")]
    pub uri: AtUri,
    /// Which account asks
    #[command(flatten)]
    pub whose: As,
}

pub(super) async fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let Place { repo, collection, rkey, .. } = place(&args.uri)?;
    let rkey = rkey.as_ref().map_or("", RecordKey::as_str);
    let params = [("repo", repo), ("collection", collection.as_str()), ("rkey", rkey)];
    let (session, _) = OwnSessions::open()?.resume(&args.whose).await?;
    let found: Result<Value, _> = session.query("com.atproto.repo.getRecord", &params).await;
    printer.json(&found.map_err(|error| over(error, session.account().as_str()))?)?;
    Ok(0)
}

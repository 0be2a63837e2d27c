//! `gatewright record create`.

use anyhow::Result;
use gatewright_client::Session;
use gatewright_protocol::syntax::{Nsid, RecordKey};
use serde_json::Value;

use super::{Place, call, many, record};
use crate::commands::text;
use crate::own_sessions::{As, OwnSessions, over};
use crate::printer::Printer;

const EXAMPLES: &str = "Examples:
  gatewright record create com.example.note '{\"text\":\"hello\"}'
  gatewright record create com.example.note - < notes.jsonl     a record a line; prints the at-uri of each";

/// Which record.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The collection
    #[arg(value_name = "COLLECTION")]
    pub collection: Nsid,
    /// The record; `-` reads one a line from standard input
    #[arg(value_name = "JSON")]
    pub record: String,
    /// Its key; the host chooses one otherwise
    #[arg(long, value_name = "KEY")]
    pub rkey: Option<RecordKey>,
    /// Which account
    #[command(flatten)]
    pub whose: As,
}

pub(super) async fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let (session, _) = OwnSessions::open()?.resume(&args.whose).await?;
    if args.record == "-" {
        anyhow::ensure!(args.rkey.is_none(), "one key cannot be that of many records");
        return many::each_line(printer, async |line| create(args, &session, record(line)?).await).await;
    }
    let made = create(args, &session, record(&args.record)?).await;
    let uri = made.map_err(|error| match error.downcast() {
        Ok(error) => over(error, session.account().as_str()),
        Err(error) => error,
    })?;
    printer.line(uri)?;
    Ok(0)
}

async fn create(args: &Args, session: &Session, record: Value) -> Result<String> {
    let place = Place {
        repo: session.account().as_str(),
        collection: args.collection.clone(),
        rkey: args.rkey.clone(),
        record: Some(record),
    };
    let made = call(session, "com.atproto.repo.createRecord", &place).await?;
    Ok(text(&made, "/uri").to_owned())
}

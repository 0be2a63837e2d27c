//! `gatewright record …`: a file for each command.

mod create;
mod delete;
mod get;
mod list;
mod many;
mod put;

use anyhow::{Context, Result};
use clap::Subcommand;
use gatewright_client::Session;
use gatewright_protocol::syntax::{AtUri, Nsid, RecordKey};
use serde::Serialize;
use serde_json::Value;

pub use create::Args as CreateArgs;
pub use delete::Args as DeleteArgs;
pub use get::Args as GetArgs;
pub use list::Args as ListArgs;
pub use put::Args as PutArgs;

use crate::printer::Printer;

/// Write and read records.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a record, or many from standard input
    Create(CreateArgs),
    /// Print a record
    Get(GetArgs),
    /// List the records of a collection
    List(ListArgs),
    /// Replace a record
    Put(PutArgs),
    /// Remove a record, or many from standard input
    Delete(DeleteArgs),
}

/// Runs a command of `record`.
///
/// # Errors
/// Nobody is signed in, the host refuses, or the network fails.
pub fn run(command: Command, printer: &mut Printer) -> Result<u8> {
    let runtime = crate::commands::runtime()?;
    match command {
        Command::Create(args) => runtime.block_on(create::run(&args, printer)),
        Command::Get(args) => runtime.block_on(get::run(&args, printer)),
        Command::List(args) => runtime.block_on(list::run(&args, printer)),
        Command::Put(args) => runtime.block_on(put::run(&args, printer)),
        Command::Delete(args) => runtime.block_on(delete::run(&args, printer)),
    }
}

/// A record, read from what was typed.
fn record(text: &str) -> Result<Value> {
    let value: Value = serde_json::from_str(text).context("the record is no JSON")?;
    anyhow::ensure!(value.is_object(), "a record is a JSON object");
    Ok(value)
}

/// Where a record is, and what it shall be: the input of the methods.
#[derive(Serialize)]
struct Place<'a> {
    repo: &'a str,
    collection: Nsid,
    #[serde(skip_serializing_if = "Option::is_none")]
    rkey: Option<RecordKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Value>,
}

/// The parts of an at-uri that names a record.
fn place(uri: &AtUri) -> Result<Place<'_>> {
    let rkey = uri.record_key();
    let collection = uri.collection().filter(|_| rkey.is_some());
    let collection = collection.context("this at-uri names no record: at://ACCOUNT/COLLECTION/KEY")?;
    Ok(Place { repo: uri.authority(), collection, rkey, record: None })
}

async fn call(
    session: &Session,
    method: &str,
    input: &Place<'_>,
) -> Result<Value, gatewright_client::CallError> {
    session.procedure(method, input).await
}

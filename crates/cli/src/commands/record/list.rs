//! `gatewright record list`.

use anyhow::Result;
use gatewright_protocol::syntax::Nsid;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::commands::text;
use crate::own_sessions::{As, OwnSessions, over};
use crate::printer::Printer;

/// As many as a page may have.
const PAGE: &str = "100";

/// Which collection.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  gatewright record list com.example.note --limit 10")]
pub struct Args {
    /// The collection
    #[arg(value_name = "COLLECTION")]
    pub collection: Nsid,
    /// Whose records: a handle or DID. Default: the account's own
    #[arg(long, value_name = "ACCOUNT")]
    pub repo: Option<String>,
    /// The most that are listed. Default: all
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Which account asks
    #[command(flatten)]
    pub whose: As,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Deserialize)]
struct Page {
    records: Vec<Value>,
    cursor: Option<String>,
}

pub(super) async fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let (session, _) = OwnSessions::open()?.resume(&args.whose).await?;
    let repo = args.repo.clone().unwrap_or_else(|| session.account().to_string());
    let most = args.limit.unwrap_or(usize::MAX);
    let (mut cursor, mut all) = (None::<String>, Vec::new());
    let mut listed = 0;
    while listed < most {
        let mut params =
            vec![("repo", repo.as_str()), ("collection", args.collection.as_str()), ("limit", PAGE)];
        params.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page: Result<Page, _> = session.query("com.atproto.repo.listRecords", &params).await;
        let page = page.map_err(|error| over(error, session.account().as_str()))?;
        if page.records.is_empty() {
            break;
        }
        for record in page.records.into_iter().take(most - listed) {
            listed += 1;
            if args.json {
                all.push(record);
            } else {
                printer.line(format_args!(
                    "{} {}",
                    text(&record, "/uri"),
                    record.pointer("/value").unwrap_or(&Value::Null)
                ))?;
            }
        }
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    if args.json {
        printer.json(&json!({"records": all}))?;
    }
    Ok(0)
}

//! `gatewright permission-set diff`.

use std::path::PathBuf;

use anyhow::Result;
use gatewright_protocol::permission_set::{Change, Difference, PermissionSet};
use gatewright_protocol::scope::{Audience, Include, Scopes};
use serde::Serialize;
use serde_json::Value;

use super::file::File;
use crate::commands::REFUSED;
use crate::printer::Printer;

const EXAMPLES: &str = "Examples:
  gatewright permission-set diff published.json edited.json
  gatewright permission-set diff --refuse-wider --json published.json edited.json";

/// What stands for the service of entries with `inheritAud` where none is named.
const ANY_SERVICE: &str = "did:web:service.invalid#named-by-the-application";

/// Which two versions.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The service that entries with `inheritAud` are shown with
    #[arg(long, value_name = "DID#SERVICE", value_parser = parse_audience, default_value = ANY_SERVICE, hide_default_value = true)]
    pub aud: Audience,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Exit with 3 where the new version grants something that the old one does not
    #[arg(long)]
    pub refuse_wider: bool,
    /// The old version of the document
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The new version of the document
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
}

fn parse_audience(text: &str) -> Result<Audience, String> {
    Audience::parse(text)
        .ok_or_else(|| format!("`{text}` is no service of a DID, as did:web:api.example.com#service"))
}

#[derive(Serialize)]
struct Answer {
    change: &'static str,
    added: Vec<String>,
    removed: Vec<String>,
    /// Which of the texts that people see are different.
    texts: Vec<&'static str>,
}

/// Says what changed, and in which direction.
///
/// # Errors
/// When a file cannot be read, or the answer cannot be printed.
pub(super) fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let (old, new) = (File::read(&args.old)?, File::read(&args.new)?);
    let mut sets = Vec::new();
    for file in [&old, &new] {
        match file.permission_set() {
            Ok(set) => sets.push(set),
            Err(error) => printer.error(format_args!("{}{error}", file.places().of(None))),
        }
    }
    let [old_set, new_set] = sets.as_slice() else { return Ok(REFUSED) };
    if old_set.nsid() != new_set.nsid() {
        printer.note(format_args!(
            "these are two sets, `{}` and `{}`: they are compared by what each one grants",
            old_set.nsid(),
            new_set.nsid()
        ));
    }
    let difference = Difference::between(&opened(old_set, &args.aud), &opened(new_set, &args.aud));
    let change = difference.change();
    let list = |scopes: &Scopes| scopes.iter().map(str::to_owned).collect();
    let answer = Answer {
        change: change.as_str(),
        added: list(&difference.added),
        removed: list(&difference.removed),
        texts: changed_texts(&old, &new),
    };
    if args.json {
        printer.json(&answer)?;
    } else {
        print(&answer, change, printer)?;
    }
    Ok(if args.refuse_wider && change.widens() { REFUSED } else { 0 })
}

/// Everything that a set can grant.
fn opened(set: &PermissionSet, aud: &Audience) -> Scopes {
    set.expand(&Include { nsid: set.nsid().clone(), aud: Some(aud.clone()) }).scopes()
}

fn changed_texts(old: &File, new: &File) -> Vec<&'static str> {
    let read = |file: &File| file.document().unwrap_or_default();
    let (old, new) = (read(old), read(new));
    let field = |document: &Value, name: &str| {
        document.pointer("/defs/main").and_then(|main| main.get(name)).cloned()
    };
    let mut texts = vec!["title", "title:lang", "detail", "detail:lang"];
    texts.retain(|name| field(&old, name) != field(&new, name));
    texts
}

fn print(answer: &Answer, change: Change, printer: &mut Printer) -> Result<()> {
    printer.line(match change {
        Change::Both => "wider and narrower",
        Change::Narrower => "narrower: sessions lose this at their next refresh",
        Change::Same => "the same permissions",
        Change::Wider => "wider: sessions may gain this at their next refresh",
    })?;
    for scope in &answer.added {
        printer.line(format_args!("+ {scope}"))?;
    }
    for scope in &answer.removed {
        printer.line(format_args!("- {scope}"))?;
    }
    if !answer.texts.is_empty() {
        printer.line(format_args!("texts that changed: {}", answer.texts.join(", ")))?;
    }
    Ok(())
}

//! `gatewright permission-set new`.

mod document;
mod questions;

use std::fs::OpenOptions;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use gatewright_protocol::permission_set::lint;
use gatewright_protocol::scope::RepoAction;
use gatewright_protocol::syntax::Nsid;

use self::document::Draft;
use crate::commands::{REFUSED, USAGE};
use crate::printer::Printer;

const EXAMPLES: &str = "On a terminal, what no option says is asked for.

Examples:
  gatewright permission-set new
  gatewright permission-set new --nsid com.example.authBasic --title Notes --detail 'Write your notes.' --collection com.example.note
  gatewright permission-set new --json --nsid com.example.authBasic --title Notes --detail 'Read your feed.' --lxm com.example.getFeed --aud inherit";

/// What the set is to hold.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// An action on the records: create, update or delete; can be repeated; default: all three
    #[arg(long = "action", value_name = "ACTION", value_parser = parse_action)]
    pub actions: Vec<RepoAction>,
    /// Of which service the methods may be called
    #[arg(long, value_enum)]
    pub aud: Option<Service>,
    /// A collection that may be written; can be repeated
    #[arg(long = "collection", value_name = "NSID")]
    pub collections: Vec<Nsid>,
    /// What it is for, in a sentence or two
    #[arg(long, value_name = "TEXT")]
    pub detail: Option<String>,
    /// The same in another language; can be repeated
    #[arg(long = "detail-lang", value_name = "TAG=TEXT", value_parser = parse_translation)]
    pub detail_translations: Vec<(String, String)>,
    /// Replace a file that exists
    #[arg(long)]
    pub force: bool,
    /// Print the document instead of writing a file
    #[arg(long, conflicts_with = "file")]
    pub json: bool,
    /// A method that may be called in the person's name; can be repeated
    #[arg(long = "lxm", value_name = "NSID")]
    pub methods: Vec<Nsid>,
    /// The name of the set, such as com.example.authBasic
    #[arg(long)]
    pub nsid: Option<Nsid>,
    /// What people read, in a few words
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// The same in another language; can be repeated
    #[arg(long = "title-lang", value_name = "TAG=TEXT", value_parser = parse_translation)]
    pub title_translations: Vec<(String, String)>,
    /// Where to write the document; default: the NSID with `.json`
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Of which service methods may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// Of every service
    Any,
    /// Of the one that the application names in its `include:`
    Inherit,
}

fn parse_action(text: &str) -> Result<RepoAction, String> {
    RepoAction::parse(text).ok_or_else(|| "the actions are create, update and delete".to_owned())
}

fn parse_translation(text: &str) -> Result<(String, String), String> {
    let (tag, text) = text.split_once('=').ok_or("write a language tag and the text, as de=Notizen")?;
    Ok((tag.to_owned(), text.to_owned()))
}

/// Makes a document that lint has no errors for, and writes it.
///
/// # Errors
/// When the file cannot be written, or a question cannot be asked.
pub(super) fn run(args: Args, printer: &mut Printer) -> Result<u8> {
    let (file, force, json) = (args.file.clone(), args.force, args.json);
    let mut draft = Draft::from(args);
    if std::io::stdin().is_terminal() {
        questions::complete(&mut draft, &mut std::io::stdin().lock(), printer)?;
    }
    let missing = draft.missing();
    if !missing.is_empty() {
        printer.error(format_args!("these options are missing: {}", missing.join(", ")));
        printer.hint("without options, on a terminal, the command asks");
        return Ok(USAGE);
    }
    let document = draft.document();
    let found = lint(&serde_json::to_value(&document)?);
    for finding in &found.errors {
        printer.error(&finding.message);
    }
    for finding in &found.warnings {
        printer.note(format_args!("warning: {}", finding.message));
    }
    if !found.errors.is_empty() {
        return Ok(REFUSED);
    }
    let text = serde_json::to_string_pretty(&document)?;
    if json {
        printer.line(text)?;
    } else {
        let file = file.unwrap_or_else(|| PathBuf::from(format!("{}.json", document.id())));
        write(&file, &text, force)?;
        printer.note(format_args!("{} is written; publish it under its NSID", file.display()));
    }
    Ok(0)
}

fn write(path: &Path, text: &str, force: bool) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    writeln!(file, "{text}").with_context(|| format!("cannot write {}", path.display()))
}

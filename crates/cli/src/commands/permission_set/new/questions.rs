//! The questions that a person is asked about a new set.

use std::io::BufRead;

use anyhow::{Result, bail};
use gatewright_protocol::permission_set::is_within;
use gatewright_protocol::scope::RepoAction;
use gatewright_protocol::syntax::Nsid;

use super::document::Draft;
use super::{Service, parse_action, parse_translation};
use crate::printer::Printer;

/// Asks for what is not known yet.
///
/// # Errors
/// The input ends before everything is answered.
pub(super) fn complete(draft: &mut Draft, input: &mut dyn BufRead, printer: &mut Printer) -> Result<()> {
    let mut ask = Questions { input, printer };
    let nsid = match draft.nsid.take() {
        Some(nsid) => nsid,
        None => ask.until("Name of the set, such as com.example.authBasic", parse_name)?,
    };
    if draft.title.is_none() {
        draft.title = Some(ask.until("Title, in a few words", some_text)?);
        ask.translations("Title", &mut draft.title_translations)?;
    }
    if draft.detail.is_none() {
        draft.detail = Some(ask.until("What it is for, in a sentence or two", some_text)?);
        ask.translations("Detail", &mut draft.detail_translations)?;
    }
    if draft.collections.is_empty() && draft.methods.is_empty() {
        let names = |text: &str| parse_names(&nsid, text);
        draft.collections =
            ask.until("Collections that may be written, with spaces between (empty: none)", names)?;
        if draft.actions.is_empty() && !draft.collections.is_empty() {
            draft.actions = ask.until("Actions on them (empty: create update delete)", parse_actions)?;
        }
        draft.methods = ask.until("Methods that may be called, with spaces between (empty: none)", names)?;
    }
    if draft.service.is_none() && !draft.methods.is_empty() {
        let question =
            "Of every service, or of the one the application names? any or inherit (empty: inherit)";
        draft.service = Some(ask.until(question, parse_service)?);
    }
    draft.nsid = Some(nsid);
    Ok(())
}

struct Questions<'q> {
    input: &'q mut dyn BufRead,
    printer: &'q mut Printer,
}

impl Questions<'_> {
    /// Asks until the answer can be read.
    fn until<T>(&mut self, question: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<T> {
        loop {
            self.printer.note(format_args!("{question}:"));
            let mut line = String::new();
            if self.input.read_line(&mut line)? == 0 {
                bail!("the input ended before everything was answered");
            }
            match read(line.trim()) {
                Ok(answer) => return Ok(answer),
                Err(problem) => self.printer.note(format_args!("  {problem}")),
            }
        }
    }

    fn translations(
        &mut self,
        what: &str,
        translations: &mut std::collections::BTreeMap<String, String>,
    ) -> Result<()> {
        let question = format!("{what} in another language, as de=Notizen (empty: no more)");
        let read = |text: &str| if text.is_empty() { Ok(None) } else { parse_translation(text).map(Some) };
        while let Some((tag, text)) = self.until(&question, read)? {
            translations.insert(tag, text);
        }
        Ok(())
    }
}

fn parse_name(text: &str) -> Result<Nsid, String> {
    let nsid: Nsid = text.parse().map_err(|error| format!("{error}"))?;
    if nsid.name().starts_with("auth") {
        Ok(nsid)
    } else {
        Err("the last part begins with `auth`, so that everybody sees that it is a permission set".to_owned())
    }
}

fn some_text(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("people read this before they approve".to_owned()) } else { Ok(text.to_owned()) }
}

fn parse_names(set: &Nsid, text: &str) -> Result<Vec<Nsid>, String> {
    text.split_whitespace()
        .map(|name| {
            let nsid: Nsid = name.parse().map_err(|error| format!("`{name}`: {error}"))?;
            if is_within(set, name) {
                Ok(nsid)
            } else {
                Err(format!("`{name}` is outside the namespace of the set: it would grant nothing"))
            }
        })
        .collect()
}

fn parse_actions(text: &str) -> Result<Vec<RepoAction>, String> {
    text.split_whitespace().map(parse_action).collect()
}

fn parse_service(text: &str) -> Result<Service, String> {
    match text {
        "" | "inherit" => Ok(Service::Inherit),
        "any" => Ok(Service::Any),
        _ => Err("write any or inherit".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(lines: &str) -> Result<Draft> {
        let mut draft = Draft::default();
        let mut printer = Printer::to(Box::new(Vec::new()), Box::new(Vec::new()));
        complete(&mut draft, &mut lines.as_bytes(), &mut printer)?;
        Ok(draft)
    }

    #[test]
    fn a_bad_answer_is_asked_again() {
        let lines = "notes\ncom.example.notes\ncom.example.authNotes\n\nNotes\nde=Notizen\n\nWrite notes.\n\n\
                     com.other.note\ncom.example.note com.example.tag\nread\ncreate delete\ncom.example.getNote\n\n";
        let draft = answered(lines).unwrap();
        assert!(draft.missing().is_empty());
        let json = serde_json::to_value(draft.document()).unwrap();
        let main = serde_json::json!({
            "type": "permission-set",
            "title": "Notes",
            "title:lang": {"de": "Notizen"},
            "detail": "Write notes.",
            "permissions": [
                {"type": "permission", "resource": "repo", "collection": ["com.example.note", "com.example.tag"],
                 "action": ["create", "delete"]},
                {"type": "permission", "resource": "rpc", "lxm": ["com.example.getNote"], "inheritAud": true},
            ],
        });
        assert_eq!(
            json,
            serde_json::json!({"lexicon": 1, "id": "com.example.authNotes", "defs": {"main": main}})
        );
        let lint = gatewright_protocol::permission_set::lint(&json);
        assert_eq!(lint, gatewright_protocol::permission_set::Lint::default());
    }

    #[test]
    fn what_options_said_is_not_asked() {
        let mut draft = Draft {
            nsid: "com.example.authBasic".parse().ok(),
            title: Some("T".to_owned()),
            detail: Some("D".to_owned()),
            collections: vec!["com.example.note".parse().unwrap()],
            ..Draft::default()
        };
        let mut printer = Printer::to(Box::new(Vec::new()), Box::new(Vec::new()));
        complete(&mut draft, &mut &b""[..], &mut printer).unwrap();
        assert!(draft.missing().is_empty());
    }

    #[test]
    fn input_that_ends_is_an_error() {
        assert!(answered("com.example.authBasic\nTitle\n").is_err());
    }
}

//! `gatewright scope explain`.

mod resolve;

use anyhow::Result;
use gatewright_protocol::scope::{Permission, RESOURCES, Sentence, Warning, sentences};
use serde::Serialize;

pub use self::resolve::SetOptions;
use self::resolve::{Resolved, Sets};
use crate::commands::REFUSED;
use crate::printer::Printer;

const EXAMPLES: &str = "Examples:
  gatewright scope explain 'repo:app.example.note?action=create'
  gatewright scope explain --json 'atproto blob:image/* rpc:app.example.getNote?aud=*'
  gatewright scope explain --resolve include:fm.plyr.authFullApp";

/// What to explain.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print one JSON object a scope, each on its line
    #[arg(long)]
    pub json: bool,
    /// Whether to look permission sets up, and where.
    #[command(flatten)]
    pub sets: SetOptions,
    /// A scope, or a whole scope string with spaces
    #[arg(value_name = "SCOPE", required = true)]
    pub scopes: Vec<String>,
}

#[derive(Serialize)]
struct Explanation<'a> {
    scope: &'a str,
    valid: bool,
    normalized: Option<String>,
    resource: Option<&'a str>,
    sentences: Vec<String>,
    /// Whether the scope is far-reaching.
    warning: bool,
    error: Option<String>,
    /// What an `include:` stands for today; only when asked to resolve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    set: Option<Resolved>,
}

/// Explains each scope, in order.
///
/// # Errors
/// When the answer cannot be printed, or a permission set cannot be looked up because of the network.
pub(super) fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let mut status = 0;
    let sets = Sets::new(&args.sets)?;
    for scope in args.scopes.iter().flat_map(|argument| tokens(argument)) {
        let mut explanation = explain(scope);
        if let Some(sets) = &sets {
            explanation.set = sets.resolve(scope)?;
        }
        if !explanation.valid || explanation.set.as_ref().is_some_and(|set| set.unresolved.is_some()) {
            status = REFUSED;
        }
        if args.json { printer.json(&explanation)? } else { print(&explanation, printer)? }
    }
    Ok(status)
}

/// The scopes of an argument; an empty one is a scope that means nothing.
fn tokens(argument: &str) -> Vec<&str> {
    let tokens: Vec<&str> = argument.split(' ').filter(|token| !token.is_empty()).collect();
    if tokens.is_empty() { vec![argument] } else { tokens }
}

fn explain(scope: &str) -> Explanation<'_> {
    let word = scope.split([':', '?']).next().unwrap_or_default();
    let resource = RESOURCES.iter().find(|resource| **resource == word).copied();
    match scope.parse::<Permission>() {
        Ok(permission) => {
            let sentences = sentences(&permission);
            Explanation {
                scope,
                valid: true,
                normalized: Some(permission.to_string()),
                resource,
                warning: sentences.iter().any(|sentence| sentence.warning != Warning::None),
                sentences: sentences.iter().map(Sentence::to_string).collect(),
                error: None,
                set: None,
            }
        }
        Err(error) => Explanation {
            scope,
            valid: false,
            normalized: None,
            resource,
            sentences: Vec::new(),
            warning: false,
            error: Some(error.to_string()),
            set: None,
        },
    }
}

fn print(explanation: &Explanation<'_>, printer: &mut Printer) -> Result<()> {
    printer.line(explanation.scope)?;
    if let Some(error) = &explanation.error {
        printer.line(format_args!("  invalid: {error}"))?;
    }
    for sentence in &explanation.sentences {
        printer.line(format_args!("  - {sentence}"))?;
    }
    if let Some(set) = &explanation.set {
        set.print(printer)?;
    }
    if explanation.warning {
        printer.line("  far-reaching: a consent page warns of it")?;
    }
    if let Some(normal) = explanation.normalized.as_deref().filter(|normal| *normal != explanation.scope) {
        printer.line(format_args!("  in normal form: {normal}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_scope_has_the_promised_shape() {
        let json = serde_json::to_value(explain("repo:x.y.z?action=create")).unwrap();
        assert_eq!(json["scope"], "repo:x.y.z?action=create");
        assert_eq!(json["valid"], true);
        assert_eq!(json["normalized"], "repo:x.y.z?action=create");
        assert_eq!(json["resource"], "repo");
        assert_eq!(json["sentences"], serde_json::json!(["Create x.y.z records"]));
        assert_eq!(json["error"], serde_json::Value::Null);
    }

    #[test]
    fn an_invalid_scope_says_why() {
        let json = serde_json::to_value(explain("repo:read")).unwrap();
        assert_eq!((&json["valid"], &json["normalized"]), (&false.into(), &serde_json::Value::Null));
        assert!(json["error"].as_str().unwrap().starts_with("`read` is not a collection NSID"));
        assert_eq!(explain("openid").resource, None);
        assert_eq!(explain("transition:foo").resource, Some("transition"));
    }
}

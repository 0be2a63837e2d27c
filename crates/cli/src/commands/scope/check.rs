//! `gatewright scope check`.

use anyhow::Result;
use gatewright_protocol::scope::{Considered, InvalidScope, Need, Permission, Permissions, Repo, RepoAction};
use serde::Serialize;

use crate::commands::REFUSED;
use crate::printer::Printer;

const EXAMPLES: &str = "Examples:
  gatewright scope check --granted 'atproto repo:app.example.note?action=update' --needs 'repo:app.example.note?action=create'
  gatewright scope check --json --granted 'atproto blob:image/*' --needs blob:image/png";

/// What is granted and what is needed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// The scopes of the token, as one scope string
    #[arg(long, value_name = "SCOPES")]
    pub granted: String,
    /// What one request needs, written as a scope
    #[arg(long, value_name = "PERMISSION", value_parser = parse_needed)]
    pub needs: Permission,
}

fn parse_needed(text: &str) -> Result<Permission, String> {
    let permission: Permission = text.parse().map_err(|error: InvalidScope| error.to_string())?;
    if permission.needs().is_empty() {
        return Err(format!("`{}` is nothing that a request needs a permission for", permission.resource()));
    }
    Ok(permission)
}

#[derive(Serialize)]
struct Answer {
    allowed: bool,
    by: Option<String>,
    missing: Option<String>,
    considered: Vec<Considered>,
}

/// Tells whether the granted scopes suffice, by which of them, and why the others do not.
///
/// # Errors
/// When the answer cannot be printed.
pub(super) fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let answer = check(&args.granted, &args.needs);
    if args.json {
        printer.json(&answer)?;
    } else {
        print(&answer, printer)?;
    }
    Ok(if answer.allowed { 0 } else { REFUSED })
}

fn check(granted: &str, needed: &Permission) -> Answer {
    let granted: Permissions = granted.split(' ').filter(|scope| !scope.is_empty()).collect();
    let needs = needed.needs();
    let missing: Vec<Need<'_>> = needs.iter().filter(|need| !granted.allows(need)).copied().collect();
    let mut by: Vec<&str> = Vec::new();
    for scope in needs.iter().filter_map(|need| granted.granted_by(need)) {
        if !by.contains(&scope) {
            by.push(scope);
        }
    }
    let asked = missing.first().or_else(|| needs.first());
    Answer {
        allowed: missing.is_empty(),
        by: missing.is_empty().then(|| by.join(" ")),
        missing: missing.first().map(|first| name(first, &missing, &needs, needed)),
        considered: asked.map(|need| granted.considered(need)).unwrap_or_default(),
    }
}

/// The scope to ask for: everything that was needed if nothing of it is granted, one scope for what is missing of one
/// collection, otherwise the first that is missing.
fn name(first: &Need<'_>, missing: &[Need<'_>], needs: &[Need<'_>], needed: &Permission) -> String {
    if missing.len() == needs.len() {
        return needed.to_string();
    }
    let of_one_collection = |collection: &str| -> Option<Vec<RepoAction>> {
        missing
            .iter()
            .map(|need| match need {
                Need::Repo(need) if need.collection == collection => Some(need.action),
                _ => None,
            })
            .collect()
    };
    if let (Need::Repo(repo), Permission::Repo(whole)) = (first, needed)
        && let Some(action) = of_one_collection(repo.collection)
    {
        let collection = whole
            .collection
            .iter()
            .filter(|value| value.as_str() == repo.collection)
            .take(1)
            .cloned()
            .collect();
        return Permission::Repo(Repo { collection, action }).to_string();
    }
    first.to_string()
}

fn print(answer: &Answer, printer: &mut Printer) -> Result<()> {
    match (&answer.by, &answer.missing) {
        (Some(by), _) => printer.line(format_args!("allowed by {by}"))?,
        (None, missing) => {
            printer.line(format_args!("refused: {} is missing", missing.as_deref().unwrap_or_default()))?;
            for Considered { scope, why_not } in &answer.considered {
                printer.line(format_args!("  {scope}: {why_not}"))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(granted: &str, needs: &str) -> serde_json::Value {
        serde_json::to_value(check(granted, &parse_needed(needs).unwrap())).unwrap()
    }

    #[test]
    fn a_refusal_says_what_is_missing_and_what_was_considered() {
        assert_eq!(
            json("repo:x.y.z?action=update", "repo:x.y.z?action=create"),
            serde_json::json!({
                "allowed": false,
                "by": null,
                "missing": "repo:x.y.z?action=create",
                "considered": [{"scope": "repo:x.y.z?action=update", "why_not": "action create is not granted"}],
            })
        );
    }

    #[test]
    fn pairs_may_be_granted_by_different_scopes() {
        let granted = "atproto repo:x.y.z?action=update repo:*?action=create";
        let answer = json(granted, "repo:x.y.z?action=create&action=update");
        assert_eq!(answer["allowed"], true);
        assert_eq!(answer["by"], "repo:*?action=create repo:x.y.z?action=update");
        let answer = json("repo:x.y.z?action=create", "repo:x.y.z");
        assert_eq!(answer["missing"], "repo:x.y.z?action=update&action=delete");
        assert_eq!(json("atproto", "repo:x.y.z")["missing"], "repo:x.y.z");
    }

    #[test]
    fn unknown_scopes_grant_nothing_and_are_listed() {
        let answer = json("bogus:x repo:read \"quoted\"", "repo:x.y.z?action=create");
        assert_eq!(answer["allowed"], false);
        assert_eq!(answer["considered"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn what_no_request_needs_is_a_usage_error() {
        for text in
            ["atproto", "include:a.b.c", "transition:generic", "repo:read", "rpc:a.b.c?aud=did:web:x.com", ""]
        {
            assert!(parse_needed(text).is_err(), "{text}");
        }
    }
}

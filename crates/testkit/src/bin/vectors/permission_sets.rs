//! Permission sets: how an entry is read, how far a set reaches, what an `include:` of it grants.

use gatewright_protocol::permission_set::{PermissionSet, is_within, permission};
use gatewright_protocol::scope::{Include, Permission, Scopes};
use serde_json::{Value, json};

use crate::Outcome;
use crate::scopes::{fields, member, resource_of};

/// Runs a case of this module.
pub(crate) fn run(op: &str, input: &Value, _: &Value) -> Outcome {
    match op {
        "repo.from_lexicon"
        | "rpc.from_lexicon"
        | "blob.from_lexicon"
        | "account.from_lexicon"
        | "identity.from_lexicon" => from_lexicon(resource_of(op), input),
        "include.authority" => authority(member(input, "include"), member(input, "nsid")),
        "include.expand" => expand(member(input, "include"), input.get("permission_set")),
        _ => Outcome::Unknown,
    }
}

fn from_lexicon(resource: &str, entry: &Value) -> Outcome {
    let outcome = match permission(entry, None) {
        Ok(permission) if permission.resource() == resource => {
            let mut fields = fields(&permission);
            fields["scope"] = permission.to_string().into();
            fields.into()
        }
        _ => Outcome::Rejected,
    };
    with_entry_rules(outcome, [entry])
}

fn authority(scope: &str, nsid: &str) -> Outcome {
    let Some(include) = include(scope) else { return Outcome::Rejected };
    let outcome = is_within(&include.nsid, nsid).into();
    with_case_rule(outcome, &[scope, nsid])
}

fn expand(scope: &str, main: Option<&Value>) -> Outcome {
    let (Some(include), Some(main)) = (include(scope), main) else { return Outcome::Rejected };
    let document = json!({ "lexicon": 1, "id": include.nsid, "defs": { "main": main } });
    let Ok(set) = PermissionSet::from_document(&document) else { return Outcome::Rejected };
    let expansion = set.expand(&include);
    let scopes: Vec<String> = expansion.granted.iter().map(|entry| entry.permission.to_string()).collect();
    let escaped = scopes.iter().any(|scope| scope.contains("%25"));
    let outcome = Outcome::from(Value::from(scopes));
    if escaped {
        return outcome.by_rule("SC-10: an escape that stands for `%` stays one");
    }
    let entries = main.get("permissions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<String> = entries.iter().map(Value::to_string).chain([scope.to_owned()]).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    with_entry_rules(with_case_rule(outcome, &texts), entries)
}

/// What the reference drops and this project tolerates.
fn with_entry_rules<'e>(outcome: Outcome, entries: impl IntoIterator<Item = &'e Value>) -> Outcome {
    let tolerated = |entry: &Value| {
        entry.get("description").is_some_and(Value::is_string)
            || entry.get("inheritAud") == Some(&Value::Bool(false))
    };
    if entries.into_iter().any(tolerated) {
        outcome.by_rule("PS-8: `description` and `inheritAud: false` narrow nothing, so they drop nothing")
    } else {
        outcome
    }
}

/// Where the case of a namespace decides.
fn with_case_rule(outcome: Outcome, texts: &[&str]) -> Outcome {
    let upper_in_group = |text: &&str| {
        let names = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-.".contains(c));
        names
            .filter_map(|name| name.rsplit_once('.'))
            .any(|(group, _)| group.bytes().any(|b| b.is_ascii_uppercase()))
    };
    if texts.iter().any(upper_in_group) {
        outcome.by_rule("PS-9: namespaces are compared in lower case")
    } else {
        outcome
    }
}

/// The first set that a request includes and that does not resolve: the server asks before it takes the request
/// (AS-24, PS-19).
pub(crate) fn missing_set(scopes: &Scopes, sets: &Value) -> Option<Missing> {
    scopes.iter().filter_map(include).find_map(|include| match sets.get(include.nsid.as_str()) {
        None => Some(Missing::Unreachable),
        Some(document) => PermissionSet::from_document(document).err().map(|_| Missing::NoSet),
    })
}

/// Why a set does not resolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// There is nothing, or something else, under its name.
    NoSet,
    /// Whoever should have it does not answer.
    Unreachable,
}

fn include(scope: &str) -> Option<Include> {
    match scope.parse() {
        Ok(Permission::Include(include)) => Some(include),
        _ => None,
    }
}

//! The scope language: every resource, its normal form, and what it grants.

use gatewright_protocol::scope::{
    AccountAction, AccountAttr, AccountNeed, AudienceOrAny, BlobNeed, IdentityAttr, IdentityNeed, Need,
    NsidOrAny, Permission, Permissions, RepoAction, RepoNeed, RpcNeed, Scopes, Syntax, is_accept, is_mime,
    matches_accept,
};
use serde_json::{Value, json};

use crate::Outcome;

/// Runs a case of this module.
pub(crate) fn run(op: &str, input: &Value, _: &Value) -> Outcome {
    let text = input.as_str().unwrap_or_default();
    match op {
        "repo.parse" | "rpc.parse" | "blob.parse" | "account.parse" | "identity.parse" | "include.parse" => {
            read(resource_of(op), text).map_or(Outcome::Rejected, |permission| fields(&permission).into())
        }
        "repo.normalize" | "rpc.normalize" | "blob.normalize" | "account.normalize"
        | "identity.normalize" | "include.normalize" => normal_form(text, read(resource_of(op), text)),
        "repo.matches" | "rpc.matches" | "blob.matches" | "account.matches" | "identity.matches" => {
            single_match(resource_of(op), input)
        }
        "repo.needed" | "rpc.needed" | "blob.needed" | "account.needed" | "identity.needed" => {
            need(resource_of(op), input).map_or(Outcome::Rejected, |need| needed(&need))
        }
        "scopes.matches" | "scopes.assert" | "permissions.allows" | "permissions.assert"
        | "transition.allows" | "transition.assert" => list_match(op, input),
        "scope.is_atproto" => text.parse::<Permission>().is_ok().into(),
        "scope.normalize_value" => normal_form(text, text.parse().ok()),
        "scope.normalize" => normal_list(text),
        "syntax.parse" => syntax(text),
        "mime.is_mime" => is_mime(text).into(),
        "mime.is_accept" => is_accept(text).into(),
        "mime.matches_accept" => {
            let (accept, mime) = (member(input, "accept"), member(input, "mime"));
            media_case(matches_accept(accept, mime).into(), &[accept, mime])
        }
        "lxm.is_param" | "collection.is_param" => NsidOrAny::parse(text).is_some().into(),
        "aud.is_param" => AudienceOrAny::parse(text).is_some().into(),
        "oauth_scope.valid" => {
            json!({ "valid": text.parse::<Scopes>().is_ok_and(|scopes| !scopes.is_empty()) }).into()
        }
        _ => Outcome::Unknown,
    }
}

pub(crate) fn resource_of(op: &str) -> &str {
    op.split_once('.').map_or(op, |(resource, _)| resource)
}

fn read(resource: &str, text: &str) -> Option<Permission> {
    text.parse::<Permission>().ok().filter(|permission| permission.resource() == resource)
}

pub(crate) fn fields(permission: &Permission) -> Value {
    match permission {
        Permission::Account(account) => json!({
            "attr": account.attr.as_str(),
            "action": account.action.iter().map(|action| action.as_str()).collect::<Vec<_>>(),
        }),
        Permission::Blob(blob) => json!({ "accept": blob.accept }),
        Permission::Identity(identity) => json!({ "attr": identity.attr.as_str() }),
        Permission::Include(include) => match &include.aud {
            Some(aud) => json!({ "nsid": include.nsid, "aud": aud.as_str() }),
            None => json!({ "nsid": include.nsid }),
        },
        Permission::Repo(repo) => json!({
            "collection": repo.collection.iter().map(NsidOrAny::as_str).collect::<Vec<_>>(),
            "action": repo.action.iter().map(|action| action.as_str()).collect::<Vec<_>>(),
        }),
        Permission::Rpc(rpc) => json!({
            "lxm": rpc.lxm.iter().map(NsidOrAny::as_str).collect::<Vec<_>>(),
            "aud": rpc.aud.as_str(),
        }),
        _ => Value::Null,
    }
}

/// Our normal form is a fixed point; the recorded one is not where an escape is undone (SC-10) or where one value
/// is left of several (SC-9).
fn normal_form(text: &str, permission: Option<Permission>) -> Outcome {
    let Some(permission) = permission else { return Outcome::Rejected };
    let normal = permission.to_string();
    let escaped = normal.contains("%25") || normal.contains("%2B");
    let one_left = text.contains('&') && !normal.contains('?');
    let outcome = Outcome::from(Value::from(normal));
    if escaped {
        outcome.by_rule("SC-10: an escape that stands for `%` or `+` stays one")
    } else if one_left {
        outcome.by_rule("SC-9, SC-10: one value is written positionally, also when it is left of several")
    } else {
        outcome
    }
}

fn needed(need: &Need<'_>) -> Outcome {
    let text = need.to_string();
    let escaped = text.contains("%25");
    let outcome = Outcome::from(Value::from(text));
    if escaped { outcome.by_rule("SC-10: an escape that stands for `%` stays one") } else { outcome }
}

fn normal_list(text: &str) -> Outcome {
    let tokens = text.split(' ').filter(|token| Scopes::from_tokens([token]).is_ok());
    let broken = tokens.clone().any(|token| Syntax::parse(token).is_err());
    let Ok(scopes) = Scopes::from_tokens(tokens) else { return Outcome::Rejected };
    let outcome = Outcome::from(Value::from(scopes.normalized().as_str()));
    if broken {
        outcome.by_rule("SC-7, SC-8: a broken escape makes its scope invalid, the others stand")
    } else {
        outcome
    }
}

fn syntax(text: &str) -> Outcome {
    match Syntax::parse(text) {
        Ok(syntax) => json!({
            "prefix": syntax.resource,
            "positional": syntax.positional,
            "params": syntax.params,
        })
        .into(),
        Err(_) => Outcome::Rejected.by_rule("SC-7: a broken escape is refused in the query too"),
    }
}

fn single_match(resource: &str, input: &Value) -> Outcome {
    let scope = member(input, "scope");
    if read(resource, scope).is_none() {
        return Outcome::Rejected;
    }
    let Ok(scopes) = Scopes::from_tokens([scope]) else { return Outcome::Rejected };
    let allowed = need(resource, input).is_some_and(|need| Permissions::of(&scopes).allows(&need));
    with_case_rules(allowed.into(), scope, resource, input)
}

fn list_match(op: &str, input: &Value) -> Outcome {
    let empty = Value::Null;
    let resource = member(input, "resource");
    let options = input.get("options").unwrap_or(&empty);
    let listed =
        input.get("scopes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let tokens: Vec<&str> = listed.chain(member(input, "scope").split(' ')).collect();
    let Ok(scopes) = Scopes::from_tokens(tokens.iter().filter(|token| Scopes::from_tokens([token]).is_ok()))
    else {
        return Outcome::Rejected;
    };
    let honoured = op.starts_with("transition.");
    let permissions =
        if honoured { Permissions::of(&scopes) } else { Permissions::without_transition(&scopes) };
    let Some(need) = need(resource, options) else { return Outcome::Rejected };
    let allowed = permissions.allows(&need);
    let outcome: Outcome = if !op.ends_with(".assert") {
        allowed.into()
    } else if allowed {
        json!({ "ok": true }).into()
    } else {
        json!({ "throws": "ScopeMissingError", "scope": need.to_string(), "status": 403 }).into()
    };
    let (generic, chat) = (scopes.contains("transition:generic"), scopes.contains("transition:chat.bsky"));
    match need {
        Need::Rpc(call) if honoured && generic && !chat && call.lxm == "*" => {
            outcome.by_rule("SC-21: a call that names no method needs more than `transition:generic`")
        }
        Need::Rpc(call) if honoured && chat && !generic && call.lxm.starts_with("chat.bsky.") => {
            outcome.by_rule("SC-23: `transition:chat.bsky` has no effect without `transition:generic`")
        }
        _ => with_case_rules(outcome, scopes.as_str(), resource, options),
    }
}

/// Where the case of a media type or of an NSID's authority decides.
fn with_case_rules(outcome: Outcome, scopes: &str, resource: &str, options: &Value) -> Outcome {
    let upper = |text: &str| text.bytes().any(|byte| byte.is_ascii_uppercase());
    let authority_upper = |nsid: &str| nsid.rsplit_once('.').is_some_and(|(authority, _)| upper(authority));
    match resource {
        "blob" => media_case(outcome, &[scopes, member(options, "mime")]),
        "repo" if authority_upper(member(options, "collection")) || upper(scopes) => {
            outcome.by_rule("SC-24: the authority of an NSID is compared in lower case")
        }
        "rpc" if authority_upper(member(options, "lxm")) || upper(scopes) => {
            outcome.by_rule("SC-24: the authority of an NSID is compared in lower case")
        }
        _ => outcome,
    }
}

fn media_case(outcome: Outcome, texts: &[&str]) -> Outcome {
    if texts.iter().any(|text| text.bytes().any(|byte| byte.is_ascii_uppercase())) {
        outcome.by_rule("SC-16: media types are compared in lower case")
    } else {
        outcome
    }
}

/// What is needed; `None` where it is nothing that a request could need.
fn need<'a>(resource: &str, options: &'a Value) -> Option<Need<'a>> {
    Some(match resource {
        "account" => Need::Account(AccountNeed {
            attr: AccountAttr::parse(member(options, "attr"))?,
            // `*` stands for every action: for the widest.
            action: match member(options, "action") {
                "*" => AccountAction::Manage,
                action => AccountAction::parse(action)?,
            },
        }),
        "blob" => Need::Blob(BlobNeed { mime: member(options, "mime") }),
        "identity" => Need::Identity(IdentityNeed {
            // What has no attribute of its own needs the whole identity.
            attr: IdentityAttr::parse(member(options, "attr")).unwrap_or(IdentityAttr::Any),
        }),
        "repo" => Need::Repo(RepoNeed {
            collection: member(options, "collection"),
            action: RepoAction::parse(member(options, "action"))?,
        }),
        "rpc" => Need::Rpc(RpcNeed { lxm: member(options, "lxm"), aud: member(options, "aud") }),
        _ => return None,
    })
}

pub(crate) fn member<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

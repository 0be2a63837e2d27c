//! One entry of a set as JSON → a permission (PS-4, PS-8).

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::DropReason;
use crate::scope::{Audience, Params, Permission, Syntax, shorten};

/// How often a parameter may stand, and so which JSON it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// An array of texts.
    Many,
    /// One text.
    One,
}

/// The parameters of each resource that a permission object can be about.
const PARAMETERS: &[(&str, &[(&str, Shape)])] = &[
    ("account", &[("attr", Shape::One), ("action", Shape::Many)]),
    ("blob", &[("accept", Shape::Many)]),
    ("identity", &[("attr", Shape::One)]),
    ("repo", &[("collection", Shape::Many), ("action", Shape::Many)]),
    ("rpc", &[("lxm", Shape::Many), ("aud", Shape::One)]),
];

/// Reads a permission object of a lexicon by itself, whatever its resource. The bounds of a set are another question:
/// see [`PermissionSet::expand`](super::PermissionSet::expand).
///
/// `inherited` is what `inheritAud` stands for. `description` and `"inheritAud": false` are legal and change nothing;
/// anything else that is not known here might, so it is refused (PS-8).
///
/// # Errors
/// The object means nothing as a permission; the reason is for its author.
pub fn permission(entry: &Value, inherited: Option<&Audience>) -> Result<Permission, DropReason> {
    let fields = entry.as_object().ok_or(DropReason::NotAnObject)?;
    let resource = resource(fields)?;
    let parameters = PARAMETERS.iter().find(|(name, _)| *name == resource);
    let Some((name, parameters)) = parameters else {
        return Err(DropReason::UnknownResource { resource: shorten(resource) });
    };
    expect_only(fields, name, parameters)?;
    let mut params: Params<'_> = Vec::new();
    for (name, shape) in *parameters {
        read_parameter(fields, name, *shape, &mut params)?;
    }
    if inherits(fields)? {
        if fields.contains_key("aud") {
            return Err(DropReason::AudienceTwice);
        }
        let aud = inherited.ok_or(DropReason::NoAudience)?;
        params.push(("aud".into(), aud.as_str().into()));
    }
    let syntax = Syntax { text: name, resource: name, positional: None, params: Some(params) };
    Ok(Permission::read(&syntax)?)
}

/// The resource that an entry says it is about.
pub(super) fn resource(fields: &Map<String, Value>) -> Result<&str, DropReason> {
    let resource = fields.get("resource").and_then(Value::as_str);
    resource.ok_or(DropReason::Shape { parameter: "resource", expected: "a text (`repo` or `rpc`)" })
}

/// Whether an `rpc` entry takes the service of the `include:`.
pub(super) fn inherits(fields: &Map<String, Value>) -> Result<bool, DropReason> {
    match fields.get("inheritAud") {
        None => Ok(false),
        Some(Value::Bool(inherits)) => Ok(*inherits),
        Some(_) => Err(DropReason::Shape { parameter: "inheritAud", expected: "`true` or `false`" }),
    }
}

fn expect_only(
    fields: &Map<String, Value>,
    resource: &str,
    parameters: &[(&str, Shape)],
) -> Result<(), DropReason> {
    for (field, value) in fields {
        let known = match field.as_str() {
            // The word `permission` narrows nothing, and neither does another in its place.
            "type" | "resource" => true,
            "description" => value.is_string(),
            "inheritAud" => resource == "rpc",
            name => parameters.iter().any(|(parameter, _)| *parameter == name),
        };
        if !known {
            return Err(DropReason::UnknownField { resource: resource.to_owned(), field: shorten(field) });
        }
    }
    Ok(())
}

fn read_parameter<'e>(
    fields: &'e Map<String, Value>,
    name: &'static str,
    shape: Shape,
    params: &mut Params<'e>,
) -> Result<(), DropReason> {
    let expected = match shape {
        Shape::Many => "an array of texts, with at least one",
        Shape::One => "a text",
    };
    let wrong = || DropReason::Shape { parameter: name, expected };
    match (fields.get(name), shape) {
        (None, _) => {}
        (Some(Value::Array(values)), Shape::Many) if !values.is_empty() => {
            for value in values {
                params.push((Cow::Borrowed(name), value.as_str().ok_or_else(wrong)?.into()));
            }
        }
        (Some(Value::String(value)), Shape::One) => params.push((Cow::Borrowed(name), value.into())),
        (Some(_), _) => return Err(wrong()),
    }
    Ok(())
}

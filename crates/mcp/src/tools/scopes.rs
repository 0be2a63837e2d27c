//! What permissions mean.

use gatewright_protocol::scope::{Permission, Sentence, sentences};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Read, ToolError};

#[derive(Deserialize)]
pub(super) struct Scope {
    scope: String,
}

pub(super) fn explain(arguments: Read<Scope>) -> Result<Value, ToolError> {
    let Scope { scope } = arguments?;
    let explained: Vec<Value> = scope.split_whitespace().take(200).map(one).collect();
    if explained.is_empty() {
        return Err(ToolError::Arguments("`scope` is empty".to_owned()));
    }
    Ok(json!({ "scopes": explained }))
}

/// One scope, in plain words.
pub(super) fn one(scope: &str) -> Value {
    match scope.parse::<Permission>() {
        Ok(permission) => json!({
            "scope": scope, "valid": true, "normalized": permission.to_string(),
            "sentences": sentences(&permission).iter().map(Sentence::to_string).collect::<Vec<_>>(),
        }),
        Err(error) => json!({ "scope": scope, "valid": false, "sentences": [], "error": error.to_string() }),
    }
}

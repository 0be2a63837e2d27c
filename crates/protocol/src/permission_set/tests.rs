//! The bounds of sets, and the laws that hold for every set and every difference.

mod bounds;
mod differences;
mod documents;
mod findings;

use serde_json::{Value, json};

use super::*;
use crate::scope::{Include, Permission};

/// A document of `com.example.app.authBasic` with these entries.
fn document(entries: &Value) -> Value {
    json!({
        "lexicon": 1,
        "id": "com.example.app.authBasic",
        "defs": {"main": {"type": "permission-set", "title": "T", "detail": "D", "permissions": entries}},
    })
}

fn set(entries: &Value) -> PermissionSet {
    PermissionSet::from_document(&document(entries)).unwrap()
}

fn include(scope: &str) -> Include {
    match scope.parse() {
        Ok(Permission::Include(include)) => include,
        other => panic!("{scope}: {other:?}"),
    }
}

const PLAIN: &str = "include:com.example.app.authBasic";
const WITH_SERVICE: &str = "include:com.example.app.authBasic?aud=did:web:api.example.org%23svc";

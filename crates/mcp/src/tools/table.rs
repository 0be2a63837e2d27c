//! Every tool, as clients are told of it.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use crate::authorization::SCOPES;

/// The scope that a call of a tool needs, of those that a token of this server can have; none if anybody may.
pub(crate) fn needs(tool: &str) -> Option<&'static str> {
    let [atproto, create, update, delete, blob] = SCOPES;
    match tool {
        "whoami" | "my_grants" => Some(atproto),
        "create_record" => Some(create),
        "update_record" => Some(update),
        "delete_record" => Some(delete),
        "upload_blob" => Some(blob),
        _ => None,
    }
}

/// The tools.
#[expect(clippy::too_many_lines, reason = "a table, one entry a tool")]
pub(crate) fn list() -> Vec<Tool> {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let maybe = |description: &str| json!({ "anyOf": [{ "type": "string" }, { "type": "null" }], "default": null, "description": description });
    let repo = maybe("handle or DID of the account that is read");
    let select = maybe("a jq program; its outputs are the answer");
    let cursor = maybe("the cursor of the page before");
    let uri = text("at://did/collection/rkey, or collection/rkey");
    vec![
        reads(
            "list_records",
            "List the records of a collection, newest first. Values are shortened: no `$type`, no nulls, replies as URIs, facets as links and mentions; `get_record` has the whole. `select` is a jq program over the list of {uri, cid, value}. The answer is {results, cursor}.",
            &["collection"],
            json!({
                "collection": text("NSID of the collection, such as app.bsky.feed.post"),
                "limit": { "type": "integer", "default": 10, "description": "how many, 100 at most" },
                "repo": repo, "cursor": cursor, "select": select,
            }),
        ),
        reads(
            "describe_repo",
            "What an account has: its collections, its host and key, and whether its handle leads back to it.",
            &["repo"],
            json!({ "repo": text("handle or DID") }),
        ),
        reads(
            "get_record",
            "One record as it is kept. With `verify`, its host has to prove it: the signature of the account, the way through the repository's tree, every hash.",
            &["uri"],
            json!({
                "uri": uri, "repo": repo,
                "verify": { "type": "boolean", "default": false, "description": "check the proof of the repository" },
            }),
        ),
        reads(
            "query",
            "Call any method that reads (HTTP GET). Name a `repo` to ask that account's host, a public `host`, or neither for the public application view. The few methods about the caller's own notifications are asked at the caller's host, as the caller; all others without credentials. Failures of the host come back as data.",
            &["nsid"],
            json!({
                "nsid": text("the method, such as com.atproto.sync.listRepos"),
                "params": { "anyOf": [{ "type": "object", "additionalProperties": true }, { "type": "null" }], "default": null, "description": "its parameters" },
                "host": maybe("a public host, such as pds.example.com"),
                "repo": repo,
                "authenticated": { "type": "boolean", "default": false, "description": "ignored: the method decides" },
                "select": select,
            }),
        ),
        reads(
            "identity_history",
            "Every handle, host and key that an account has had, and whether each change was signed by a key that could.",
            &["repo"],
            json!({ "repo": text("handle or DID") }),
        ),
        reads(
            "explain_scope",
            "What a permission of the AT Protocol means, in plain words. One scope, or several with spaces between.",
            &["scope"],
            json!({ "scope": text("such as repo:com.example.note?action=create") }),
        ),
        reads("whoami", "Who the caller is: handle and DID. Requires authentication.", &[], json!({})),
        reads(
            "my_grants",
            "What the caller's session may do, in plain words. Requires authentication.",
            &[],
            json!({}),
        ),
        writes(
            "create_record",
            "Create a record. `$type` and `createdAt` are filled in where they are missing. Requires authentication.",
            false,
            &["collection", "record"],
            json!({
                "collection": text("NSID of the collection"),
                "record": { "type": "object", "additionalProperties": true, "description": "the record" },
                "rkey": maybe("its key; a new one unless it is named"),
            }),
        ),
        writes(
            "update_record",
            "Change fields of a record; the others stay. Refused if somebody else changed it meanwhile. Requires authentication.",
            true,
            &["uri", "updates"],
            json!({
                "uri": uri,
                "updates": { "type": "object", "additionalProperties": true, "description": "the fields to change" },
            }),
        ),
        writes(
            "delete_record",
            "Delete a record that is there. Requires authentication.",
            true,
            &["uri"],
            json!({ "uri": uri }),
        ),
        writes(
            "upload_blob",
            "Upload a file, to be named in a record. The answer is the blob. Requires authentication.",
            false,
            &["data", "mime_type"],
            json!({
                "data": text("the bytes of the file, in base64"),
                "mime_type": text("its type, such as image/png"),
            }),
        ),
    ]
}

fn reads(name: &'static str, description: &'static str, required: &[&str], properties: Value) -> Tool {
    tool(name, description, required, properties).with_annotations(ToolAnnotations::new().read_only(true))
}

fn writes(
    name: &'static str,
    description: &'static str,
    is_destructive: bool,
    required: &[&str],
    properties: Value,
) -> Tool {
    let annotations = ToolAnnotations::new().read_only(false).destructive(is_destructive);
    tool(name, description, required, properties).with_annotations(annotations)
}

fn tool(name: &'static str, description: &'static str, required: &[&str], properties: Value) -> Tool {
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), properties);
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    Tool::new(name, description, Arc::new(schema))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_writes_needs_a_scope_and_what_reads_needs_none() {
        for tool in list() {
            let reads = tool.annotations.as_ref().and_then(|annotations| annotations.read_only_hint);
            let scope = needs(&tool.name);
            match reads {
                Some(true) => assert!(scope.is_none_or(|scope| scope == "atproto"), "{}", tool.name),
                _ => assert!(scope.is_some_and(|scope| scope != "atproto"), "{}", tool.name),
            }
        }
        assert_eq!(list().len(), 12);
    }
}

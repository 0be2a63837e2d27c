//! Who calls, and what they allowed.

use gatewright_client::Kind;
use serde_json::{Value, json};

use super::scopes::one;
use super::{ToolError, bounded};
use crate::credentials::Call;

pub(super) async fn whoami(call: &Call<'_>) -> Result<Value, ToolError> {
    let session = call.session("checking identity").await?;
    // Asked at the host, so that the answer is true now and a session that ended is found out.
    let told: Value = session.query("com.atproto.server.getSession", &[]).await?;
    Ok(json!({ "handle": told.get("handle"), "did": session.account() }))
}

pub(super) async fn grants(call: &Call<'_>) -> Result<Value, ToolError> {
    let session = call.session("listing grants").await?;
    let granted = session.granted();
    let kind = match session.kind() {
        Kind::Oauth => "oauth",
        Kind::AppPassword => "app-password",
    };
    let scopes: Vec<Value> = granted.iter().map(one).collect();
    let mut answer =
        json!({ "did": session.account(), "kind": kind, "scope": granted.as_str(), "scopes": scopes });
    if granted.is_empty()
        && let Some(fields) = answer.as_object_mut()
    {
        let note = "the host alone says what this session may do: an app password may write records and files, unless it was made for less";
        fields.insert("note".to_owned(), json!(note));
    }
    Ok(bounded(answer, None))
}

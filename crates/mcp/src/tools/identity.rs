//! Accounts: what they have, and what they were.

use gatewright_protocol::plc::{Entry, Operation, check_genesis, check_next};
use gatewright_protocol::syntax::{Datetime, Handle};
use gatewright_resolve::fetch::Get;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Read, ToolError, bounded};
use crate::credentials::Call;
use crate::repo::{Repo, identity};

#[derive(Deserialize)]
pub(super) struct Whose {
    repo: String,
}

pub(super) async fn describe(call: &Call<'_>, arguments: Read<Whose>) -> Result<Value, ToolError> {
    let Whose { repo } = arguments?;
    let found = Repo::find(call.tools().resolver(), &repo).await?;
    let did = found.identity.did.to_string();
    let fetcher = call.tools().resolver().fetcher();
    let described = found.query(fetcher, "com.atproto.repo.describeRepo", &[("repo", &did)]).await?;
    let said = described.get("handle").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let handle = found.identity.handle.as_ref().map(Handle::as_str);
    let is_verified = handle == Some(said.as_str());
    let mut answer = json!({
        "handle": said,
        "did": did,
        "collections": described.get("collections").cloned().unwrap_or_else(|| json!([])),
        "handleIsCorrect": described.get("handleIsCorrect"),
        "handle_verified": is_verified,
        "pds": found.identity.pds,
        "signing_key": found.identity.document.signing_key().map(|key| key.to_multikey()),
    });
    if !is_verified && let Some(fields) = answer.as_object_mut() {
        let note = match handle {
            None => "the handle of the DID document does not lead back to the DID".to_owned(),
            Some(handle) => format!("the host says `{said}`, the DID document says `{handle}`"),
        };
        fields.insert("identity_note".to_owned(), json!(note));
    }
    Ok(bounded(answer, None))
}

/// The most of a log that is read.
const LONGEST_LOG: usize = 4 << 20;

#[derive(Deserialize)]
struct Logged {
    operation: Operation,
    cid: String,
    nullified: bool,
    #[serde(rename = "createdAt")]
    created_at: Datetime,
}

pub(super) async fn history(call: &Call<'_>, arguments: Read<Whose>) -> Result<Value, ToolError> {
    let Whose { repo } = arguments?;
    let resolver = call.tools().resolver();
    let did = match repo.trim().parse() {
        Ok(did) => did,
        Err(_) => identity(resolver, &repo).await?.did,
    };
    if did.as_str().starts_with("did:web:") {
        return Ok(json!({
            "did": did, "method": "web",
            "message": "did:web has no history: its document is what the domain serves now, and whoever has the domain has the identity",
        }));
    }
    let directory = resolver.plc_url().as_str().trim_end_matches('/').to_owned();
    let url = Url::parse(&format!("{directory}/{did}/log/audit"))
        .map_err(|_| ToolError::Said("the PLC directory is no URL".to_owned()))?;
    let get = Get { most: LONGEST_LOG, types: &[], ..Get::json(&url) };
    let log = match resolver.fetcher().get(get).await {
        Ok(log) => log.bytes,
        Err(error) => {
            return Ok(
                json!({ "error": "transport", "message": format!("the PLC directory was not asked: {error}") }),
            );
        }
    };
    let log: Vec<Logged> = serde_json::from_slice(&log).map_err(|_| {
        ToolError::Said("the PLC directory answered with something else than a log".to_owned())
    })?;
    let mut checked: Vec<Entry> = Vec::new();
    let mut fault = None;
    let mut operations = Vec::new();
    for (number, logged) in log.into_iter().enumerate() {
        let at = logged.created_at.unix();
        if fault.is_none() {
            let outcome = if checked.is_empty() {
                check_genesis(&did, &logged.operation).map(|()| Vec::new())
            } else {
                check_next(&checked, &logged.operation, at)
            };
            match outcome {
                Ok(undone) => {
                    for entry in &mut checked {
                        entry.nullified |= undone.contains(&entry.cid);
                    }
                }
                Err(error) => fault = Some(format!("operation {number}: {error}")),
            }
        }
        let state = logged.operation.state();
        operations.push(json!({
            "cid": logged.cid,
            "created_at": logged.created_at.to_string(),
            "nullified": logged.nullified,
            "also_known_as": state.as_ref().map(|state| state.also_known_as.clone()),
            "pds": state.as_ref().and_then(|state| state.services.get("atproto_pds")).map(|service| service.endpoint.clone()),
            "signing_key": state.as_ref().and_then(|state| state.verification_methods.get("atproto").cloned()),
            "rotation_keys": state.as_ref().map(|state| state.rotation_keys.clone()),
            "tombstone": state.is_none(),
        }));
        checked.push(Entry::new(logged.operation, at));
    }
    Ok(bounded(
        json!({
            "method": "plc", "did": did, "chain_verified": fault.is_none(), "reason": fault, "operations": operations,
        }),
        None,
    ))
}

//! Records and files: anybody reads, and writes as whoever calls.

use base64ct::{Base64, Encoding as _};
use gatewright_client::CallError;
use gatewright_protocol::repo_proof::{MAX_FILE, prove_record};
use gatewright_protocol::syntax::Datetime;
use gatewright_resolve::fetch::Get;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::trim::trimmed;
use super::{Read, ToolError, bounded};
use crate::credentials::Call;
use crate::repo::{RecordName, Repo};

/// As many records as a host lists at once.
const MOST: u32 = 100;

#[derive(Deserialize)]
pub(super) struct List {
    collection: String,
    #[serde(default)]
    limit: Option<i64>,
    #[serde(default)]
    repo: Option<String>,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    select: Option<String>,
}

pub(super) async fn list(call: &Call<'_>, arguments: Read<List>) -> Result<Value, ToolError> {
    let List { collection, limit, repo, cursor, select } = arguments?;
    let repo = call
        .repo(repo.as_deref())
        .ok_or_else(|| missing_repo("list_records(\"app.bsky.feed.post\", repo=\"alice.example.com\")"))?;
    let limit = limit.unwrap_or(10).clamp(1, i64::from(MOST)).to_string();
    let found = Repo::find(call.tools().resolver(), &repo).await?;
    let did = found.identity.did.to_string();
    let mut params =
        vec![("repo", did.as_str()), ("collection", collection.as_str()), ("limit", limit.as_str())];
    if let Some(cursor) = &cursor {
        params.push(("cursor", cursor));
    }
    let fetcher = call.tools().resolver().fetcher();
    let page = found.query(fetcher, "com.atproto.repo.listRecords", &params).await?;
    let records = page.get("records").and_then(Value::as_array).cloned().unwrap_or_default();
    let records: Vec<Value> = records
        .iter()
        .map(|record| {
            let field = |name: &str| record.get(name).cloned().unwrap_or_default();
            json!({ "uri": field("uri"), "cid": field("cid"), "value": trimmed(&field("value")) })
        })
        .collect();
    let results = match select {
        None => records,
        Some(program) => match call.tools().selector().select(&program, records.into()).await {
            Ok(outputs) => outputs,
            Err(why) => return Ok(json!({ "error": "bad_select", "message": format!("jq: {why}") })),
        },
    };
    let answer = json!({ "results": results, "cursor": page.get("cursor") });
    Ok(bounded(answer, cursor.as_deref()))
}

#[derive(Deserialize)]
pub(super) struct Which {
    uri: String,
    #[serde(default)]
    repo: Option<String>,
    #[serde(default)]
    verify: bool,
}

pub(super) async fn get(call: &Call<'_>, arguments: Read<Which>) -> Result<Value, ToolError> {
    let Which { uri, repo, verify } = arguments?;
    let name = RecordName::parse(&uri)?;
    let repo = name.repo.clone().or_else(|| call.repo(repo.as_deref()));
    let repo = repo.ok_or_else(|| {
        missing_repo("get_record(\"app.bsky.actor.profile/self\", repo=\"alice.example.com\")")
    })?;
    let found = Repo::find(call.tools().resolver(), &repo).await?;
    if verify {
        return proven(call, &found, &name).await;
    }
    let did = found.identity.did.to_string();
    let params =
        [("repo", did.as_str()), ("collection", name.collection.as_str()), ("rkey", name.rkey.as_str())];
    let fetcher = call.tools().resolver().fetcher();
    let record = match found.query(fetcher, "com.atproto.repo.getRecord", &params).await {
        Err(ToolError::Refused { text, .. }) if is_not_found(&text) => return Err(no_record(&uri)),
        other => other?,
    };
    let field = |field: &str| record.get(field).cloned().unwrap_or_default();
    Ok(bounded(json!({ "uri": field("uri"), "cid": field("cid"), "value": field("value") }), None))
}

/// The record as its account signed it, or why it did not.
async fn proven(call: &Call<'_>, repo: &Repo, name: &RecordName) -> Result<Value, ToolError> {
    let did = &repo.identity.did;
    let uri = format!("at://{did}/{}/{}", name.collection, name.rkey);
    let not = |reason: String| json!({ "uri": uri, "cid": null, "value": {}, "verification": { "verified": false, "reason": reason } });
    let collection = name
        .collection
        .parse()
        .map_err(|_| ToolError::Said(format!("`{}` is no collection", name.collection)))?;
    let rkey = name.rkey.parse().map_err(|_| ToolError::Said(format!("`{}` is no record key", name.rkey)))?;
    let Some(key) = repo.identity.document.signing_key() else {
        return Ok(not("the DID document has no key for the repository".to_owned()));
    };
    let query = [("did", did.as_str()), ("collection", &name.collection), ("rkey", &name.rkey)];
    let url = Url::parse_with_params(&format!("{}/xrpc/com.atproto.sync.getRecord", repo.host), query)
        .map_err(|_| ToolError::Said("the host of the account is no URL".to_owned()))?;
    let get = Get { types: &["application/vnd.ipld.car"], most: MAX_FILE, ..Get::json(&url) };
    let car = match call.tools().resolver().fetcher().get(get).await {
        Ok(document) => document.bytes,
        Err(error) => return Ok(not(format!("its host gave no proof: {error}"))),
    };
    Ok(match prove_record(&car, did, &collection, &rkey, &key) {
        Ok(proven) => json!({
            "uri": uri, "cid": proven.cid.to_string(), "value": proven.value,
            "verification": { "verified": true, "rev": proven.rev.to_string() },
        }),
        Err(fault) => not(fault.to_string()),
    })
}

#[derive(Deserialize)]
pub(super) struct Create {
    collection: String,
    record: serde_json::Map<String, Value>,
    #[serde(default)]
    rkey: Option<String>,
}

pub(super) async fn create(call: &Call<'_>, arguments: Read<Create>) -> Result<Value, ToolError> {
    let Create { collection, mut record, rkey } = arguments?;
    let session = call.session("creating a record").await?;
    record.entry("$type").or_insert_with(|| json!(collection));
    record
        .entry("createdAt")
        .or_insert_with(|| json!(Datetime::from(call.tools().clock().now()).to_string()));
    let mut input = json!({ "repo": session.account(), "collection": collection, "record": record });
    if let (Some(rkey), Some(fields)) = (rkey, input.as_object_mut()) {
        fields.insert("rkey".to_owned(), json!(rkey));
    }
    let made: Value = session.procedure("com.atproto.repo.createRecord", &input).await?;
    Ok(written(&made))
}

#[derive(Deserialize)]
pub(super) struct Update {
    uri: String,
    updates: serde_json::Map<String, Value>,
}

pub(super) async fn update(call: &Call<'_>, arguments: Read<Update>) -> Result<Value, ToolError> {
    let Update { uri, updates } = arguments?;
    let session = call.session("updating a record").await?;
    let name = RecordName::parse(&uri)?;
    let did = own(&session, &name, call).await?;
    let params =
        [("repo", did.as_str()), ("collection", name.collection.as_str()), ("rkey", name.rkey.as_str())];
    let now: Value = match session.query("com.atproto.repo.getRecord", &params).await {
        Err(CallError::Refused { error, message, .. }) if is_not_found(&error) || is_not_found(&message) => {
            return Err(no_record(&uri));
        }
        other => other?,
    };
    let mut record = now.get("value").and_then(Value::as_object).cloned().unwrap_or_default();
    record.extend(updates);
    let input = json!({
        "repo": did, "collection": name.collection, "rkey": name.rkey, "record": record, "swapRecord": now.get("cid"),
    });
    let put: Value = session.procedure("com.atproto.repo.putRecord", &input).await?;
    Ok(written(&put))
}

#[derive(Deserialize)]
pub(super) struct Delete {
    uri: String,
}

pub(super) async fn delete(call: &Call<'_>, arguments: Read<Delete>) -> Result<Value, ToolError> {
    let Delete { uri } = arguments?;
    let session = call.session("deleting a record").await?;
    let name = RecordName::parse(&uri)?;
    let did = own(&session, &name, call).await?;
    let params =
        [("repo", did.as_str()), ("collection", name.collection.as_str()), ("rkey", name.rkey.as_str())];
    // A host says yes to deleting what is not there: a slip of the key must not look like a deletion.
    match session.query::<Value>("com.atproto.repo.getRecord", &params).await {
        Err(CallError::Refused { error, message, .. }) if is_not_found(&error) || is_not_found(&message) => {
            return Err(no_record(&uri));
        }
        other => drop(other?),
    }
    let input = json!({ "repo": did, "collection": name.collection, "rkey": name.rkey });
    let _: Value = session.procedure("com.atproto.repo.deleteRecord", &input).await?;
    Ok(json!({ "deleted": format!("at://{did}/{}/{}", name.collection, name.rkey) }))
}

#[derive(Deserialize)]
pub(super) struct Upload {
    data: String,
    mime_type: String,
}

pub(super) async fn upload(call: &Call<'_>, arguments: Read<Upload>) -> Result<Value, ToolError> {
    let Upload { data, mime_type } = arguments?;
    let session = call.session("uploading a file").await?;
    let bytes = Base64::decode_vec(data.trim())
        .map_err(|_| ToolError::Arguments("`data` is not base64 (RFC 4648 section 4)".to_owned()))?;
    let blob = session.upload(&mime_type, bytes::Bytes::from(bytes)).await?;
    Ok(json!({ "blob": blob }))
}

/// Whose repository is written to: the caller's own, also where its handle is named.
async fn own(
    session: &gatewright_client::Session,
    name: &RecordName,
    call: &Call<'_>,
) -> Result<String, ToolError> {
    let own = session.account();
    let is_own = match &name.repo {
        None => true,
        Some(repo) if *repo == own.as_str() => true,
        Some(repo) => crate::repo::identity(call.tools().resolver(), repo).await?.did == *own,
    };
    if is_own {
        Ok(own.to_string())
    } else {
        Err(ToolError::Said("records of somebody else's repository cannot be changed".to_owned()))
    }
}

fn written(answer: &Value) -> Value {
    json!({ "uri": answer.get("uri"), "cid": answer.get("cid") })
}

fn missing_repo(example: &str) -> ToolError {
    ToolError::Said(format!("repo parameter is required: whose records? For example {example}"))
}

fn no_record(uri: &str) -> ToolError {
    ToolError::Said(format!("no record at {uri}"))
}

fn is_not_found(text: &str) -> bool {
    text.contains("RecordNotFound") || text.contains("Could not locate record")
}

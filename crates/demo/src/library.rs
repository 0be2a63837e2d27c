//! The tracks of an account. They are records in its repository, and files beside them; this app keeps nothing.

use bytes::Bytes;
use gatewright_client::{CallError, Session};
use gatewright_protocol::syntax::{AtUri, Datetime};
use gatewright_protocol::time::UnixTime;
use serde::Deserialize;
use serde_json::{Value, json};

/// The collection that the tracks are in.
const COLLECTION: &str = "com.example.track";
/// How many are shown.
const MOST: &str = "50";

/// What somebody wants to add.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) title: String,
    pub(crate) artist: String,
    /// Of the file, such as `audio/wav`.
    pub(crate) mime: String,
    pub(crate) file: Bytes,
}

/// A track as the page shows it.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) artist: String,
    /// Where the host gives out its file.
    pub(crate) audio: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    uri: AtUri,
    value: Value,
}

/// The newest tracks, newest first.
pub(crate) async fn list(session: &Session) -> Result<Vec<Track>, CallError> {
    let asked = [("repo", session.account().as_str()), ("collection", COLLECTION), ("limit", MOST)];
    let listed: Listed = session.query("com.atproto.repo.listRecords", &asked).await?;
    let host = session.host().unwrap_or_default();
    Ok(listed.records.into_iter().filter_map(|record| Track::of(&record, session, &host)).collect())
}

/// Uploads the file, then creates the record that holds it.
pub(crate) async fn add(session: &Session, draft: Draft, now: UnixTime) -> Result<(), CallError> {
    let audio = session.upload(&draft.mime, draft.file).await?;
    let record = json!({
        "$type": COLLECTION, "title": draft.title, "artist": draft.artist, "audio": audio,
        "createdAt": Datetime::from(now),
    });
    create(session, COLLECTION, &record).await
}

/// Tries what this app never asks for: a record in another app's collection.
pub(crate) async fn trespass(session: &Session, now: UnixTime) -> Result<(), CallError> {
    let collection = "com.example.other";
    create(session, collection, &json!({"$type": collection, "createdAt": Datetime::from(now)})).await
}

async fn create(session: &Session, collection: &str, record: &Value) -> Result<(), CallError> {
    let input = json!({"repo": session.account(), "collection": collection, "record": record});
    session.procedure::<Value>("com.atproto.repo.createRecord", &input).await.map(drop)
}

/// Deletes the record; the host drops the file when nothing names it any more.
pub(crate) async fn remove(session: &Session, key: &str) -> Result<(), CallError> {
    let input = json!({"repo": session.account(), "collection": COLLECTION, "rkey": key});
    session.procedure::<Value>("com.atproto.repo.deleteRecord", &input).await.map(drop)
}

impl Track {
    /// Whoever may write to the collection may have written something else there: that is left out.
    fn of(record: &Record, session: &Session, host: &str) -> Option<Self> {
        let text = |path: &str| record.value.pointer(path).and_then(Value::as_str);
        let audio = text("/audio/ref/$link").map(|cid| {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("did", session.account().as_str()), ("cid", cid)])
                .finish();
            format!("{host}/xrpc/com.atproto.sync.getBlob?{query}")
        });
        Some(Self {
            key: record.uri.record_key()?.to_string(),
            title: text("/title")?.to_owned(),
            artist: text("/artist").unwrap_or_default().to_owned(),
            audio,
        })
    }
}

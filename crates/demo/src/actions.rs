//! The buttons: what is tried at the host, and what came of it in plain words.

use bytes::Bytes;
use gatewright_protocol::syntax::Datetime;
use gatewright_resolve::fetch::Answer;
use http::Method;
use serde_json::{Value, json};
use url::Url;

use crate::App;
use crate::call::{self, Call};
use crate::flow::{self, FlowError, Session};

/// A picture of eight by eight.
const PICTURE: &[u8] = include_bytes!("../assets/tile.png");
/// The longest text of a host that is shown.
const LONGEST: usize = 400;

/// One thing to try.
#[derive(Debug)]
pub(crate) struct Action {
    /// In the form's URL.
    pub(crate) id: &'static str,
    pub(crate) label: &'static str,
    pub(crate) about: &'static str,
    /// The scope that covers it, if the app asks for one that does.
    pub(crate) scope: Option<&'static str>,
    method: &'static str,
    make: fn(&App, &Session) -> Body,
}

enum Body {
    Bytes(&'static str, Bytes),
    Json(Value),
    Query(&'static [(&'static str, &'static str)]),
}

/// All of them, in the order of the page.
pub(crate) const ACTIONS: [Action; 6] = [
    Action {
        id: "create-note",
        label: "Create a note",
        about: "a record in com.example.note",
        scope: Some("repo:com.example.note?action=create"),
        method: "com.atproto.repo.createRecord",
        make: |app, session| Body::Json(record(app, session, "com.example.note")),
    },
    Action {
        id: "upload-picture",
        label: "Upload a picture",
        about: "a tiny PNG, as image/png",
        scope: Some("blob:image/*"),
        method: "com.atproto.repo.uploadBlob",
        make: |_, _| Body::Bytes("image/png", Bytes::from_static(PICTURE)),
    },
    Action {
        id: "update-note",
        label: "Change a note",
        about: "the same collection, but not creating",
        scope: None,
        method: "com.atproto.repo.putRecord",
        make: |app, session| {
            let mut input = record(app, session, "com.example.note");
            if let Some(fields) = input.as_object_mut() {
                fields.insert("rkey".to_owned(), json!("first"));
            }
            Body::Json(input)
        },
    },
    Action {
        id: "create-other",
        label: "Create something else",
        about: "a record in com.example.other",
        scope: None,
        method: "com.atproto.repo.createRecord",
        make: |app, session| Body::Json(record(app, session, "com.example.other")),
    },
    Action {
        id: "upload-text",
        label: "Upload a text",
        about: "a file, as text/plain",
        scope: None,
        method: "com.atproto.repo.uploadBlob",
        make: |_, _| Body::Bytes("text/plain", Bytes::from_static(b"Not a picture.\n")),
    },
    Action {
        id: "service-token",
        label: "Act at another service",
        about: "a token of the account for did:web:api.example.com",
        scope: None,
        method: "com.atproto.server.getServiceAuth",
        make: |_, _| {
            Body::Query(&[("aud", "did:web:api.example.com#notes"), ("lxm", "com.example.notes.listNotes")])
        },
    },
];

fn record(app: &App, session: &Session, collection: &str) -> Value {
    let created_at = Datetime::from(app.0.clock.now());
    let record = json!({"$type": collection, "text": "Written by the demo app.", "createdAt": created_at});
    json!({"repo": session.did, "collection": collection, "record": record})
}

/// What came of a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) done: bool,
    pub(crate) sentence: String,
    /// 0 if there was no answer.
    pub(crate) status: u16,
    pub(crate) error: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) missing: Option<String>,
    /// What was made: a record's or blob's name.
    pub(crate) made: Option<String>,
}

/// Tries it at the host.
pub(crate) async fn run(app: &App, session: &Session, action: &Action) -> Outcome {
    let tokens = match flow::current(app, session).await {
        Ok(tokens) => tokens,
        Err(error) => return Outcome::unanswered(&error),
    };
    let Ok(mut url) = Url::parse(&format!("{}/xrpc/{}", app.0.host, action.method)) else {
        return Outcome::unanswered(&FlowError::Answer);
    };
    let (method, content_type, body) = match (action.make)(app, session) {
        Body::Bytes(mime, bytes) => (Method::POST, Some(mime), bytes),
        Body::Json(value) => (Method::POST, Some("application/json"), value.to_string().into()),
        Body::Query(pairs) => {
            url.query_pairs_mut().extend_pairs(pairs);
            (Method::GET, None, Bytes::new())
        }
    };
    let call = Call { method, url: &url, content_type, body, token: Some(&tokens.access) };
    match call::send(app, &session.key, &call).await {
        Ok(answer) => Outcome::of(&answer),
        Err(error) => Outcome::unanswered(&FlowError::Unreachable(error)),
    }
}

impl Outcome {
    fn of(answer: &Answer) -> Self {
        let status = answer.status.as_u16();
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |path: &str| body.pointer(path).and_then(Value::as_str).map(shortened);
        let done = answer.status.is_success();
        let missing = if done { None } else { text("/missing") };
        let sentence = match (status, &missing) {
            (200..=299, _) => "The host did it.".to_owned(),
            (401, _) => "The host does not accept this app's token any more.".to_owned(),
            (403, Some(_)) => "The host refused: this app was not granted that.".to_owned(),
            (403, None) => {
                "The host refused: no permission that this app could ask for would allow it.".to_owned()
            }
            (429, _) => "The host refused for now: too many requests.".to_owned(),
            (500.., _) => "The host could not do it just now.".to_owned(),
            _ => "The host refused.".to_owned(),
        };
        // Of what was made only its name is shown; other answers may hold secrets.
        let made = if done { text("/uri").or_else(|| text("/blob/ref/$link")) } else { None };
        let (error, message) = if done { (None, None) } else { (text("/error"), text("/message")) };
        Self { done, sentence, status, error, message, missing, made }
    }

    fn unanswered(error: &FlowError) -> Self {
        let sentence = error.to_string();
        Self { done: false, sentence, status: 0, error: None, message: None, missing: None, made: None }
    }
}

fn shortened(text: &str) -> String {
    let text: String = text.chars().filter(|character| !character.is_control()).collect();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn outcome(status: u16, body: &Value) -> Outcome {
        let body = body.to_string().into();
        Outcome::of(&Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body,
        })
    }

    #[test]
    fn a_refusal_names_the_missing_scope() {
        let missing = "repo:com.example.note?action=update";
        let body =
            json!({"error": "ScopeMissingError", "message": "m", "missing": missing, "considered": []});
        let refused = outcome(403, &body);
        assert_eq!((refused.done, refused.missing.as_deref()), (false, Some(missing)));
        assert_eq!(refused.error.as_deref(), Some("ScopeMissingError"));
        assert!(refused.sentence.contains("was not granted"), "{}", refused.sentence);
        let never = outcome(403, &json!({"error": "ScopeMissingError", "missing": null}));
        assert!(never.missing.is_none() && never.sentence.contains("no permission"), "{}", never.sentence);
    }

    #[test]
    fn of_a_success_only_the_name_is_shown() {
        let made = outcome(200, &json!({"uri": "at://did:plc:a/b/c", "cid": "x"}));
        assert_eq!((made.done, made.made.as_deref()), (true, Some("at://did:plc:a/b/c")));
        let token = outcome(200, &json!({"token": "secret"}));
        assert!(!format!("{token:?}").contains("secret"));
        let blob = outcome(200, &json!({"blob": {"ref": {"$link": "bafk"}}}));
        assert_eq!(blob.made.as_deref(), Some("bafk"));
    }

    #[test]
    fn what_a_host_says_is_bounded_and_plain() {
        let long = outcome(400, &json!({"error": "x\n\u{7}y", "message": "ä".repeat(10_000)}));
        assert_eq!(long.error.as_deref(), Some("xy"));
        assert_eq!(long.message.unwrap().chars().count(), LONGEST + 1);
        assert_eq!(outcome(502, &Value::Null).error, None);
    }

    #[test]
    fn buttons_have_names_of_their_own() {
        for action in &ACTIONS {
            assert_eq!(ACTIONS.iter().filter(|other| other.id == action.id).count(), 1);
        }
        let asked: Vec<&str> = ACTIONS.iter().filter_map(|action| action.scope).collect();
        assert_eq!(
            format!("atproto {}", asked.join(" ")),
            crate::SCOPE,
            "a button for each thing that is asked for"
        );
    }
}

//! What authors of permission sets publish, as a table that tests change.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::permission_set::PermissionSet;
use gatewright_protocol::syntax::Nsid;
use gatewright_protocol::time::UnixTime;
use gatewright_server::permission_sets::{FindSetError, KnownSet, PermissionSets, Purpose};
use parking_lot::Mutex;
use serde_json::{Value, json};

/// A set with two collections and a call that takes the service of the application.
pub(crate) const MUSIC: &str = "com.example.music.authFull";
/// A service that an application includes it for.
pub(crate) const SERVICE: &str = "did:web:api.example.com%23music";

#[derive(Default)]
pub(crate) struct Sets {
    known: Mutex<HashMap<String, Answer>>,
    versions: AtomicU64,
    /// How many are looked up at this moment, and at most were.
    pub(crate) running: AtomicUsize,
    pub(crate) most: AtomicUsize,
    /// How long each look-up takes.
    pub(crate) slow: Mutex<Duration>,
    /// What was asked for, and why.
    pub(crate) asked: Mutex<Vec<(String, Purpose)>>,
}

#[derive(Clone)]
enum Answer {
    Known(Arc<KnownSet>),
    Ours,
}

impl Sets {
    /// Publishes another version of a set, with these permissions.
    pub(crate) fn publish(&self, nsid: &str, permissions: &Value) {
        let document = json!({"lexicon": 1, "id": nsid, "defs": {"main": {
            "type": "permission-set",
            "title": "Music library",
            "title:lang": {"de": "Musiksammlung"},
            "detail": "Everything about your music.",
            "permissions": permissions,
        }}});
        let version = self.versions.fetch_add(1, Ordering::SeqCst);
        let known = KnownSet {
            set: PermissionSet::from_document(&document).unwrap(),
            cid: format!("version-{version}"),
            rev: format!("3l3qo2vuts{version:03}"),
            resolved_at: UnixTime::from_seconds(0),
        };
        self.known.lock().insert(nsid.to_owned(), Answer::Known(Arc::new(known)));
    }

    /// Publishes the set of music with these collections and the call.
    pub(crate) fn publish_music(&self, collections: &[&str]) {
        let collections: Vec<String> =
            collections.iter().map(|name| format!("com.example.music.{name}")).collect();
        self.publish(
            MUSIC,
            &json!([
                {"type": "permission", "resource": "repo", "collection": collections},
                {"type": "permission", "resource": "rpc", "lxm": ["com.example.music.search"], "inheritAud": true},
            ]),
        );
    }

    /// The set resolves no longer, and no version of it is known.
    pub(crate) fn forget(&self, nsid: &str) {
        self.known.lock().remove(nsid);
    }

    /// Looking it up fails for a reason of ours.
    pub(crate) fn fail(&self, nsid: &str) {
        self.known.lock().insert(nsid.to_owned(), Answer::Ours);
    }
}

#[async_trait]
impl PermissionSets for Sets {
    async fn find(&self, nsid: &Nsid, purpose: Purpose) -> Result<Arc<KnownSet>, FindSetError> {
        self.asked.lock().push((nsid.to_string(), purpose));
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        let slow = *self.slow.lock();
        tokio::time::sleep(slow).await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        match self.known.lock().get(nsid.as_str()) {
            Some(Answer::Known(known)) => Ok(Arc::clone(known)),
            Some(Answer::Ours) => Err(FindSetError::Ours("injected".to_owned())),
            None => {
                let why = "there is no `_lexicon` record".to_owned();
                Err(FindSetError::Unresolved { nsid: nsid.clone(), why })
            }
        }
    }
}

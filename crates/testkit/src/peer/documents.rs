//! Who is who, and what the servers publish.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use gatewright_protocol::oauth::server_metadata::ServerMetadata;
use serde_json::{Value, json};

use super::{Inner, Peer};

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const SERVER: &str = "/.well-known/oauth-authorization-server";

pub(super) async fn document(State(peer): State<Arc<Inner>>, uri: Uri) -> Response {
    match peer.document(uri.path()) {
        Some(document) => axum::Json(document).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Inner {
    fn document(&self, path: &str) -> Option<Value> {
        let told = self.told.lock();
        if let Some(document) = told.documents.get(path) {
            return Some(document.clone());
        }
        match path {
            RESOURCE => Some(json!({"resource": self.origin, "authorization_servers": [self.origin]})),
            SERVER => serde_json::to_value(ServerMetadata::of(&self.origin, None)).ok(),
            _ => {
                let did = path.trim_start_matches('/');
                let (handle, _) = told.handles.iter().find(|(_, known)| *known == did)?;
                let service = json!([
                    {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": self.origin}
                ]);
                Some(json!({"id": did, "alsoKnownAs": [format!("at://{handle}")], "service": service}))
            }
        }
    }
}

impl Peer {
    /// Changes what the authorization server publishes.
    pub fn change_server(&self, change: impl FnOnce(&mut Value)) {
        self.change(SERVER, change);
    }

    /// Changes what the host publishes.
    pub fn change_resource(&self, change: impl FnOnce(&mut Value)) {
        self.change(RESOURCE, change);
    }

    /// Changes the document of an account.
    pub fn change_account(&self, did: &str, change: impl FnOnce(&mut Value)) {
        self.change(&format!("/{did}"), change);
    }

    fn change(&self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut document = self.state.document(path).unwrap_or_default();
        change(&mut document);
        self.state.told.lock().documents.insert(path.to_owned(), document);
    }

    /// Publishes the truth again.
    pub fn stop_lying(&self) {
        let mut told = self.state.told.lock();
        told.documents.clear();
        (told.iss, told.sub) = (None, None);
    }

    /// Gives a handle to an account.
    pub fn set_handle(&self, handle: &str, did: &str) {
        self.state.told.lock().handles.insert(handle.to_owned(), did.to_owned());
    }
}

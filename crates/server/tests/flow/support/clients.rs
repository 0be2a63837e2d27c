//! What clients publish, as a table.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use gatewright_protocol::jose::JwkSet;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::oauth::client_metadata::{Authentication, ClientMetadata, Keys, MetadataRules};
use gatewright_protocol::oauth::error::ErrorCode;
use gatewright_resolve::Peer;
use gatewright_server::context::{Clients, ClientsError};
use parking_lot::Mutex;
use serde_json::Value;

#[derive(Default)]
pub(crate) struct Table {
    documents: Mutex<HashMap<String, Value>>,
    /// On whose behalf documents were asked for.
    pub(crate) peers: Mutex<Vec<Option<Peer>>>,
    /// No host answers.
    pub(crate) down: AtomicBool,
}

impl Table {
    pub(crate) fn publish(&self, id: &str, document: Value) {
        self.documents.lock().insert(id.to_owned(), document);
    }

    fn read(&self, id: &ClientId) -> Result<ClientMetadata, ClientsError> {
        if let Some(metadata) = ClientMetadata::loopback(id) {
            return Ok(metadata);
        }
        if self.down.load(Ordering::SeqCst) {
            return Err(ClientsError::Unreachable("nobody answers".to_owned()));
        }
        let documents = self.documents.lock();
        let document = documents.get(id.as_str()).ok_or_else(|| ClientsError::Invalid {
            code: ErrorCode::InvalidClientMetadata,
            text: "there is no document".to_owned(),
        })?;
        ClientMetadata::parse(id, document.to_string().as_bytes(), MetadataRules::default())
            .map_err(|error| ClientsError::Invalid { code: error.code(), text: error.to_string() })
    }
}

#[async_trait]
impl Clients for Table {
    async fn client(&self, id: &ClientId, peer: Option<Peer>) -> Result<Arc<ClientMetadata>, ClientsError> {
        self.peers.lock().push(peer);
        self.read(id).map(Arc::new)
    }

    async fn keys(&self, id: &ClientId, _: Option<Peer>) -> Result<Arc<JwkSet>, ClientsError> {
        Ok(Arc::new(match self.read(id)?.authentication {
            Authentication::PrivateKeyJwt { keys: Keys::Inline(keys), .. } => keys,
            _ => JwkSet::default(),
        }))
    }

    async fn keys_again(&self, id: &ClientId, peer: Option<Peer>) -> Result<Arc<JwkSet>, ClientsError> {
        self.keys(id, peer).await
    }
}

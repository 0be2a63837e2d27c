//! Documents of loopback clients, which follow from their ids alone (CM-23): worked out once for each id in use.

use std::collections::HashMap;
use std::sync::Arc;

use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::oauth::client_metadata::ClientMetadata;
use parking_lot::RwLock;

/// The documents of the ids that came lately.
#[derive(Debug, Default)]
pub(crate) struct Loopbacks(RwLock<HashMap<Box<str>, Arc<ClientMetadata>>>);

/// More ids than this are not kept (SEC-72): anybody can make one up.
const MOST: usize = 256;

impl Loopbacks {
    /// The document of an id that came before.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<ClientMetadata>> {
        self.0.read().get(id).cloned()
    }

    /// The document of a loopback client; none for any other.
    pub(crate) fn load(&self, id: &ClientId) -> Option<Arc<ClientMetadata>> {
        let document = Arc::new(ClientMetadata::loopback(id)?);
        let mut known = self.0.write();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(id.as_str().into(), Arc::clone(&document));
        Some(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_72_made_up_ids_take_bounded_memory() {
        let loopbacks = Loopbacks::default();
        for port in 0..(MOST * 3) {
            let text = format!("http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%2F{port}");
            loopbacks.load(&ClientId::from_stored(&text).unwrap()).unwrap();
            assert!(loopbacks.find(&text).is_some());
        }
        assert!(loopbacks.0.read().len() <= MOST);
        let other = ClientId::from_stored("https://app.example.dev/client.json").unwrap();
        assert!(loopbacks.load(&other).is_none());
    }
}

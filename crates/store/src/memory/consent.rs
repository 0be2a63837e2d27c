//! Consents.

use std::collections::HashMap;

use async_trait::async_trait;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::syntax::Did;

use super::Memory;
use crate::StoreError;
use crate::consent::{Consent, ConsentStore};

#[derive(Debug, Default)]
pub(super) struct Consents {
    rows: HashMap<(Did, ClientId), Consent>,
}

impl Consents {
    pub(super) fn insert(&mut self, consent: Consent) {
        self.rows.insert((consent.account.clone(), consent.client.clone()), consent);
    }

    pub(super) fn remove_account(&mut self, did: &Did) -> bool {
        let before = self.rows.len();
        self.rows.retain(|(account, _), _| account != did);
        self.rows.len() < before
    }
}

#[async_trait]
impl ConsentStore for Memory {
    async fn find_consent(&self, account: &Did, client: &ClientId) -> Result<Option<Consent>, StoreError> {
        Ok(self.tables().consents.rows.get(&(account.clone(), client.clone())).cloned())
    }

    async fn delete_consent(&self, account: &Did, client: &ClientId) -> Result<bool, StoreError> {
        Ok(self.tables().consents.rows.remove(&(account.clone(), client.clone())).is_some())
    }
}

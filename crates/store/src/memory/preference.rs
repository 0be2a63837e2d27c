//! Preferences.

use std::collections::HashMap;

use async_trait::async_trait;
use gatewright_protocol::syntax::Did;

use super::Memory;
use crate::StoreError;
use crate::preference::{Preference, PreferenceStore};

#[derive(Debug, Default)]
pub(super) struct Preferences {
    rows: HashMap<Did, Vec<Preference>>,
}

impl Preferences {
    /// Forgets those of an account; whether there were any.
    pub(super) fn remove_account(&mut self, did: &Did) -> bool {
        self.rows.remove(did).is_some()
    }
}

#[async_trait]
impl PreferenceStore for Memory {
    async fn list_preferences(&self, account: &Did) -> Result<Vec<Preference>, StoreError> {
        Ok(self.tables().preferences.rows.get(account).cloned().unwrap_or_default())
    }

    async fn replace_preferences(
        &self,
        account: &Did,
        kept: Option<&'static str>,
        preferences: Vec<Preference>,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let rows = tables.preferences.rows.entry(account.clone()).or_default();
        rows.retain(|row| Some(row.kind.as_str()) == kept);
        rows.extend(preferences);
        if rows.is_empty() {
            tables.preferences.rows.remove(account);
        }
        Ok(())
    }
}

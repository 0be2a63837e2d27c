//! Scopes by reference.

use std::collections::HashMap;

use async_trait::async_trait;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::time::UnixTime;

use super::Memory;
use crate::StoreError;
use crate::scope_reference::{ScopeReference, ScopeReferenceStore};

#[derive(Debug, Default)]
pub(super) struct ScopeReferences {
    rows: HashMap<String, ScopeReference>,
}

impl ScopeReferences {
    /// Deletes up to `batch` whose time has passed; how many those were.
    pub(super) fn sweep(&mut self, now: UnixTime, batch: usize) -> u64 {
        let over = self.rows.values().filter(|row| row.until <= now).map(|row| row.name.clone());
        let over: Vec<_> = over.take(batch).collect();
        for name in &over {
            self.rows.remove(name);
        }
        over.len() as u64
    }
}

#[async_trait]
impl ScopeReferenceStore for Memory {
    async fn keep_scope(&self, reference: ScopeReference) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let row = tables.scope_references.rows.entry(reference.name.clone());
        let row = row.or_insert_with(|| reference.clone());
        row.until = row.until.max(reference.until);
        Ok(())
    }

    async fn find_scope(&self, name: &str, now: UnixTime) -> Result<Option<Scopes>, StoreError> {
        let tables = self.tables();
        let row = tables.scope_references.rows.get(name).filter(|row| now < row.until);
        Ok(row.map(|row| row.scope.clone()))
    }
}

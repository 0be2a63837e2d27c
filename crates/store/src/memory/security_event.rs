//! Security events.

use async_trait::async_trait;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use super::Memory;
use crate::StoreError;
use crate::security_event::{
    EVENT_MEMORY, EVENT_REPEAT, MOST_EVENTS, SecurityEvent, SecurityEventKind, SecurityEventStore,
};

/// In the order in which they were noted.
#[derive(Debug, Default)]
pub(super) struct SecurityEvents {
    rows: Vec<SecurityEvent>,
}

impl SecurityEvents {
    /// Forgets the events of an account; whether there were any.
    pub(super) fn remove_account(&mut self, did: &Did) -> bool {
        let before = self.rows.len();
        self.rows.retain(|event| event.account != *did);
        self.rows.len() < before
    }

    /// Deletes up to `batch` events that are old; how many those were.
    pub(super) fn sweep(&mut self, now: UnixTime, batch: usize) -> u64 {
        let mut left = batch;
        self.rows.retain(|event| {
            let goes = left > 0 && now.since(event.at) >= EVENT_MEMORY;
            left -= usize::from(goes);
            !goes
        });
        (batch - left) as u64
    }

    /// Notes an event, unless it need not be.
    pub(super) fn note(&mut self, event: SecurityEvent) {
        let is_noted = |known: &SecurityEvent| match event.kind {
            SecurityEventKind::NewNetwork => {
                known.session.is_some() && (known.session, &known.place) == (event.session, &event.place)
            }
            _ => known.is_like(&event) && event.at.since(known.at) < EVENT_REPEAT,
        };
        if self.rows.iter().any(is_noted) {
            return;
        }
        let is_kind = |known: &SecurityEvent| known.account == event.account && known.kind == event.kind;
        if self.rows.iter().filter(|known| is_kind(known)).count() >= MOST_EVENTS
            && let Some(oldest) = self.rows.iter().position(is_kind)
        {
            self.rows.remove(oldest);
        }
        self.rows.push(event);
    }
}

#[async_trait]
impl SecurityEventStore for Memory {
    async fn note_security_event(&self, event: SecurityEvent) -> Result<(), StoreError> {
        self.tables().security_events.note(event);
        Ok(())
    }

    async fn list_security_events(&self, account: &Did) -> Result<Vec<SecurityEvent>, StoreError> {
        let tables = self.tables();
        let own = tables.security_events.rows.iter().filter(|event| event.account == *account);
        let mut own: Vec<_> = own.rev().cloned().collect();
        own.sort_by_key(|event| std::cmp::Reverse(event.at));
        Ok(own)
    }
}

//! Replay memory.

use std::collections::HashMap;

use async_trait::async_trait;
use gatewright_protocol::time::UnixTime;

use super::{Memory, full, holds};
use crate::StoreError;
use crate::replay::{Namespace, ReplayStore};

#[derive(Debug, Default)]
pub(super) struct Replays {
    /// Of everything but proofs.
    uses: HashMap<(Namespace, [u8; 32]), UnixTime>,
}

impl Replays {
    /// Forgets up to `batch` keys whose time is over; how many those were.
    pub(super) fn sweep(&mut self, now: UnixTime, batch: usize) -> u64 {
        self.uses.extract_if(|_, until| *until <= now).take(batch).count() as u64
    }
}

#[async_trait]
impl ReplayStore for Memory {
    async fn remember(
        &self,
        namespace: Namespace,
        key: [u8; 32],
        until: UnixTime,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        if namespace == Namespace::Proof {
            return self.proofs.remember(key, until, now);
        }
        let uses = &mut self.tables().replays.uses;
        match uses.get(&(namespace, key)) {
            Some(until) if *until > now => return Ok(false),
            None if !holds(uses.len(), self.limits.assertions) => return Err(full("assertions")),
            _ => {}
        }
        uses.insert((namespace, key), until);
        Ok(true)
    }
}

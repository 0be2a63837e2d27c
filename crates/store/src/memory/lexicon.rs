//! Lexicons.

use std::collections::HashMap;

use async_trait::async_trait;
use cid::Cid;
use gatewright_protocol::syntax::{Did, Nsid, Tid};
use gatewright_protocol::time::UnixTime;

use super::{Memory, full, holds};
use crate::StoreError;
use crate::lexicon::{
    CurrentLexicon, LexiconKept, LexiconStore, LexiconVersion, MOST_AUTHORITIES, MOST_VERSIONS,
};

#[derive(Debug, Default)]
pub(super) struct Lexicons {
    rows: HashMap<Nsid, Row>,
}

#[derive(Debug)]
struct Row {
    /// In the order in which they came into force; never empty.
    versions: Vec<LexiconVersion>,
    checked_at: UnixTime,
    authorities: HashMap<Did, Seen>,
}

/// The newest of an authority's that was seen.
#[derive(Debug)]
struct Seen {
    rev: Tid,
    cid: Cid,
    at: UnixTime,
}

impl Lexicons {
    fn keep(&mut self, resolved: LexiconVersion, limit: u64) -> Result<LexiconKept, StoreError> {
        let versions = self.rows.values().map(|row| row.versions.len()).sum();
        let there_is_room = holds(versions, limit);
        let Some(row) = self.rows.get_mut(&resolved.nsid) else {
            if !there_is_room {
                return Err(full("lexicons"));
            }
            let (nsid, checked_at) = (resolved.nsid.clone(), resolved.resolved_at);
            let mut row = Row { versions: Vec::new(), checked_at, authorities: HashMap::new() };
            row.see(&resolved);
            row.versions.push(resolved);
            self.rows.insert(nsid, row);
            return Ok(LexiconKept::New);
        };
        if row.is_rolled_back(&resolved) {
            return Ok(LexiconKept::RolledBack);
        }
        row.see(&resolved);
        row.checked_at = resolved.resolved_at;
        if row.versions.last().is_some_and(|last| last.did == resolved.did && last.cid == resolved.cid) {
            return Ok(LexiconKept::Unchanged);
        }
        row.versions.push(resolved);
        if row.versions.len() > MOST_VERSIONS || !there_is_room {
            row.versions.remove(0);
        }
        Ok(LexiconKept::New)
    }
}

impl Lexicons {
    /// Forgets up to `batch` lexicons that were last seen at this time or before; how many those were.
    pub(super) fn sweep(&mut self, seen_by: UnixTime, batch: usize) -> u64 {
        self.rows.extract_if(|_, row| row.checked_at <= seen_by).take(batch).count() as u64
    }
}

impl Row {
    fn is_rolled_back(&self, resolved: &LexiconVersion) -> bool {
        self.authorities.get(&resolved.did).is_some_and(|seen| {
            resolved.rev < seen.rev || (resolved.rev == seen.rev && resolved.cid != seen.cid)
        })
    }

    fn see(&mut self, resolved: &LexiconVersion) {
        let seen = Seen { rev: resolved.rev.clone(), cid: resolved.cid, at: resolved.resolved_at };
        self.authorities.insert(resolved.did.clone(), seen);
        if self.authorities.len() > MOST_AUTHORITIES {
            let others = self.authorities.iter().filter(|(did, _)| **did != resolved.did);
            let oldest = others.min_by_key(|(did, seen)| (seen.at, did.as_str())).map(|(did, _)| did.clone());
            oldest.and_then(|did| self.authorities.remove(&did));
        }
    }
}

#[async_trait]
impl LexiconStore for Memory {
    async fn find_lexicon(&self, nsid: &Nsid) -> Result<Option<CurrentLexicon>, StoreError> {
        let tables = self.tables();
        let current = |row: &Row| {
            let version = row.versions.last()?.clone();
            Some(CurrentLexicon { version, checked_at: row.checked_at })
        };
        Ok(tables.lexicons.rows.get(nsid).and_then(current))
    }

    async fn keep_lexicon(&self, resolved: LexiconVersion) -> Result<LexiconKept, StoreError> {
        self.tables().lexicons.keep(resolved, self.limits.lexicon_versions)
    }

    async fn find_lexicon_at(
        &self,
        nsid: &Nsid,
        time: UnixTime,
    ) -> Result<Option<LexiconVersion>, StoreError> {
        let tables = self.tables();
        let versions = tables.lexicons.rows.get(nsid).map(|row| row.versions.as_slice()).unwrap_or_default();
        Ok(versions.iter().rev().find(|version| version.resolved_at <= time).cloned())
    }

    async fn list_lexicon_versions(
        &self,
        nsid: &Nsid,
        limit: usize,
    ) -> Result<Vec<LexiconVersion>, StoreError> {
        let tables = self.tables();
        let versions = tables.lexicons.rows.get(nsid).map(|row| row.versions.as_slice()).unwrap_or_default();
        Ok(versions.iter().rev().take(limit).cloned().collect())
    }
}

//! What is known about blobs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use async_trait::async_trait;
use cid::Cid;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use super::Memory;
use crate::StoreError;
use crate::blob::{Blob, BlobStore, BlobsSwept};

#[derive(Debug, Default)]
pub(super) struct Blobs {
    rows: BTreeMap<Did, BTreeMap<Cid, Blob>>,
    /// Of accounts that were deleted.
    orphans: BTreeSet<Cid>,
}

impl Blobs {
    pub(super) fn contains(&self, did: &Did, cid: &Cid) -> bool {
        self.rows.get(did).is_some_and(|blobs| blobs.contains_key(cid))
    }

    pub(super) fn count(&self, did: &Did) -> usize {
        self.rows.get(did).map_or(0, BTreeMap::len)
    }

    pub(super) fn remove(&mut self, did: &Did) -> bool {
        let Some(blobs) = self.rows.remove(did) else { return false };
        self.orphans.extend(blobs.into_keys());
        true
    }
}

#[async_trait]
impl BlobStore for Memory {
    async fn create_blob(&self, blob: Blob) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let blobs = tables.blobs.rows.entry(blob.did.clone()).or_default();
        match blobs.get_mut(&blob.cid) {
            Some(known) => {
                known.declared_type = blob.declared_type;
                known.created_at = blob.created_at;
            }
            None => {
                blobs.insert(blob.cid, blob);
            }
        }
        Ok(())
    }

    async fn find_blob(&self, did: &Did, cid: &Cid) -> Result<Option<Blob>, StoreError> {
        Ok(self.tables().blobs.rows.get(did).and_then(|blobs| blobs.get(cid).cloned()))
    }

    async fn list_blobs(&self, did: &Did, after: Option<&Cid>, limit: usize) -> Result<Vec<Cid>, StoreError> {
        let after = after.map(ToString::to_string);
        let start = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let named = self.tables().repos.named_blobs(did);
        Ok(named.range::<str, _>((start, Bound::Unbounded)).take(limit).map(|(_, cid)| *cid).collect())
    }

    async fn sweep_blobs(&self, before: UnixTime, limit: usize) -> Result<BlobsSwept, StoreError> {
        let tables = &mut *self.tables();
        let mut swept = BlobsSwept::default();
        let mut cids = BTreeSet::new();
        while swept.uploads < limit
            && let Some(cid) = tables.blobs.orphans.pop_first()
        {
            swept.uploads += 1;
            cids.insert(cid);
        }
        let limit = swept.uploads + limit;
        for (did, blobs) in &mut tables.blobs.rows {
            let named = tables.repos.named_blobs(did);
            blobs.retain(|cid, blob| {
                let goes = swept.uploads < limit
                    && blob.created_at < before
                    && !named.contains_key(&cid.to_string());
                if goes {
                    swept.uploads += 1;
                    cids.insert(*cid);
                }
                !goes
            });
        }
        cids.retain(|cid| !tables.blobs.rows.values().any(|blobs| blobs.contains_key(cid)));
        swept.gone.extend(cids);
        Ok(swept)
    }
}

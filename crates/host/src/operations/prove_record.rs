//! `com.atproto.sync.getRecord`: the blocks that prove what a record is, or that there is none.

use bytes::Bytes;
use cid::Cid;
use gatewright_protocol::syntax::{Did, Nsid, RecordKey};
use gatewright_store::StoreError;
use gatewright_store::repo::RepoHead;

use super::access::{Identifier, ReadError, Viewer, readable};
use crate::context::Context;
use crate::repo::car;
use crate::repo::node::{Link, Node};

/// How often to start again because a commit took blocks away meanwhile.
const MAX_TRIES: usize = 16;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveRecordError {
    /// Commits came faster than the proof, again and again; or a block of the tree is lost.
    #[error("the tree of the repository cannot be read")]
    Moving,
    /// The repository cannot be read.
    #[error(transparent)]
    Repo(#[from] ReadError),
}

impl From<StoreError> for ProveRecordError {
    fn from(error: StoreError) -> Self {
        Self::Repo(error.into())
    }
}

/// A file of the commit, the nodes of the tree on the way to the key, and the record if there is one.
pub async fn prove_record(
    context: &Context,
    did: &Did,
    collection: &Nsid,
    key: &RecordKey,
    viewer: Viewer<'_>,
) -> Result<Vec<u8>, ProveRecordError> {
    let account = readable(context, &Identifier::Did(did.clone()), viewer).await?;
    for _ in 0..MAX_TRIES {
        let head = context.store.find_repo(&account.did).await?.ok_or(ReadError::NotFound)?;
        if let Some(blocks) = collect(context, did, &head, collection, key).await? {
            let mut file = car::header(&head.commit);
            for (cid, block) in &blocks {
                car::write_block(&mut file, cid, block);
            }
            return Ok(file);
        }
    }
    Err(ProveRecordError::Moving)
}

/// `None` if a block is not there (any more).
async fn collect(
    context: &Context,
    did: &Did,
    head: &RepoHead,
    collection: &Nsid,
    key: &RecordKey,
) -> Result<Option<Vec<(Cid, Bytes)>>, StoreError> {
    let path = format!("{collection}/{key}");
    let Some(commit) = context.store.find_block(did, &head.commit).await? else { return Ok(None) };
    let mut blocks = vec![(head.commit, commit)];
    let mut next = Some(head.data);
    while let Some(cid) = next {
        let Some(block) = context.store.find_block(did, &cid).await? else { return Ok(None) };
        let Some(node) = Node::parse(&block) else { return Ok(None) };
        blocks.push((cid, block));
        next = match node.position(&path) {
            Err(index) => match node.gap(index) {
                Some(Link::Stored(below)) => Some(*below),
                _ => None,
            },
            Ok(index) => {
                let wanted = node.entries.get(index).map(|entry| entry.value);
                match context.store.find_record(did, collection, key).await? {
                    Some(record) if Some(record.cid) == wanted => blocks.push((record.cid, record.value)),
                    _ => return Ok(None),
                }
                None
            }
        };
    }
    Ok(Some(blocks))
}

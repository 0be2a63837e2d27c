//! `com.atproto.sync.getRepo`: a whole repository in one file.

use std::io;
use std::sync::Arc;

use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::repo::{ListRecords, RepoHead};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _, BufWriter};
use tokio::sync::OwnedSemaphorePermit;

use super::access::{Identifier, ReadError, Viewer, readable};
use crate::context::Context;
use crate::repo::car;

/// How many nodes are read at once.
const NODES: usize = 500;
/// How many records are read at once; each may be large.
const RECORDS: usize = 32;

/// How often to write the file again because a commit came meanwhile, before commits are held up.
const MAX_TRIES: usize = 2;

/// The file of a repository, to be read from its beginning. It is gone once this is dropped.
#[derive(Debug)]
pub struct RepoFile {
    /// The file.
    pub file: File,
    /// Its place among the files that may lie on the disk at one time.
    pub place: OwnedSemaphorePermit,
}

/// Why the repository is not shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadRepoError {
    /// As many are being read as may be.
    #[error("too many repositories are being read at once")]
    Busy,
    /// The disk failed.
    #[error("the file of the repository cannot be written")]
    Folder(#[from] io::Error),
    /// The repository cannot be read.
    #[error(transparent)]
    Repo(#[from] ReadError),
}

impl From<StoreError> for ReadRepoError {
    fn from(error: StoreError) -> Self {
        Self::Repo(error.into())
    }
}

/// Writes the commit, all nodes and all records to a file.
///
/// It is written whole before the first byte is sent: it must be of one commit, and somebody who reads slowly must
/// not hold up writes. Where commits come faster than it is written, they wait for the last try.
pub async fn read_repo(context: &Context, did: &Did, viewer: Viewer<'_>) -> Result<RepoFile, ReadRepoError> {
    let account = readable(context, &Identifier::Did(did.clone()), viewer).await?;
    let place = Arc::clone(&context.exports).try_acquire_owned().map_err(|_| ReadRepoError::Busy)?;
    for _ in 0..MAX_TRIES {
        if let Some(file) = try_write(context, &account.did).await? {
            return Ok(RepoFile { file, place });
        }
    }
    let _still = context.desks.hold(&account.did).await;
    match try_write(context, &account.did).await? {
        Some(file) => Ok(RepoFile { file, place }),
        None => Err(ReadRepoError::Busy),
    }
}

/// `None` if a commit came meanwhile.
async fn try_write(context: &Context, did: &Did) -> Result<Option<File>, ReadRepoError> {
    let before = context.store.find_repo(did).await?.ok_or(ReadError::NotFound)?;
    let mut file = BufWriter::new(context.blobs.scratch(&*context.random).await?);
    write(context, did, &before, &mut file).await?;
    let after = context.store.find_repo(did).await?;
    if after.is_none_or(|after| after.commit != before.commit) {
        return Ok(None);
    }
    file.flush().await?;
    let mut file = file.into_inner();
    file.rewind().await?;
    Ok(Some(file))
}

async fn write(
    context: &Context,
    did: &Did,
    head: &RepoHead,
    file: &mut BufWriter<File>,
) -> Result<(), ReadRepoError> {
    file.write_all(&car::header(&head.commit)).await?;
    let mut piece = Vec::new();
    let mut after = None;
    loop {
        let blocks = context.store.list_blocks(did, after.as_ref(), NODES).await?;
        for (cid, block) in &blocks {
            car::write_block(&mut piece, cid, block);
        }
        file.write_all(&piece).await?;
        piece.clear();
        match blocks.last() {
            Some((cid, _)) if blocks.len() == NODES => after = Some(*cid),
            _ => break,
        }
    }
    for collection in context.store.list_collections(did).await? {
        let mut cursor = None;
        loop {
            let list = ListRecords { collection: collection.clone(), cursor, limit: RECORDS, reverse: true };
            let records = context.store.list_records(did, list).await?;
            for record in &records {
                car::write_block(&mut piece, &record.cid, &record.value);
            }
            file.write_all(&piece).await?;
            piece.clear();
            match records.last() {
                Some(record) if records.len() == RECORDS => cursor = Some(record.key.clone()),
                _ => break,
            }
        }
    }
    Ok(())
}

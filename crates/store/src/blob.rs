//! Blobs: what is known about uploaded media. The bytes themselves lie in a folder that the host keeps.

use async_trait::async_trait;
use cid::Cid;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;

/// What is known about an uploaded blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Whose.
    pub did: Did,
    /// The CID of its bytes.
    pub cid: Cid,
    /// Its length in bytes.
    pub size: u64,
    /// The type its uploader declared.
    pub declared_type: String,
    /// The type its first bytes look like, where they look like one (SEC-42).
    pub sniffed_type: Option<String>,
    /// When it was last uploaded.
    pub created_at: UnixTime,
}

/// What a sweep of blobs came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobsSwept {
    /// How many uploads were forgotten, those of accounts that were deleted included.
    pub uploads: usize,
    /// The blobs among them that no account has any more, each once: their bytes can go.
    pub gone: Vec<Cid>,
}

/// What is known about blobs.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Notes an upload; the same blob again changes nothing but its declared type and time.
    async fn create_blob(&self, blob: Blob) -> Result<(), StoreError>;
    /// One blob of the account.
    async fn find_blob(&self, did: &Did, cid: &Cid) -> Result<Option<Blob>, StoreError>;
    /// Blobs that records of the account name, in the order of their CIDs' text, after `after`.
    async fn list_blobs(&self, did: &Did, after: Option<&Cid>, limit: usize) -> Result<Vec<Cid>, StoreError>;
    /// Forgets up to `limit` blobs that were last uploaded before `before` and that no record of their account names, and
    /// as many whose account was deleted.
    /// Call again while uploads were forgotten. An upload at the same time may bring back one that is said to be gone,
    /// so the caller lets none happen until the bytes are gone too.
    async fn sweep_blobs(&self, before: UnixTime, limit: usize) -> Result<BlobsSwept, StoreError>;
}

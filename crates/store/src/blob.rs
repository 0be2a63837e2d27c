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
    /// When it was uploaded.
    pub created_at: UnixTime,
}

/// What is known about blobs.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Notes an upload; the same blob again changes nothing but its declared type.
    async fn create_blob(&self, blob: Blob) -> Result<(), StoreError>;
    /// One blob of the account.
    async fn find_blob(&self, did: &Did, cid: &Cid) -> Result<Option<Blob>, StoreError>;
    /// Blobs that records of the account name, in the order of their CIDs' text, after `after`.
    async fn list_blobs(&self, did: &Did, after: Option<&Cid>, limit: usize) -> Result<Vec<Cid>, StoreError>;
}

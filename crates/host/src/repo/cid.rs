//! The addresses of blocks: `CIDv1` over SHA-256, with the codec of records or of raw bytes.

use cid::Cid;
use cid::multihash::Multihash;
use gatewright_protocol::crypto::sha256;

/// The codec of commits, tree nodes and records.
pub const DAG_CBOR: u64 = 0x71;
/// The codec of blobs.
pub const RAW: u64 = 0x55;
const SHA2_256: u64 = 0x12;

/// The address of a commit, node or record.
pub fn of_block(bytes: &[u8]) -> Cid {
    of_digest(DAG_CBOR, &sha256(bytes))
}

/// The address of a blob with this SHA-256.
pub fn of_blob_digest(digest: &[u8; 32]) -> Cid {
    of_digest(RAW, digest)
}

/// Whether this is a kind of address that the data model allows: version 1, SHA-256, DAG-CBOR or raw.
pub fn is_allowed(cid: &Cid) -> bool {
    cid.version() == cid::Version::V1
        && matches!(cid.codec(), DAG_CBOR | RAW)
        && cid.hash().code() == SHA2_256
        && cid.hash().size() == 32
}

fn of_digest(codec: u64, digest: &[u8; 32]) -> Cid {
    Cid::new_v1(codec, Multihash::wrap(SHA2_256, digest).expect("32 bytes fit into a multihash of 64"))
}

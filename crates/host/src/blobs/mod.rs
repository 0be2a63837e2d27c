//! The bytes of blobs: one file a blob, named by its CID, in a folder of the host.

mod folder;
mod sniff;

pub use folder::{BlobFolder, Incoming, ReceiveError};
pub use sniff::sniff;

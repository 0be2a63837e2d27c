//! The strings that everything else is named by: DIDs, handles, NSIDs, at-URIs, record keys, TIDs, datetimes.
//!
//! Each is a newtype whose only door is `FromStr`, so a value that exists is well formed. The text is kept as it
//! came (handles: in lower case, which is how they compare) behind a shared pointer: clones are cheap.

mod at_uri;
mod datetime;
mod did;
mod error;
mod handle;
mod nsid;
mod record_key;
#[cfg(test)]
mod tests;
mod text;
mod tid;

pub use at_uri::AtUri;
pub use datetime::Datetime;
pub use did::{Development, Did, did_web_to_url};
pub use error::SyntaxError;
pub use handle::Handle;
pub use nsid::Nsid;
pub use record_key::RecordKey;
pub use tid::Tid;

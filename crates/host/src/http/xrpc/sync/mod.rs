//! `com.atproto.sync.*`.

pub(crate) mod get_blob;
pub(crate) mod get_latest_commit;
pub(crate) mod get_record;
pub(crate) mod get_repo;
pub(crate) mod get_repo_status;
pub(crate) mod list_blobs;
pub(crate) mod list_repos;

/// The type of files of blocks.
const CAR: &str = "application/vnd.ipld.car";

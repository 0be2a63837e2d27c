//! What the host does: an operation is one file, one public function, one error.

pub mod access;
pub mod apply_writes;
pub mod create_account;
pub mod create_record;
pub mod delete_record;
pub mod describe_account;
pub mod describe_repo;
pub mod find_commit;
pub mod find_preferences;
pub mod find_profile;
pub mod find_session;
pub mod list_blobs;
pub mod list_records;
pub mod list_repos;
pub mod preferences;
pub mod prove_record;
pub mod put_preferences;
pub mod put_record;
pub mod read_blob;
pub mod read_record;
pub mod read_repo;
pub mod repo_status;
pub mod resolve_handle;
pub mod sweep_blobs;
pub mod upload_blob;
pub mod write;

//! Repositories: an account's records as a signed tree of blocks.
//!
//! | module | what it holds |
//! |---|---|
//! | [`cid`] | the addresses of blocks |
//! | [`value`] | the data model: JSON on the wire, DAG-CBOR in blocks |
//! | [`node`] | one node of the tree of records, as a block |
//! | [`tree`] | finding, putting and deleting records in the tree |
//! | [`commit`] | the signed statement of what the tree is |
//! | [`car`] | files of blocks |
//! | [`desk`] | one account's repository as it stands, kept at hand between writes |

pub mod car;
pub mod cid;
pub mod commit;
pub mod desk;
pub mod node;
pub mod tree;
pub mod value;

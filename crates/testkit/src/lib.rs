//! A whole network in one process, and what tests drive it with.

pub mod app;
pub mod author;
pub mod behind;
pub mod browser;
pub mod client_host;
pub mod client_key;
pub mod clock;
pub mod cluster;
pub mod form;
pub mod loopback;
pub mod network;
pub mod peer;
pub mod program;
pub mod reference;
pub mod session_store;
pub mod store;
pub mod stranger;
pub mod wire;

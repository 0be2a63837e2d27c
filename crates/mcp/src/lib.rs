//! The AT Protocol as tools of the Model Context Protocol.

pub mod authorization;

//! One program for the authorization of the AT Protocol: a whole network to try it (`dev`), the server (`serve`),
//! and the questions an operator or author asks (`scope explain`, `client check`, `config check`…).
//!
//! The program is a library too, so that tests start exactly what people start.

pub mod args;
pub mod commands;
pub mod config;
pub mod dev;
pub mod env;
pub mod hint;
pub mod listen;
pub mod mcp;
mod metrics;
pub mod own_sessions;
pub mod printer;
mod process;
mod rotation_key;
pub mod solo;
pub mod telemetry;

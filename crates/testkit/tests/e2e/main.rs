//! The whole of it over HTTP: flows, refusals, restarts, the programs of others.

mod assertions;
mod crash;
mod granular;
mod host;
mod hosted_clients;
mod interop;
mod misbehaving;
mod pages;
mod password_sessions;
mod proof;
mod refresh;
mod restart;
mod secrets;
mod start;
mod topology;
mod walk;

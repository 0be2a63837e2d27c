//! The whole of it over HTTP: flows, refusals, restarts, the programs of others.

mod assertions;
mod crash;
mod granular;
mod host;
mod hosted_clients;
mod interop;
mod lexicons;
mod misbehaving;
mod pages;
mod password_sessions;
mod permission_sets;
mod proof;
mod refresh;
mod restart;
mod secrets;
mod services;
mod start;
mod topology;
mod walk;

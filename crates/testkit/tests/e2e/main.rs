//! The whole of it over HTTP: flows, refusals, restarts, the programs of others.

mod assertions;
mod client_bot;
mod client_flow;
mod client_misbehaving;
mod client_refresh;
mod client_start;
mod client_storm;
mod client_web;
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

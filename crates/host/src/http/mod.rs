//! How the host is asked: the table of routes, and what surrounds them.

mod asker;
mod body;
mod caller;
mod errors;
mod lead_on;
mod limits;
mod params;
mod router;
mod stream;
mod well_known;
mod xrpc;

pub use router::router;

#[cfg(test)]
pub(crate) use {caller::Caller, router::unguarded};

//! The guard as a tower layer.

use tower_layer::Layer;

use crate::table::Row;
use crate::{Guard, GuardService};

/// Puts a [`Guard`] before a service.
///
/// By [`new`](Self::new) the path decides: `/xrpc/<method>` is looked up in the guard's table, and other paths are
/// left alone (a handler there that takes a [`Caller`](crate::Caller) refuses everybody). By
/// [`route`](Self::route) one row holds for everything behind it, whatever its path: for APIs that are not XRPC.
#[derive(Clone, Debug)]
pub struct GuardLayer {
    guard: Guard,
    row: Option<Row>,
}

impl GuardLayer {
    /// By the guard's table.
    pub const fn new(guard: Guard) -> Self {
        Self { guard, row: None }
    }

    /// By this row.
    pub const fn route(guard: Guard, row: Row) -> Self {
        Self { guard, row: Some(row) }
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> GuardService<S> {
        GuardService::new(inner, self.guard.clone(), self.row)
    }
}

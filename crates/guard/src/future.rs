//! The future of a guarded request.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::response::Response;

/// What [`GuardService`](crate::GuardService) answers with.
pub struct GuardFuture<E>(Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>);

impl<E> GuardFuture<E> {
    pub(crate) fn new(future: impl Future<Output = Result<Response, E>> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }
}

impl<E> Future for GuardFuture<E> {
    type Output = Result<Response, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<E> fmt::Debug for GuardFuture<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardFuture").finish_non_exhaustive()
    }
}

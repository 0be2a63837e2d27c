//! What is told of sessions, as it happens.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use gatewright_protocol::syntax::Did;

use crate::error::CallError;
use crate::record::{Ended, SessionId};

/// Something happened to a session. By then it is kept: nothing has to be done about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Somebody signed in.
    Created(Subject),
    /// It was logged out and is gone.
    Deleted(Subject),
    /// The server has ended it; somebody has to sign in again.
    Expired(Subject, Ended),
    /// A refresh or sign-in failed for a reason that will pass, or that somebody has to mend. The session is as it was.
    Failed(Subject, CallError),
    /// It came from an exported text.
    Imported(Subject),
    /// It has new tokens.
    Refreshed(Subject),
}

/// Which session, and whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The session.
    pub session: SessionId,
    /// The account.
    pub account: Did,
}

impl Event {
    /// Which session, and whose.
    pub const fn subject(&self) -> &Subject {
        match self {
            Self::Created(subject)
            | Self::Deleted(subject)
            | Self::Expired(subject, _)
            | Self::Failed(subject, _)
            | Self::Imported(subject)
            | Self::Refreshed(subject) => subject,
        }
    }

    /// Its name in one word.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::Deleted(_) => "deleted",
            Self::Expired(..) => "expired",
            Self::Failed(..) => "failed",
            Self::Imported(_) => "imported",
            Self::Refreshed(_) => "refreshed",
        }
    }
}

/// Who is told.
#[derive(Clone, Default)]
#[expect(clippy::type_complexity, reason = "a list of functions")]
pub(crate) struct Listeners(Vec<Arc<dyn Fn(&Event) + Send + Sync>>);

impl Listeners {
    pub(crate) fn add(&mut self, listener: impl Fn(&Event) + Send + Sync + 'static) {
        self.0.push(Arc::new(listener));
    }

    /// Tells everybody. One who panics disturbs neither the others nor the call that it happened in.
    pub(crate) fn tell(&self, event: &Event) {
        tracing::debug!(session.event = event.name(), account.did = %event.subject().account, "a session changed");
        for listener in &self.0 {
            if catch_unwind(AssertUnwindSafe(|| listener(event))).is_err() {
                tracing::error!(session.event = event.name(), "a listener panicked");
            }
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listeners({})", self.0.len())
    }
}

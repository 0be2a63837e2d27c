//! The AT Protocol as tools of the Model Context Protocol: reading and writing records, looking after nobody's password.
//!
//! Each call brings its own credentials, and what it does is done with those and with nothing else: nothing is taken from
//! the MCP session, the connection or an earlier call. Over HTTP they are the headers and tokens of
//! [`gatewright_client::per_request`]; on standard input and output they are the ones that the program was started with.
//!
//! | file | what it holds |
//! |---|---|
//! | `server` | the MCP server: tools, resources, prompts |
//! | `credentials` | whose call it is |
//! | [`http`] | the server over HTTP: who may ask from where, challenges |
//! | [`stdio`] | the server on standard input and output |
//! | [`authorization`] | signing in with nothing but the URL |
//! | `tools` | the tools, one file for what belongs together |
//! | `repo` | reading what an account publishes, wherever it is kept |
//! | [`select`] | jq programs over answers |
//! | `prompts` | what a model is told about all this |

pub mod authorization;
mod credentials;
pub mod http;
mod prompts;
mod repo;
pub mod select;
mod server;
pub mod stdio;
mod tools;

use std::fmt;
use std::sync::Arc;

use gatewright_client::per_request::PerRequest;
use gatewright_client::{Session, Sessions};
use gatewright_protocol::time::Clock;
use gatewright_resolve::Resolver;

use select::Selector;

pub use server::McpServer;

/// What every tool may use. Cheap to clone.
#[derive(Clone)]
pub struct Tools(Arc<Inner>);

struct Inner {
    /// Looks accounts up and reads what they publish.
    resolver: Resolver,
    /// Asks hosts that a caller names: the public network, whatever the other one is.
    outside: Resolver,
    clock: Arc<dyn Clock>,
    selector: Selector,
    who: Who,
}

/// Whose calls these are.
enum Who {
    /// Whoever the headers of each request say.
    PerRequest(PerRequest),
    /// The person who started the program, or nobody.
    Own {
        session: Option<Session>,
        /// The repository that is read where a call names none.
        repo: Option<String>,
    },
}

impl Tools {
    /// Tools for callers who bring credentials with each request.
    pub fn per_request(
        sessions: &Sessions,
        per_request: PerRequest,
        clock: Arc<dyn Clock>,
        selector: Selector,
    ) -> Self {
        Self::new(sessions, Who::PerRequest(per_request), clock, selector)
    }

    /// Tools of one person: `session` is theirs, if they gave credentials, and `repo` is what is read where a call names
    /// none.
    pub fn own(
        sessions: &Sessions,
        session: Option<Session>,
        repo: Option<String>,
        clock: Arc<dyn Clock>,
        selector: Selector,
    ) -> Self {
        Self::new(sessions, Who::Own { session, repo }, clock, selector)
    }

    fn new(sessions: &Sessions, who: Who, clock: Arc<dyn Clock>, selector: Selector) -> Self {
        let outside = Resolver::builder(Arc::clone(&clock)).build();
        Self(Arc::new(Inner { resolver: sessions.resolver().clone(), outside, clock, selector, who }))
    }

    pub(crate) fn resolver(&self) -> &Resolver {
        &self.0.resolver
    }

    pub(crate) fn outside(&self) -> &Resolver {
        &self.0.outside
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(crate) fn selector(&self) -> &Selector {
        &self.0.selector
    }
}

/// Nothing of whom it serves.
impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tools").finish_non_exhaustive()
    }
}

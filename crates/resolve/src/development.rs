//! What a developer's own network answers itself, instead of the internet.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use gatewright_protocol::syntax::{Development, Did, Handle};

/// The names of a running development network: `.test` handles, and the TXT values of `.test` names and of the
/// `_lexicon` names of what is published in it.
#[async_trait]
pub trait DevNetwork: fmt::Debug + Send + Sync {
    /// The account that has this `.test` handle.
    async fn handle(&self, handle: &Handle) -> Option<Did>;

    /// The TXT values of a `.test` name, such as `_atproto.alice.test`, or of a `_lexicon` name under any domain. For
    /// the latter, none means that the public network is asked.
    async fn txt(&self, name: &str) -> Vec<String>;
}

/// A network without names of its own: for trying one service on one machine.
#[async_trait]
impl DevNetwork for () {
    async fn handle(&self, _: &Handle) -> Option<Did> {
        None
    }

    async fn txt(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Which network names belong to.
#[derive(Clone, Debug)]
pub enum Network {
    /// A developer's own, beside the public one. `.test` names and the `_lexicon` names that it knows are answered by
    /// it, and documents may lie at `http://localhost:*` and `http://127.0.0.1:*`; nothing else is relaxed.
    Development(Arc<dyn DevNetwork>),
    /// The public one.
    Public,
}

impl Network {
    /// Whether what only a developer's own network may do is allowed.
    pub fn development(&self) -> Development {
        match self {
            Self::Development(_) => Development::Allowed,
            Self::Public => Development::Refused,
        }
    }

    /// The network that is asked for `name` before the public one.
    pub(crate) fn with_lexicons(&self, name: &str) -> Option<&Arc<dyn DevNetwork>> {
        match self {
            Self::Development(network) if name.starts_with("_lexicon.") => Some(network),
            Self::Development(_) | Self::Public => None,
        }
    }

    /// The network that answers for `name` itself.
    pub(crate) fn of(&self, name: &str) -> Option<&Arc<dyn DevNetwork>> {
        match self {
            Self::Development(network) if is_test_name(name) => Some(network),
            Self::Development(_) | Self::Public => None,
        }
    }
}

fn is_test_name(name: &str) -> bool {
    let top = name.trim_end_matches('.').rsplit_once('.').map(|(_, top)| top);
    top.is_some_and(|top| top.eq_ignore_ascii_case("test"))
}

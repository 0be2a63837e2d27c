//! The names of the network: `.test` handles and their TXT values are those of its accounts.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::DevNetwork;
use gatewright_store::account::AccountStore;

/// Answers for `.test` names from the accounts of the network, once it runs.
#[derive(Default)]
pub(super) struct Names(OnceLock<Arc<dyn AccountStore>>);

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

impl Names {
    /// Answers from these accounts from now on.
    pub(super) fn answer_from(&self, accounts: Arc<dyn AccountStore>) {
        let _ = self.0.set(accounts);
    }
}

#[async_trait]
impl DevNetwork for Names {
    async fn handle(&self, handle: &Handle) -> Option<Did> {
        let account = self.0.get()?.find_account_by_handle(handle).await.ok()??;
        Some(account.did)
    }

    async fn txt(&self, name: &str) -> Vec<String> {
        let Some(handle) = name.strip_prefix("_atproto.").and_then(|handle| handle.parse().ok()) else {
            return Vec::new();
        };
        self.handle(&handle).await.map(|did| format!("did={did}")).into_iter().collect()
    }
}

//! The names of the network: `.test` handles and their TXT values are those of its accounts, and a `_lexicon` name
//! leads to whoever publishes lexicons of its group in the network.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use gatewright_protocol::syntax::{Did, Handle, Nsid};
use gatewright_resolve::{DevNetwork, lexicon};
use gatewright_store::repo::ListRecords;
use gatewright_store::{HostStore, StoreError};
use parking_lot::Mutex;

/// Answers for names from what the network keeps, once it runs.
#[derive(Default)]
pub(super) struct Names {
    kept: OnceLock<Arc<dyn HostStore>>,
    own: OnceLock<Did>,
    set: Mutex<HashMap<String, Vec<String>>>,
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

/// Repositories that are looked through for lexicons, and lexicons of each.
const MOST_REPOSITORIES: usize = 1000;
const MOST_LEXICONS: usize = 1000;

impl Names {
    /// Answers from this from now on.
    pub(super) fn answer_from(&self, kept: Arc<dyn HostStore>) {
        let _ = self.kept.set(kept);
    }

    /// The network's own account, whose lexicons count where nobody else publishes in their group.
    pub(super) fn fall_back_to(&self, own: Did) {
        let _ = self.own.set(own);
    }

    /// Sets the TXT values of a name.
    pub(super) fn set_txt(&self, name: &str, values: Vec<String>) {
        self.set.lock().insert(name.to_owned(), values);
    }

    /// Who publishes lexicons under this TXT name. A person's go before the network's own, so that whoever works on an
    /// app can publish its sets here in place of those that the network brings along.
    async fn authorities(&self, name: &str) -> Result<Vec<Did>, StoreError> {
        let Some(kept) = self.kept.get() else { return Ok(Vec::new()) };
        let mut found = BTreeSet::new();
        for (did, _) in kept.list_repos(None, MOST_REPOSITORIES).await? {
            let list =
                ListRecords { collection: collection(), cursor: None, limit: MOST_LEXICONS, reverse: true };
            let published = kept.list_records(&did, list).await?;
            let names = published.iter().filter_map(|record| record.key.as_str().parse::<Nsid>().ok());
            if names.into_iter().any(|nsid| lexicon::txt_name(&nsid) == name) {
                found.insert(did);
            }
        }
        if found.len() > 1
            && let Some(own) = self.own.get()
        {
            found.remove(own);
        }
        Ok(found.into_iter().collect())
    }
}

fn collection() -> Nsid {
    lexicon::COLLECTION.parse().expect("the constant is an NSID")
}

#[async_trait]
impl DevNetwork for Names {
    async fn handle(&self, handle: &Handle) -> Option<Did> {
        let account = self.kept.get()?.find_account_by_handle(handle).await.ok()??;
        Some(account.did)
    }

    async fn txt(&self, name: &str) -> Vec<String> {
        if let Some(values) = self.set.lock().get(name) {
            return values.clone();
        }
        let dids = if name.starts_with("_lexicon.") {
            self.authorities(name).await.unwrap_or_default()
        } else {
            match name.strip_prefix("_atproto.").and_then(|handle| handle.parse().ok()) {
                Some(handle) => self.handle(&handle).await.into_iter().collect(),
                None => Vec::new(),
            }
        };
        dids.into_iter().map(|did| format!("did={did}")).collect()
    }
}

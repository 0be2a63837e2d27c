//! `com.atproto.sync.listRepos`.

use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::account::AccountStatus;
use gatewright_store::repo::RepoHead;

use crate::context::Context;

/// A page of repositories.
#[derive(Clone, Debug)]
pub struct RepoPage {
    /// The repositories, in the order of their DIDs.
    pub repos: Vec<(Did, RepoHead, AccountStatus)>,
    /// Where the next page begins; `None` if this is the last.
    pub cursor: Option<Did>,
}

/// Lists all repositories of the host.
pub async fn list_repos(
    context: &Context,
    after: Option<&Did>,
    limit: usize,
) -> Result<RepoPage, StoreError> {
    let rows = context.store.list_repos(after, limit).await?;
    let cursor = if rows.len() < limit { None } else { rows.last().map(|(did, _)| did.clone()) };
    let mut repos = Vec::with_capacity(rows.len());
    for (did, head) in rows {
        if let Some(account) = context.store.find_account(&did).await? {
            repos.push((did, head, account.status));
        }
    }
    Ok(RepoPage { repos, cursor })
}

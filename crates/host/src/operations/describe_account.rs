//! The DID document of an account as its host knows it: what `getSession` and `describeRepo` show.

use gatewright_store::StoreError;
use gatewright_store::account::Account;

use crate::context::Context;
use crate::identity::AccountDocument;

/// The document; `None` if the account has no signing key here.
pub async fn describe_account(
    context: &Context,
    account: &Account,
) -> Result<Option<AccountDocument>, StoreError> {
    if account.host.is_some() {
        // Of a host that is not in the configuration there is nothing to tell.
        let Ok(Some((_, host))) = context.behind(account) else { return Ok(None) };
        return Ok(Some(AccountDocument::behind(&account.did, &account.handle, host.origin())));
    }
    let multikey = context.multikey(&account.did).await?;
    Ok(multikey
        .map(|key| AccountDocument::new(&account.did, &account.handle, &key, context.settings.origin())))
}

//! What an account proves itself with.

use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::factor::Factor;

use crate::accounts::AccountsError;
use crate::context::Context;

/// What an account proves itself with beside its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factors {
    /// Its second factors, oldest first.
    pub factors: Vec<Factor>,
    /// How many recovery codes are left.
    pub recovery_codes: usize,
    /// Where codes can be sent to.
    pub email: Option<String>,
}

/// Why factors could not be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListFactorsError {
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The second factors of an account.
///
/// # Errors
/// The store or the accounts failed.
pub async fn list_factors(ctx: &Context, account: &Did) -> Result<Factors, ListFactorsError> {
    Ok(Factors {
        factors: ctx.store.list_factors(account).await?,
        recovery_codes: ctx.store.count_recovery_codes(account).await?,
        email: ctx.accounts.find(account).await?.and_then(|account| account.email),
    })
}

//! Makes new recovery codes; those of before are good no longer.

use gatewright_protocol::factor::OneTimeCode;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;

use super::add_totp::{hashes, recovery_codes};
use crate::context::Context;

/// Why there are no new recovery codes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenewRecoveryCodesError {
    /// The account has no second factor that they could stand in for.
    #[error("there is no second factor to recover")]
    NoFactor,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes new recovery codes. They are shown this once.
///
/// # Errors
/// The account has no second factor, or the store failed.
pub async fn renew_recovery_codes(
    ctx: &Context,
    account: &Did,
) -> Result<Vec<OneTimeCode>, RenewRecoveryCodesError> {
    let codes = recovery_codes(ctx);
    if ctx.store.replace_recovery_codes(account, hashes(ctx, account, &codes)).await? {
        Ok(codes)
    } else {
        Err(RenewRecoveryCodesError::NoFactor)
    }
}

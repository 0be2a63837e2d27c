//! Reads a code that was sent by mail, so that whoever typed it learns what is wrong with it.

use gatewright_protocol::factor::{MailPurpose, OneTimeCode, OneTimeCodeHash};
use gatewright_protocol::secret::FactorCode;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;

use crate::context::Context;

/// What is wrong with a code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindMailCodeError {
    /// Its time is over.
    #[error("the code has expired: ask for a new one")]
    Expired,
    /// It was not sent to this account for this purpose, or was used.
    #[error("the code is not right, or was used already")]
    Unknown,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The hash of a code that is good at the moment. Uses nothing up: the step that it is for does.
///
/// # Errors
/// It is no such code of this account, or its time is over.
pub(super) async fn find_mail_code(
    ctx: &Context,
    account: &Did,
    purpose: MailPurpose,
    code: &FactorCode,
) -> Result<OneTimeCodeHash, FindMailCodeError> {
    let code: OneTimeCode = code.expose().parse().map_err(|_| FindMailCodeError::Unknown)?;
    let hash = code.mail_hash(ctx.keys.factor_key(), purpose);
    match ctx.store.find_mail_code(hash, purpose).await? {
        Some(found) if found.account != *account => Err(FindMailCodeError::Unknown),
        Some(found) if found.is_over(ctx.now()) => Err(FindMailCodeError::Expired),
        Some(_) => Ok(hash),
        None => Err(FindMailCodeError::Unknown),
    }
}

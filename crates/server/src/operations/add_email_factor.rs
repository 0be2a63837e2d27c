//! Adds codes by mail to an account, which has the first one.

use gatewright_protocol::factor::OneTimeCode;
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::secret::FactorCode;
use gatewright_protocol::syntax::Did;
use gatewright_store::device::DeviceId;
use gatewright_store::factor::{Factor, FactorId, FactorKind};

use super::add_totp::{AddFactorError, add};
use super::confirm_email::{ConfirmEmailError, confirm_email};
use crate::context::Context;

/// Makes codes by mail a second factor of the account, whose address is confirmed by that. The recovery codes that come
/// of it are shown this once; there are none if the account has some.
///
/// # Errors
/// The code is wrong, the account gets such codes already, or the accounts or the store failed.
pub async fn add_email_factor(
    ctx: &Context,
    account: &Did,
    device: &DeviceId,
    code: &FactorCode,
) -> Result<Vec<OneTimeCode>, AddFactorError> {
    let email = ctx.accounts.find(account).await?.and_then(|account| account.email);
    let email = email.ok_or(AddFactorError::Wrong)?;
    confirm_email(ctx, account, &email, code).await.map_err(|error| match error {
        ConfirmEmailError::Store(error) => AddFactorError::Store(error),
        ConfirmEmailError::AnotherAddress | ConfirmEmailError::Code(_) => AddFactorError::Wrong,
    })?;
    let now = ctx.now();
    let factor = Factor {
        id: FactorId(random_bytes(&*ctx.random)),
        account: account.clone(),
        kind: FactorKind::Email,
        name: String::new(),
        // What it is checked with is sent each time.
        sealed: Vec::new(),
        counter: 0,
        created_at: now,
        used_at: Some(now),
    };
    add(ctx, factor, device).await
}

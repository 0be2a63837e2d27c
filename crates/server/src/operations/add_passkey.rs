//! Adds a passkey that a browser has made as a factor.

use gatewright_protocol::factor::OneTimeCode;
use gatewright_protocol::syntax::Did;
use gatewright_store::device::DeviceId;
use gatewright_store::factor::{Factor, FactorKind};

use super::add_totp::{AddFactorError, add};
use super::ask_passkey::{PasskeyProof, open, seal_key};
use super::offer_passkey::offer_place;
use crate::context::Context;

/// The most characters of a name.
const LONGEST_NAME: usize = 64;

/// Adds the passkey that a browser made when it was asked to. The recovery codes that come of it are shown this once; there
/// are none if the account has some.
///
/// # Errors
/// The answer is wrong or too late, there is such a passkey already, or the store failed.
pub async fn add_passkey(
    ctx: &Context,
    account: &Did,
    device: &DeviceId,
    name: &str,
    proof: &PasskeyProof,
) -> Result<Vec<OneTimeCode>, AddFactorError> {
    let passkeys = ctx.passkeys.as_ref().ok_or(AddFactorError::Wrong)?;
    let state = open(ctx, &offer_place(account, device), &proof.sealed).ok_or(AddFactorError::Wrong)?;
    let made = passkeys.accept(&proof.answer, &state).ok_or(AddFactorError::Wrong)?;
    let now = ctx.now();
    let factor = Factor {
        id: made.id,
        account: account.clone(),
        kind: FactorKind::Passkey,
        name: name.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect(),
        sealed: seal_key(ctx, account, &made.key),
        counter: made.counter,
        created_at: now,
        used_at: None,
    };
    // A question that is answered twice makes the same passkey, which is there already.
    add(ctx, factor, device).await
}

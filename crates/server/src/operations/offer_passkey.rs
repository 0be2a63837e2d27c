//! Asks a browser to make a passkey. Nothing is kept until it has.

use gatewright_protocol::crypto::hmac_sha256;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::device::DeviceId;
use gatewright_store::factor::FactorKind;

use super::ask_passkey::{AskedPasskey, open_key, seal};
use crate::context::Context;
use crate::passkeys::NewOwner;

/// Why no browser is asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OfferPasskeyError {
    /// This server can have no passkeys: its host is no name, or it was built without.
    #[error("this server has no passkeys")]
    NotHere,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks this browser to make a passkey for an account. [`add_passkey`](super::add_passkey) takes the answer.
///
/// # Errors
/// There can be no passkeys here, or the store failed.
pub async fn offer_passkey(
    ctx: &Context,
    account: &Did,
    handle: &str,
    device: &DeviceId,
) -> Result<AskedPasskey, OfferPasskeyError> {
    let passkeys = ctx.passkeys.as_ref().ok_or(OfferPasskeyError::NotHere)?;
    let factors = ctx.store.list_factors(account).await?;
    let mut has = Vec::new();
    for factor in factors.iter().filter(|factor| factor.kind == FactorKind::Passkey) {
        has.push(open_key(ctx, factor)?.to_vec());
    }
    let owner = NewOwner { handle, user: user(ctx, account), has };
    let question = passkeys.offer(&owner).ok_or(OfferPasskeyError::NotHere)?;
    Ok(seal(ctx, &offer_place(account, device), question))
}

/// What passkeys name the account by. The same for all of one account, so that a device replaces its own.
fn user(ctx: &Context, account: &Did) -> [u8; 16] {
    let digest = hmac_sha256(ctx.keys.factor_key(), &[b"passkey user ", account.as_str().as_bytes()]);
    *digest.first_chunk().unwrap_or(&[0; 16])
}

pub(super) fn offer_place(account: &Did, device: &DeviceId) -> String {
    format!("passkey offered to {account} in {}", device.0)
}

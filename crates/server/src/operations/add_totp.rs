//! Adds an authenticator application as second factor, once a code of it proves that it has the secret.

use gatewright_protocol::factor::{OneTimeCode, OneTimeCodeHash, TotpCode};
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::device::DeviceId;
use gatewright_store::factor::{Factor, FactorCreated, FactorId, FactorKind, NewFactor};
use gatewright_store::security_event::SecurityEventKind;

use super::check_factor::totp_place;
use super::note_event::note_in_browser;
use super::offer_totp::OfferedTotp;
use crate::accounts::AccountsError;
use crate::context::Context;

/// Why no factor was added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddFactorError {
    /// The account has one of this kind, or somebody has this very one.
    #[error("there is such a factor already")]
    Taken,
    /// The account has as many as there may be.
    #[error("an account has at most {} factors", gatewright_store::factor::MOST)]
    TooMany,
    /// What was to prove it does not.
    #[error("the proof of the factor is wrong")]
    Wrong,
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many recovery codes are made at once.
const RECOVERY_CODES: usize = 10;

/// Adds the application that has the offered secret. The recovery codes that come of it are shown this once; there are
/// none if the account has some.
///
/// # Errors
/// The code is wrong, there is such a factor already, or the store failed.
pub async fn add_totp(
    ctx: &Context,
    account: &Did,
    device: &DeviceId,
    offered: &OfferedTotp,
    code: &str,
) -> Result<Vec<OneTimeCode>, AddFactorError> {
    let now = ctx.now();
    let code: TotpCode = code.parse().map_err(|_| AddFactorError::Wrong)?;
    let step = offered.secret.find_step(&code, now, 0).ok_or(AddFactorError::Wrong)?;
    let place = totp_place(account);
    let seal = ctx.keys.factor_seal();
    let factor = Factor {
        id: FactorId(random_bytes(&*ctx.random)),
        account: account.clone(),
        kind: FactorKind::Totp,
        name: String::new(),
        sealed: seal.seal(random_bytes(&*ctx.random), place.as_bytes(), offered.secret.expose()),
        counter: step,
        created_at: now,
        used_at: Some(now),
    };
    add(ctx, factor, device).await
}

/// Keeps a factor that was proven on this device, and makes recovery codes where there are none.
pub(super) async fn add(
    ctx: &Context,
    factor: Factor,
    device: &DeviceId,
) -> Result<Vec<OneTimeCode>, AddFactorError> {
    let account = factor.account.clone();
    let has_some = ctx.store.count_recovery_codes(&account).await? > 0;
    let codes = if has_some { Vec::new() } else { recovery_codes(ctx) };
    let recovery_codes = hashes(ctx, &account, &codes);
    tracing::info!(account.did = %account, factor.kind = ?factor.kind, "second factor added");
    let new = NewFactor { factor, recovery_codes, device: device.clone() };
    match ctx.store.create_factor(new).await? {
        FactorCreated::Created => {}
        FactorCreated::Taken => return Err(AddFactorError::Taken),
        FactorCreated::TooMany => return Err(AddFactorError::TooMany),
    }
    // Whoever adds a factor has just shown that they have it.
    ctx.store.prove_device(device, &account, ctx.now()).await?;
    note_in_browser(ctx, &account, SecurityEventKind::FactorAdded, device).await;
    Ok(codes)
}

/// New recovery codes, not kept yet.
pub(super) fn recovery_codes(ctx: &Context) -> Vec<OneTimeCode> {
    (0..RECOVERY_CODES).map(|_| OneTimeCode::generate(&*ctx.random)).collect()
}

/// What is kept of recovery codes.
pub(super) fn hashes(ctx: &Context, account: &Did, codes: &[OneTimeCode]) -> Vec<OneTimeCodeHash> {
    codes.iter().map(|code| code.recovery_hash(ctx.keys.factor_key(), account)).collect()
}

//! Checks what somebody says to prove the second factor of an account.

use gatewright_guard::rate::TooMany;
use gatewright_protocol::factor::{MailPurpose, OneTimeCode, TotpCode, TotpSecret};
use gatewright_protocol::secret::FactorCode;
use gatewright_protocol::syntax::Did;
use gatewright_store::device::DeviceId;
use gatewright_store::factor::{Factor, FactorKind, FactorUse};
use gatewright_store::{Corrupt, StoreError};

use super::ask_passkey::{PasskeyProof, check_passkey};
use crate::context::Context;

/// What somebody shows to prove a second factor.
#[derive(Debug)]
pub enum FactorProof {
    /// A code of an application, or a recovery code.
    Code(FactorCode),
    /// The answer of a passkey.
    Passkey(PasskeyProof),
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorCheck {
    /// It is right, and was used up.
    Right,
    /// There were too many wrong codes; this one was not looked at.
    TooMany(TooMany),
    /// It is wrong, or was used before.
    Wrong,
}

/// What a second factor of an account can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a way of its own, and any of them may be there")]
pub struct FactorWays {
    /// A passkey.
    pub passkey: bool,
    /// A code of an application.
    pub totp: bool,
    /// One of the recovery codes.
    pub recovery: bool,
    /// A code that is sent by mail to whoever asks for it.
    pub email: bool,
}

/// What the second factor of an account can be; `None` if it has none, so that it is never asked for one.
///
/// # Errors
/// The store failed.
pub async fn factor_ways(ctx: &Context, account: &Did) -> Result<Option<FactorWays>, StoreError> {
    let factors = ctx.store.list_factors(account).await?;
    if factors.is_empty() {
        return Ok(None);
    }
    let has = |kind| factors.iter().any(|factor| factor.kind == kind);
    let recovery = ctx.store.count_recovery_codes(account).await? > 0;
    Ok(Some(FactorWays {
        passkey: has(FactorKind::Passkey) && ctx.passkeys.is_some(),
        totp: has(FactorKind::Totp),
        recovery,
        email: has(FactorKind::Email),
    }))
}

/// Checks what is shown in this browser, and uses it up. A passkey of another account is none.
pub(super) async fn check_factor(
    ctx: &Context,
    account: &Did,
    browser: &DeviceId,
    proof: &FactorProof,
) -> Result<FactorCheck, StoreError> {
    match proof {
        FactorProof::Code(code) => check_code(ctx, account, code).await,
        FactorProof::Passkey(proof) => {
            let proven = check_passkey(ctx, browser, proof).await?;
            Ok(if proven.as_ref() == Some(account) { FactorCheck::Right } else { FactorCheck::Wrong })
        }
    }
}

/// Checks a code and uses it up. Six digits can be guessed by who has enough tries, so wrong ones are counted for the
/// account, wherever they come from: it takes its password to get here, so nobody else is locked out by that (SEC-63).
/// Recovery codes cannot be guessed, and help whoever is locked out all the same.
pub(super) async fn check_code(
    ctx: &Context,
    account: &Did,
    code: &FactorCode,
) -> Result<FactorCheck, StoreError> {
    if let Ok(code) = code.expose().parse::<TotpCode>() {
        return check_totp(ctx, account, &code).await;
    }
    let Ok(code) = code.expose().parse::<OneTimeCode>() else { return Ok(FactorCheck::Wrong) };
    let recovery = code.recovery_hash(ctx.keys.factor_key(), account);
    let is_right = ctx.store.consume_recovery_code(account, recovery).await?
        || consume_mailed(ctx, account, &code).await?;
    Ok(if is_right { FactorCheck::Right } else { FactorCheck::Wrong })
}

/// Uses a code up that was sent by mail, if the account wants such codes still.
async fn consume_mailed(ctx: &Context, account: &Did, code: &OneTimeCode) -> Result<bool, StoreError> {
    let now = ctx.now();
    let factors = ctx.store.list_factors(account).await?;
    let Some(factor) = factors.into_iter().find(|factor| factor.kind == FactorKind::Email) else {
        return Ok(false);
    };
    let hash = code.mail_hash(ctx.keys.factor_key(), MailPurpose::SignIn);
    if !ctx.store.consume_mail_code(account, MailPurpose::SignIn, hash, now).await? {
        return Ok(false);
    }
    ctx.store.use_factor(FactorUse { id: factor.id, counter: 0, sealed: None, at: now }).await
}

async fn check_totp(ctx: &Context, account: &Did, code: &TotpCode) -> Result<FactorCheck, StoreError> {
    let factors = ctx.store.list_factors(account).await?;
    let Some(factor) = factors.into_iter().find(|factor| factor.kind == FactorKind::Totp) else {
        return Ok(FactorCheck::Wrong);
    };
    let now = ctx.now();
    if ctx.settings.limits.enabled
        && let Err(too_many) = ctx.factor_tries.check(account, now)
    {
        return Ok(FactorCheck::TooMany(too_many));
    }
    let secret = open_totp(ctx, &factor)?;
    if let Some(step) = secret.find_step(code, now, factor.counter) {
        let used = FactorUse { id: factor.id, counter: step, sealed: None, at: now };
        if ctx.store.use_factor(used).await? {
            return Ok(FactorCheck::Right);
        }
    }
    // Being over the limit shows at the next one.
    let _ = ctx.factor_tries.count(account, now);
    Ok(FactorCheck::Wrong)
}

/// The secret of a TOTP factor. One that another key sealed is ours to mend: nobody gets in by it.
fn open_totp(ctx: &Context, factor: &Factor) -> Result<TotpSecret, StoreError> {
    let opened = ctx.keys.factor_seal().open(totp_place(&factor.account).as_bytes(), &factor.sealed);
    let secret = opened.and_then(|bytes| TotpSecret::from_bytes(&bytes).ok());
    let corrupt =
        || Corrupt { table: "factor", column: "sealed", key: format!("totp of {}", factor.account) };
    secret.ok_or_else(|| corrupt().into())
}

/// Where the sealed secret of an account belongs.
pub(super) fn totp_place(account: &Did) -> String {
    format!("totp secret of {account}")
}

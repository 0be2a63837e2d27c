//! Asks a browser for a passkey, and checks what it answers.

use std::time::Duration;

use gatewright_protocol::crypto::sha256;
use gatewright_protocol::jose::{base64url_decode, base64url_encode};
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::device::DeviceId;
use gatewright_store::factor::{Factor, FactorKind, FactorUse};
use gatewright_store::replay::Namespace;
use gatewright_store::{Corrupt, StoreError};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::passkeys::{Answer, Question};

/// A question for a passkey, on its way to a browser.
#[derive(Clone, Debug)]
pub struct AskedPasskey {
    /// The options of `navigator.credentials.get` or `create`, as JSON.
    pub options: String,
    /// What the answer is held against, sealed for the form that comes back.
    pub sealed: String,
}

/// What a browser answered.
#[derive(Clone)]
pub struct PasskeyProof {
    /// The credential, as JSON.
    pub answer: String,
    /// The question as it came back.
    pub sealed: String,
}

impl std::fmt::Debug for PasskeyProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasskeyProof(…)")
    }
}

/// How long a question is good.
const LIFE: Duration = Duration::from_mins(5);

/// Asks this browser for a passkey, whosever it is. `None` where there can be no passkeys.
pub fn ask_passkey(ctx: &Context, browser: &DeviceId) -> Option<AskedPasskey> {
    Some(seal(ctx, &ask_place(browser), ctx.passkeys.as_ref()?.ask()?))
}

/// Whose passkey answered, if the answer is right: made by a passkey that is kept here, for a question that this browser was
/// asked in the last five minutes, with its user verified. A question is answered once.
///
/// # Errors
/// The store failed.
pub(super) async fn check_passkey(
    ctx: &Context,
    browser: &DeviceId,
    proof: &PasskeyProof,
) -> Result<Option<Did>, StoreError> {
    let Some(passkeys) = &ctx.passkeys else { return Ok(None) };
    let Some(state) = open(ctx, &ask_place(browser), &proof.sealed) else { return Ok(None) };
    let Some(answer) = Answer::read(&proof.answer) else { return Ok(None) };
    let found = ctx.store.find_factor(answer.id()).await?;
    let Some(factor) = found.filter(|factor| factor.kind == FactorKind::Passkey) else { return Ok(None) };
    let key = open_key(ctx, &factor)?;
    let Some(checked) = passkeys.check(&answer, &state, &key) else { return Ok(None) };
    // Only what is right is remembered: strangers shall not make us keep anything.
    let (now, question) = (ctx.now(), sha256(proof.sealed.as_bytes()));
    if !ctx.store.remember(Namespace::PasskeyQuestion, question, now.plus(LIFE), now).await? {
        return Ok(None);
    }
    let sealed = checked.key.map(|key| seal_key(ctx, &factor.account, &key));
    let used = FactorUse { id: factor.id, counter: checked.counter, sealed, at: now };
    Ok(ctx.store.use_factor(used).await?.then_some(factor.account))
}

/// A question, sealed for one place with the time it is asked at.
pub(super) fn seal(ctx: &Context, place: &str, question: Question) -> AskedPasskey {
    let plain = [&ctx.now().millis().to_be_bytes(), question.state.as_slice()].concat();
    let sealed = ctx.keys.factor_seal().seal(random_bytes(&*ctx.random), place.as_bytes(), &plain);
    AskedPasskey { options: question.options, sealed: base64url_encode(&sealed) }
}

/// What an answer is held against. `None` if the question was asked elsewhere, or too long ago.
pub(super) fn open(ctx: &Context, place: &str, sealed: &str) -> Option<Vec<u8>> {
    let opened = ctx.keys.factor_seal().open(place.as_bytes(), &base64url_decode(sealed)?)?;
    let (time, state) = opened.split_first_chunk::<8>()?;
    let asked_at = UnixTime::from_millis(i64::from_be_bytes(*time));
    let now = ctx.now();
    (now >= asked_at && now.since(asked_at) < LIFE).then(|| state.to_vec())
}

/// What a passkey is checked with, sealed for its row.
pub(super) fn seal_key(ctx: &Context, account: &Did, key: &[u8]) -> Vec<u8> {
    ctx.keys.factor_seal().seal(random_bytes(&*ctx.random), key_place(account).as_bytes(), key)
}

/// What a passkey is checked with. One that another key sealed is ours to mend: nobody gets in by it.
pub(super) fn open_key(ctx: &Context, factor: &Factor) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let opened = ctx.keys.factor_seal().open(key_place(&factor.account).as_bytes(), &factor.sealed);
    let corrupt = || Corrupt { table: "factor", column: "sealed", key: factor.id.to_string() };
    opened.map(Zeroizing::new).ok_or_else(|| corrupt().into())
}

fn ask_place(browser: &DeviceId) -> String {
    format!("passkey asked for in {}", browser.0)
}

fn key_place(account: &Did) -> String {
    format!("passkey of {account}")
}

#[cfg(test)]
impl AskedPasskey {
    /// One to be shown in tests.
    pub(crate) fn sample() -> Self {
        Self {
            options: r#"{"challenge":"AAAA","rpId":"auth.example.com"}"#.to_owned(),
            sealed: "c2VhbGVk".to_owned(),
        }
    }
}

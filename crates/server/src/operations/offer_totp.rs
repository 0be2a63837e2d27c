//! Offers a secret to an authenticator application. Nothing is kept until a code proves that it arrived.

use std::time::Duration;

use gatewright_protocol::factor::TotpSecret;
use gatewright_protocol::jose::{base64url_decode, base64url_encode};
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::device::DeviceId;

use crate::context::Context;

/// A secret that was offered, and nobody has yet.
#[derive(Debug)]
pub struct OfferedTotp {
    /// The secret.
    pub secret: TotpSecret,
    /// The same, sealed for the form that comes back: nobody can make one up, or use it elsewhere.
    pub sealed: String,
}

/// How long an offer is good.
const LIFE: Duration = Duration::from_mins(30);

/// Offers a new secret to the account in this browser.
pub fn offer_totp(ctx: &Context, account: &Did, device: &DeviceId) -> OfferedTotp {
    seal(ctx, account, device, TotpSecret::generate(&*ctx.random), ctx.now())
}

/// The same offer once more. `None` if it was made for another account or browser, or too long ago.
pub fn open_offered_totp(
    ctx: &Context,
    account: &Did,
    device: &DeviceId,
    sealed: &str,
) -> Option<OfferedTotp> {
    let bytes = base64url_decode(sealed)?;
    let opened = ctx.keys.factor_seal().open(place(account, device).as_bytes(), &bytes)?;
    let (time, secret) = opened.split_first_chunk::<8>()?;
    let offered_at = UnixTime::from_millis(i64::from_be_bytes(*time));
    if ctx.now().since(offered_at) >= LIFE {
        return None;
    }
    Some(OfferedTotp { secret: TotpSecret::from_bytes(secret).ok()?, sealed: sealed.to_owned() })
}

fn seal(ctx: &Context, account: &Did, device: &DeviceId, secret: TotpSecret, now: UnixTime) -> OfferedTotp {
    let plain = zeroize::Zeroizing::new([&now.millis().to_be_bytes(), secret.expose()].concat());
    let nonce = random_bytes(&*ctx.random);
    let sealed = ctx.keys.factor_seal().seal(nonce, place(account, device).as_bytes(), &plain);
    OfferedTotp { secret, sealed: base64url_encode(&sealed) }
}

fn place(account: &Did, device: &DeviceId) -> String {
    format!("totp secret offered to {account} in {}", device.0)
}

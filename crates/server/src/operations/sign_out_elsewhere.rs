//! Signs an account out where it is not: on another device, on all others, or of a password session (SEC-71).

use gatewright_protocol::legacy::LegacySessionId;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::device::DeviceId;

use super::list_own_devices::name_device;
use crate::context::Context;

/// What is to end.
#[derive(Clone, Debug)]
pub enum Elsewhere {
    /// The sign-ins on the device of this name.
    Device(String),
    /// The sign-ins on all devices but the one that asks.
    OtherDevices,
    /// A password session.
    Session(LegacySessionId),
}

/// Why nobody was signed out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignOutElsewhereError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends sign-ins of an account, asked on the device `here`. False if there were none: another account's are none.
///
/// # Errors
/// The store failed.
pub async fn sign_out_elsewhere(
    ctx: &Context,
    account: &Did,
    here: &DeviceId,
    what: Elsewhere,
) -> Result<bool, SignOutElsewhereError> {
    let ended = match what {
        Elsewhere::Device(name) => {
            let sign_ins = ctx.store.list_sign_ins(account).await?;
            let named =
                sign_ins.into_iter().find(|sign_in| name_device(ctx, account, &sign_in.device) == name);
            match named {
                Some(sign_in) => {
                    ctx.store.sign_out_device(&sign_in.device, account).await?;
                    true
                }
                None => false,
            }
        }
        Elsewhere::OtherDevices => ctx.store.sign_out_elsewhere(here, account).await? > 0,
        Elsewhere::Session(id) => match ctx.store.find_legacy_session(id).await? {
            Some(session) if session.account == *account => ctx.store.end_legacy_session(id).await?,
            _ => false,
        },
    };
    if ended {
        tracing::info!(account.did = %account, "signed out elsewhere");
    }
    Ok(ended)
}

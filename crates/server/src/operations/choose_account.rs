//! Goes on as an account that is signed in on the device.

use gatewright_protocol::syntax::Did;
use gatewright_resolve::Peer;
use gatewright_store::device::DeviceId;
use gatewright_store::request::RequestId;

use super::judge_request::Want;
use super::open_request::{OpenRequestError, Opened, open_request};
use crate::context::Context;

/// Why the choice could not be followed.
pub type ChooseAccountError = OpenRequestError;

/// Goes on as an account that is signed in on the device; one whose sign-in has become too old signs in again. An
/// account that the client did not ask for ends the request (AS-38).
///
/// # Errors
/// The request cannot go on, or the store or the accounts failed.
pub async fn choose_account(
    ctx: &Context,
    id: &RequestId,
    device: &DeviceId,
    peer: Option<Peer>,
    account: &Did,
) -> Result<Opened, ChooseAccountError> {
    open_request(ctx, id, device, peer, Want::Account(account)).await
}

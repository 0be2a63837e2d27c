//! Makes an account and signs it in on a device, in the middle of a request (`prompt=create`).

use gatewright_resolve::Peer;
use gatewright_store::device::DeviceId;
use gatewright_store::request::RequestId;

use super::judge_request::{Show, Want, can_sign_up};
use super::open_request::{OpenRequestError, Opened, Step, Touched, go_on, touch_request};
use super::sign_in::{SignedIn, keep};
use crate::accounts::ProvenAccount;
use crate::context::Context;
use crate::sign_ups::{NewSignUp, SignUpError};

/// Why nobody has an account and is signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignUpHereError {
    /// The account is there, but the device ended while it was made.
    #[error("the device has ended")]
    DeviceGone,
    /// The request cannot go on.
    #[error(transparent)]
    Open(#[from] OpenRequestError),
    /// There is no account; the form is to be shown once more.
    #[error("no account was made")]
    Refused(#[source] SignUpError, Box<Step>),
}

/// Makes an account, signs it in on the device and goes on with the request.
///
/// # Errors
/// The request cannot go on, the account cannot be made as it was asked for, or the store or the accounts failed.
pub async fn sign_up(
    ctx: &Context,
    id: &RequestId,
    device: &DeviceId,
    peer: Option<Peer>,
    new: NewSignUp,
    remember: bool,
) -> Result<SignedIn, SignUpHereError> {
    let (request, client) = match touch_request(ctx, id, device, peer).await? {
        Touched::Open(request, client) => (*request, client),
        Touched::Over(answer) => return Ok(SignedIn { opened: Opened::Answer(answer), new_secret: None }),
    };
    let outcome =
        if can_sign_up(ctx, &request) { ctx.sign_ups.sign_up(new).await } else { Err(SignUpError::Closed) };
    let ProvenAccount { account, password } = match outcome {
        Ok(made) => made,
        Err(error) => {
            let step = Step { request, client, show: Show::SignUp };
            return Err(SignUpHereError::Refused(error, Box::new(step)));
        }
    };
    let secret = keep(ctx, device, &request, &account.did, remember, password).await?;
    let secret = secret.ok_or(SignUpHereError::DeviceGone)?;
    let opened = go_on(ctx, request, client, device, Want::Account(&account.did)).await?;
    Ok(SignedIn { opened, new_secret: Some(secret) })
}

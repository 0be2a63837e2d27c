//! `com.atproto.server.createAccount`: an account, and its first password session.

use gatewright_store::legacy_session::LegacyAccess;

use super::create_session::{CreateSessionError, Proof, keep};
use super::session_tokens::{SessionClient, SessionTokens};
use crate::accounts::ProvenAccount;
use crate::context::Context;
use crate::sign_ups::{NewSignUp, SignUpError, SignUpMode};

/// Why nobody has an account and a session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateAccountError {
    /// The account is there, but not the session: whoever made it can sign in.
    #[error("the account was made, but its session did not begin")]
    Session(#[from] CreateSessionError),
    /// There is no account.
    #[error(transparent)]
    SignUp(#[from] SignUpError),
}

/// Makes an account and begins a session with its password.
///
/// # Errors
/// Nobody may, the account cannot be made as it was asked for, or something of ours failed.
pub async fn create_account(
    ctx: &Context,
    new: NewSignUp,
    client: SessionClient,
) -> Result<SessionTokens, CreateAccountError> {
    if ctx.sign_ups.mode() == SignUpMode::Closed {
        return Err(SignUpError::Closed.into());
    }
    let ProvenAccount { account, password } = ctx.sign_ups.sign_up(new).await?;
    Ok(keep(ctx, account, LegacyAccess::Full, Proof::Password(password), client).await?)
}

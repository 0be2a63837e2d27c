//! Sends the code that is the second factor of an account.

use gatewright_protocol::factor::MailPurpose;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;

use super::check_factor::{FactorWays, factor_ways};
use super::send_mail_code::{SendMailCodeError, send_mail_code};
use crate::accounts::{AccountsError, KnownAccount};
use crate::context::Context;

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendFactorCodeError {
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The account did not ask for such codes, or its present address was not confirmed: whoever changed it may be
    /// somebody else.
    #[error("the account gets no codes by mail")]
    NotWanted,
    /// It could not be sent.
    #[error(transparent)]
    Send(#[from] SendMailCodeError),
}

impl From<StoreError> for SendFactorCodeError {
    fn from(error: StoreError) -> Self {
        AccountsError::from(error).into()
    }
}

/// Sends the code, to an account whose password was shown or that is signed in. `languages` are those of whoever asks.
///
/// # Errors
/// The account gets no codes by mail, or it could not be sent.
pub async fn send_factor_code(
    ctx: &Context,
    account: &Did,
    languages: Option<&str>,
) -> Result<(KnownAccount, FactorWays), SendFactorCodeError> {
    let ways = factor_ways(ctx, account).await?.filter(|ways| ways.email);
    let account = ctx.accounts.find(account).await?.filter(|account| account.email_confirmed);
    let (Some(ways), Some(account)) = (ways, account) else { return Err(SendFactorCodeError::NotWanted) };
    send_mail_code(ctx, &account, MailPurpose::SignIn, languages).await?;
    Ok((account, ways))
}

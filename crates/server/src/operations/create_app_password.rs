//! Makes an app password (APP-1 … APP-3).

use gatewright_protocol::app_password::{AppPasswordName, AppPasswordSecret};
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::scope::{AccountAction, AccountAttr, Permission, Scopes};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::StoreError;
use gatewright_store::app_password::{AppPassword, AppPasswordCreated, AppPasswordId, MOST, NewAppPassword};
use gatewright_store::security_event::{SecurityEvent, SecurityEventKind};

use super::note_event::note_event;
use super::session_tokens::knows_scoped_app_passwords;
use super::{Before, ExpandScopesError, expand_scopes};
use crate::accounts::AccountsError;
use crate::context::Context;
use crate::permission_sets::Purpose;

/// An app password to be made.
#[derive(Clone, Debug)]
pub struct CreateAppPassword {
    /// What its owner calls it.
    pub name: AppPasswordName,
    /// Whether it opens direct messages too.
    pub privileged: bool,
    /// What it may do, if not everything that app passwords may.
    pub scope: Option<Scopes>,
    /// When it ends, if it does by itself.
    pub expires_at: Option<UnixTime>,
}

/// Why no app password is made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateAppPasswordError {
    /// It would have ended before it begins.
    #[error("the time at which the app password is to end has passed")]
    Ended,
    /// There is one of this name.
    #[error("there is an app password of this name already")]
    NameTaken,
    /// One of its scopes is none, or not one that an app password can have.
    #[error("`{scope}` is not a scope for an app password: {why}")]
    Scope {
        /// Which.
        scope: String,
        /// Why not.
        why: String,
    },
    /// There are as many as there may be.
    #[error("an account has at most {MOST} app passwords; revoke one that is not needed")]
    TooMany,
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// A permission set does not resolve.
    #[error(transparent)]
    Expand(#[from] ExpandScopesError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes an app password of an account. The secret is shown this once.
///
/// # Errors
/// Its name is taken, its scopes are none that it can have, it would have ended, or there are too many.
pub async fn create_app_password(
    ctx: &Context,
    account: &Did,
    new: CreateAppPassword,
) -> Result<(AppPassword, AppPasswordSecret), CreateAppPasswordError> {
    let now = ctx.now();
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(CreateAppPasswordError::Ended);
    }
    if let Some(scope) = &new.scope {
        check_scopes(scope)?;
        let known = ctx.accounts.find(account).await?;
        if known.is_some_and(|known| !knows_scoped_app_passwords(ctx, &known)) {
            let why = "the host of the account takes every app password for one that may do everything";
            return Err(CreateAppPasswordError::Scope { scope: scope.to_string(), why: why.to_owned() });
        }
        expand_scopes(ctx, scope, Before::default(), Purpose::NewSession).await?;
    }
    let secret = AppPasswordSecret::generate(&*ctx.random);
    let app_password = AppPassword {
        id: AppPasswordId(random_bytes(&*ctx.random)),
        account: account.clone(),
        name: new.name,
        privileged: new.privileged,
        scope: new.scope,
        created_at: now,
        expires_at: new.expires_at,
        last_use: None,
    };
    let hash = secret.hash(ctx.keys.app_password_key(), account);
    let row = NewAppPassword { app_password: app_password.clone(), hash };
    match ctx.store.create_app_password(row).await? {
        AppPasswordCreated::Created => {
            let kind = SecurityEventKind::AppPasswordCreated;
            let mut event =
                SecurityEvent::new(account.clone(), kind, now).subject(app_password.name.as_str());
            if let Some(scope) = &app_password.scope {
                event = event.scope(scope.as_str());
            }
            note_event(ctx, event).await;
            Ok((app_password, secret))
        }
        AppPasswordCreated::NameTaken => Err(CreateAppPasswordError::NameTaken),
        AppPasswordCreated::TooMany => Err(CreateAppPasswordError::TooMany),
    }
}

/// Whoever makes an app password learns at once what would grant nothing.
fn check_scopes(scopes: &Scopes) -> Result<(), CreateAppPasswordError> {
    let refuse = |scope: &str, why: String| CreateAppPasswordError::Scope { scope: scope.to_owned(), why };
    if scopes.is_empty() {
        return Err(refuse("", "name at least one, or leave the scope away".to_owned()));
    }
    for (scope, meaning) in scopes.permissions() {
        match meaning {
            Err(error) => return Err(refuse(scope, error.to_string())),
            Ok(permission) if is_for_owners(&permission) => {
                return Err(refuse(scope, "an app password never looks after the account itself".to_owned()));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

/// APP-8, APP-10.
fn is_for_owners(permission: &Permission) -> bool {
    match permission {
        Permission::Identity(_) => true,
        Permission::Account(account) => {
            account.attr != AccountAttr::Email || account.action.contains(&AccountAction::Manage)
        }
        _ => false,
    }
}

//! The two tokens of a password session, and who gets them (SESS-2, SESS-3, SESS-6).

use gatewright_protocol::legacy::{AccessClaims, RefreshClaims, SessionToken};
use gatewright_protocol::scope::{AccountAction, AccountAttr, AccountNeed, Need, Permissions};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::legacy_session::{LegacyAccess, LegacyRefresh, LegacySession};
use gatewright_store::security_event::{SecurityEvent, SecurityEventKind};
use serde_json::Value;

use super::check_factor::factor_ways;
use crate::accounts::{AccountsError, KnownAccount};
use crate::context::Context;
use crate::settings::Verification;

/// What the holder of a password gets.
#[derive(Debug)]
pub struct SessionTokens {
    /// To call with.
    pub access: SessionToken,
    /// To refresh with.
    pub refresh: SessionToken,
    /// Whose session it is.
    pub account: KnownAccount,
    /// The DID document of the account, where its host knows it.
    pub document: Option<Value>,
    /// Whether the session may see the e-mail address.
    pub sees_email: bool,
    /// Whether the account gets codes by mail when it signs in.
    pub has_email_factor: bool,
}

/// Whoever asks for a session, as coarse as the owner of an app password needs to recognise it.
#[derive(Clone, Debug)]
pub struct SessionClient {
    /// The name that the client gives itself.
    pub name: Option<String>,
    /// Where it is: a whole network, never an address.
    pub place: String,
}

impl SessionClient {
    /// Something that it did to an account, as the owner is told of it.
    pub(super) fn event(&self, account: Did, kind: SecurityEventKind, at: UnixTime) -> SecurityEvent {
        let event = SecurityEvent::new(account, kind, at).place(self.place.as_str());
        SecurityEvent { client: self.name.clone(), ..event }
    }
}

/// The resource server that an account's sessions are for. `None` where that one can neither look sessions up nor knows the
/// key of the entryway: the tokens are signed with a secret that is not published. Nor where the scopes of an app password
/// would be lost: a host behind this entryway knows app passwords, and none that may do less.
pub(super) fn audience(ctx: &Context, account: &KnownAccount, access: &LegacyAccess) -> Option<Did> {
    let audience = ctx.settings.audience_of(account.audience.as_ref())?;
    let is_scoped = access.app_password().is_some_and(|access| access.approved.is_some());
    match audience.verification {
        Verification::Jwks => None,
        Verification::Entryway if is_scoped => None,
        Verification::Entryway | Verification::Shared => Some(audience.service.clone()),
    }
}

/// Whether the host of the account knows what the scopes of an app password mean.
pub(super) fn knows_scoped_app_passwords(ctx: &Context, account: &KnownAccount) -> bool {
    let audience = ctx.settings.audience_of(account.audience.as_ref());
    audience.is_none_or(|audience| audience.verification != Verification::Entryway)
}

/// Signs the tokens of a session as it is now. Asked twice within one second, it says the same.
pub(super) async fn sign(
    ctx: &Context,
    account: KnownAccount,
    audience: Did,
    session: &LegacySession,
    refresh: LegacyRefresh,
    now: UnixTime,
) -> Result<SessionTokens, AccountsError> {
    let issued_at = UnixTime::from_seconds(now.seconds());
    let end = session.access.app_password().and_then(|access| access.expires_at);
    let (life, recipient) = match (ctx.settings.audience(&audience), &ctx.settings.entryway) {
        (Some(host), Some(own)) if host.verification == Verification::Entryway => {
            (ctx.settings.lifetimes.legacy_access_entryway, own)
        }
        _ => (ctx.settings.lifetimes.legacy_access, &audience),
    };
    let expires_at = issued_at.plus(life);
    let access = AccessClaims {
        scope: session.access.scope(),
        audience: audience.clone(),
        account: account.did.clone(),
        session: session.id,
        issued_at,
        expires_at: end.map_or(expires_at, |end| expires_at.min(whole_second(end))),
    };
    let refresh = RefreshClaims {
        id: refresh.id,
        audience: recipient.clone(),
        account: account.did.clone(),
        session: session.id,
        issued_at,
        expires_at: whole_second(refresh.expires_at),
    };
    let keys = ctx.keys.legacy_keys();
    Ok(SessionTokens {
        access: keys.sign_access(&access),
        refresh: keys.sign_refresh(&audience, &refresh),
        document: ctx.accounts.describe(&account).await?,
        sees_email: sees_email(&session.access),
        has_email_factor: factor_ways(ctx, &account.did).await?.is_some_and(|ways| ways.email),
        account,
    })
}

/// Rounded up: what ends in the middle of a second is ended by its row.
fn whole_second(time: UnixTime) -> UnixTime {
    let down = UnixTime::from_seconds(time.seconds());
    if down == time { down } else { UnixTime::from_seconds(time.seconds().saturating_add(1)) }
}

/// SESS-12, APP-9: everybody but an app password that is scoped to something else.
fn sees_email(access: &LegacyAccess) -> bool {
    let read = Need::Account(AccountNeed { attr: AccountAttr::Email, action: AccountAction::Read });
    let granted = access.app_password().and_then(|access| access.granted.as_ref());
    granted.is_none_or(|scopes| Permissions::of(scopes).allows(&read))
}

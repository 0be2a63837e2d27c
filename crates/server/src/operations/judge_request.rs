//! Decides what a request needs next: a sign-in, a choice, a consent, or nothing (AS-37 … AS-39).

use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::error::ErrorCode;
use gatewright_protocol::oauth::par::{LoginHint, Prompt};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::account::AccountStatus;
use gatewright_store::approved_set::{self, ApprovedSet};
use gatewright_store::device::{DeviceAccount, DeviceId};
use gatewright_store::request::Request;

use super::check_factor::FactorWays;
use super::expand_scopes::includes;
use super::offer::Offer;
use super::open_request::OpenRequestError;
use super::permission_parts::{meant, touches};
use crate::accounts::KnownAccount;
use crate::context::Context;
use crate::sign_ups::SignUpMode;

/// Which page of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Show {
    /// The accounts that may go on without a password; at least one.
    Accounts(Vec<KnownAccount>),
    /// What the client would be allowed to do on behalf of an account.
    Consent {
        /// The account.
        account: KnownAccount,
        /// What it is asked to approve.
        offer: Offer,
    },
    /// The second step of a sign-in.
    Factor {
        /// Whose password was right.
        account: KnownAccount,
        /// What can be shown now.
        ways: FactorWays,
    },
    /// The sign-in form.
    SignIn {
        /// Who is expected, or was chosen.
        identifier: Option<String>,
        /// Whether there are accounts to choose from instead.
        has_accounts: bool,
    },
    /// The form for a new account.
    SignUp,
}

/// What the person wants to see.
#[derive(Clone, Copy, Debug)]
pub enum Want<'a> {
    /// The accounts, whatever else could be shown.
    Accounts,
    /// To go on as this account, which they chose or just signed in to.
    Account(&'a Did),
    /// Whatever comes next.
    Next,
    /// The sign-in form, whoever is signed in.
    SignIn,
    /// The form for a new account, whoever is signed in.
    SignUp,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Judged {
    /// Nothing has to be asked: the account approved all of it before, and of its sets this.
    Approve(KnownAccount, Vec<ApprovedSet>),
    /// The account has to be asked.
    Ask(KnownAccount),
    /// The client is told no.
    Refuse(ErrorCode, &'static str),
    /// This page.
    Show(Show),
}

pub(super) async fn judge_request(
    ctx: &Context,
    request: &Request,
    device: &DeviceId,
    want: Want<'_>,
) -> Result<Judged, OpenRequestError> {
    let asked = &request.parameters;
    let signed_in = signed_in(ctx, request, device).await?;
    let expected = |account: &KnownAccount| asked.login_hint.as_ref().is_none_or(|hint| names(hint, account));
    let fitting: Vec<KnownAccount> =
        signed_in.iter().map(|(account, _)| account).filter(|account| expected(account)).cloned().collect();

    if asked.prompt == Some(Prompt::None) {
        return without_page(ctx, request, fitting, !signed_in.is_empty()).await;
    }
    let sign_in = |identifier: Option<String>| {
        Judged::Show(Show::SignIn { identifier, has_accounts: !fitting.is_empty() })
    };
    let hinted = asked.login_hint.as_ref().map(|hint| hint.as_str().to_owned());
    let account = match want {
        Want::Account(did) => match fitting.iter().find(|account| account.did == *did) {
            Some(account) => account.clone(),
            None if signed_in.iter().any(|(account, _)| account.did == *did) => {
                return Ok(Judged::Refuse(ErrorCode::AccessDenied, "another account was expected"));
            }
            None => return Ok(sign_in(hinted.or_else(|| Some(did.to_string())))),
        },
        Want::SignUp if can_sign_up(ctx, request) => return Ok(Judged::Show(Show::SignUp)),
        Want::SignIn | Want::SignUp => return Ok(sign_in(hinted)),
        Want::Accounts | Want::Next => {
            let chooses = matches!(want, Want::Accounts) || asked.prompt == Some(Prompt::SelectAccount);
            match fitting.first() {
                _ if asked.prompt == Some(Prompt::Create) && !chooses && can_sign_up(ctx, request) => {
                    return Ok(Judged::Show(Show::SignUp));
                }
                None => return Ok(sign_in(hinted)),
                Some(only) if hinted.is_some() && !chooses => only.clone(),
                Some(_) if asked.prompt == Some(Prompt::Create) && !chooses => return Ok(sign_in(hinted)),
                Some(_) => return Ok(Judged::Show(Show::Accounts(fitting))),
            }
        }
    };
    if asked.prompt != Some(Prompt::Consent)
        && let Some(sets) = was_approved(ctx, request, &account).await?
    {
        return Ok(Judged::Approve(account, sets));
    }
    Ok(Judged::Ask(account))
}

/// Whether an account can be made for this request: somebody may make one, and the client expects none that there is.
pub(super) fn can_sign_up(ctx: &Context, request: &Request) -> bool {
    ctx.sign_ups.mode() != SignUpMode::Closed && request.parameters.login_hint.is_none()
}

/// `prompt=none`: exactly the account that the hint names, signed in, and everything approved before.
async fn without_page(
    ctx: &Context,
    request: &Request,
    fitting: Vec<KnownAccount>,
    anybody: bool,
) -> Result<Judged, OpenRequestError> {
    if request.parameters.login_hint.is_none() && anybody {
        return Ok(Judged::Refuse(ErrorCode::AccountSelectionRequired, "an account has to be chosen"));
    }
    let Some(account) = fitting.into_iter().next() else {
        return Ok(Judged::Refuse(ErrorCode::LoginRequired, "the account has to sign in"));
    };
    match was_approved(ctx, request, &account).await? {
        Some(sets) => Ok(Judged::Approve(account, sets)),
        None => Ok(Judged::Refuse(ErrorCode::ConsentRequired, "the request has to be approved")),
    }
}

/// What the account approved of the sets of the request, if it approved all of the request before, and for a client that
/// can be told from others: a confidential or trusted one, never one on `localhost` (SEC-14, SEC-15, CM-24).
///
/// Requested scopes are compared as they were asked for, so a set that changed does not ask again (PS-24). A set of which
/// something was declined always does.
async fn was_approved(
    ctx: &Context,
    request: &Request,
    account: &KnownAccount,
) -> Result<Option<Vec<ApprovedSet>>, OpenRequestError> {
    let is_proven = request.client_auth != ClientAuth::None || ctx.settings.trusts(&request.client);
    if !is_proven || request.client.is_loopback() || account.status != AccountStatus::Active {
        return Ok(None);
    }
    let consent = ctx.store.find_consent(&account.did, &request.client).await?;
    let asked = &request.parameters.scope;
    let Some(consent) = consent.filter(|consent| asked.is_subset(&consent.approved)) else { return Ok(None) };
    let declined = meant(&consent.declined);
    let mut sets = Vec::new();
    for include in includes(asked) {
        let set = approved_set::find(&consent.sets, &include.to_string());
        let is_whole = |set: &&ApprovedSet| {
            set.declined.is_empty() && !meant(&set.granted).iter().any(|granted| touches(granted, &declined))
        };
        let Some(set) = set.filter(is_whole) else { return Ok(None) };
        sets.push(set.clone());
    }
    Ok(Some(sets))
}

/// Who signed in on this device in a way that is good for this request, newest first.
pub(super) async fn signed_in(
    ctx: &Context,
    request: &Request,
    device: &DeviceId,
) -> Result<Vec<(KnownAccount, UnixTime)>, OpenRequestError> {
    let now = ctx.now();
    let mut found: Vec<(KnownAccount, UnixTime)> = Vec::new();
    for sign_in in ctx.store.list_device_accounts(device, Some(&request.id)).await? {
        let is_listed = found.iter().any(|(account, _)| account.did == sign_in.account);
        if is_listed || found.len() >= MOST_ACCOUNTS || !is_good(ctx, request, &sign_in, now) {
            continue;
        }
        let account = ctx.accounts.find(&sign_in.account).await?;
        let account = account.filter(|account| account.status != AccountStatus::TakenDown);
        found.extend(account.map(|account| (account, sign_in.signed_in_at)));
    }
    Ok(found)
}

/// More accounts than this are not offered.
const MOST_ACCOUNTS: usize = 20;

fn is_good(ctx: &Context, request: &Request, sign_in: &DeviceAccount, now: UnixTime) -> bool {
    let lifetimes = &ctx.settings.lifetimes;
    let longest =
        if sign_in.request.is_some() { lifetimes.request_sign_in } else { lifetimes.remembered_sign_in };
    let age = now.since(sign_in.signed_in_at);
    if age > longest {
        return false;
    }
    // What was proven for this very request is as new as can be asked for.
    let is_new = sign_in.signed_in_at >= request.created_at;
    let asked = &request.parameters;
    is_new
        || (asked.prompt != Some(Prompt::Login)
            && asked.max_age.is_none_or(|most| most > 0 && age.as_secs() <= most))
}

pub(super) fn names(hint: &LoginHint, account: &KnownAccount) -> bool {
    match hint {
        LoginHint::Did(did) => *did == account.did,
        LoginHint::Handle(handle) => *handle == account.handle,
    }
}

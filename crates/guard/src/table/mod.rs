//! Method → who may call it, as data (RS-17, section 4.3 of the digest).

mod rows;

use std::collections::HashMap;

use gatewright_protocol::scope::{AccountAction, AccountAttr, IdentityAttr};
use gatewright_protocol::syntax::Nsid;

/// A kind of credentials (section 4.2 of the digest, whose letters stand beside).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// ADM: the operator, by HTTP Basic.
    Admin,
    /// A: an ordinary app password.
    AppPassword,
    /// F: a full legacy session.
    Full,
    /// M: a service token of the moderation service.
    Moderation,
    /// N: nobody need be named.
    Nobody,
    /// O: an application, by OAuth.
    OAuth,
    /// P: a privileged app password.
    PrivilegedAppPassword,
    /// R: a legacy refresh token.
    Refresh,
    /// S: a service token of the account.
    ServiceToken,
    /// Q: somebody on the waiting list.
    SignupQueued,
    /// T: somebody whose account was taken down.
    TakenDown,
}

/// What an application's token needs for a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// `account:<attribute>` with this action.
    Account(AccountAttr, AccountAction),
    /// Any token that is good.
    Any,
    /// What the body says: the handler must [`require`](crate::Granted::require) it.
    Body,
    /// `rpc` for this very method, at the service of the header `atproto-proxy`.
    Call,
    /// As [`Call`](Self::Call), and also for this method.
    CallBoth(&'static str),
    /// No token will do.
    Forbidden,
    /// `identity:<attribute>`.
    Identity(IdentityAttr),
    /// As [`Call`](Self::Call), where an application asks. A password session needs no scope for it: libraries of today
    /// ask for the profile as soon as they signed in, and what is answered here about accounts of the host is public.
    /// Whoever asks another service on their behalf must [`require`](crate::Granted::require) the call.
    Profile,
    /// Exactly this permission, written as a scope.
    Scope(&'static str),
    /// `rpc` as the parameters `lxm` and `aud` say (SA-6).
    ServiceToken,
    /// Credentials are not looked at.
    Unasked,
    /// `blob` for the declared media type; where that is `*/*`, the handler must ask for what the bytes look like.
    Upload,
}

/// Whether a call goes on to another service (section 9 of the digest).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onward {
    /// If there is one for it: the client names one, or there is a usual one.
    IfThereIsOne,
    /// Never, whatever the client names.
    Never,
}

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "columns of a table, not a state")]
pub struct Row {
    /// The method; with `.*` at its end, every method below that no other row names.
    pub nsid: &'static str,
    /// The credentials that may be presented.
    pub kinds: &'static [Kind],
    /// What an application's token needs.
    pub oauth: Rule,
    /// Whether an account that was taken down is refused at once.
    pub refuses_taken_down: bool,
    /// Whether a deactivated account is refused at once.
    pub refuses_deactivated: bool,
    /// Whether a refresh token is taken whose time has passed.
    pub admits_expired: bool,
    /// Whether the method is answered by what is behind the guard. Where not, a request that may is answered 501.
    pub answered: bool,
    /// Whether a call goes on to another service.
    pub onward: Onward,
    /// Whether the host of an account may pass a call on to its entryway, by a service token of the account.
    pub passed_on: bool,
}

impl Row {
    /// A row that refuses no account for its state and has no handler.
    pub const fn new(nsid: &'static str, kinds: &'static [Kind], oauth: Rule) -> Self {
        Self {
            nsid,
            kinds,
            oauth,
            refuses_taken_down: false,
            refuses_deactivated: false,
            admits_expired: false,
            answered: false,
            onward: Onward::Never,
            passed_on: false,
        }
    }

    /// There is a handler.
    #[must_use]
    pub const fn answered_here(self) -> Self {
        Self { answered: true, ..self }
    }

    /// Calls go on to another service. If they are answered here too, the handler decides.
    #[must_use]
    pub const fn forwarded(self) -> Self {
        Self { onward: Onward::IfThereIsOne, ..self }
    }

    /// An entryway takes the word of the account's host, which has checked who calls.
    #[must_use]
    pub const fn passed_on(self) -> Self {
        Self { passed_on: true, ..self }
    }

    /// A refresh token is taken after its time too.
    #[must_use]
    pub const fn expired_too(self) -> Self {
        Self { admits_expired: true, ..self }
    }

    /// Accounts that were taken down are refused.
    #[must_use]
    pub const fn not_taken_down(self) -> Self {
        Self { refuses_taken_down: true, ..self }
    }

    /// Accounts that are deactivated are refused.
    #[must_use]
    pub const fn not_deactivated(self) -> Self {
        Self { refuses_deactivated: true, ..self }
    }

    /// Whether credentials of this kind may be presented.
    pub fn admits(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether a handler that answers without having asked for a permission forgot to: what is needed is in the body.
    pub(crate) fn is_asked_by_handler(&self) -> bool {
        matches!(self.oauth, Rule::Body | Rule::Upload)
    }

    /// Whether an `Authorization` header is looked at (RS-9).
    pub fn takes_credentials(&self) -> bool {
        self.oauth != Rule::Unasked
    }
}

/// The rows of a resource server.
#[derive(Clone, Debug)]
pub struct Table {
    exact: HashMap<&'static str, Row>,
    families: Vec<Row>,
    otherwise: Option<Row>,
}

impl Table {
    /// A table of these rows; a later row replaces an earlier one of the same name.
    pub fn new(rows: impl IntoIterator<Item = Row>) -> Self {
        Self { exact: HashMap::new(), families: Vec::new(), otherwise: None }.with(rows)
    }

    /// The methods of a record host (section 4.3 of the digest).
    pub fn atproto() -> Self {
        Self::new(rows::ATPROTO.iter().copied()).otherwise(rows::OTHERWISE)
    }

    /// The row of every method that no other row names. It counts only where calls go on to other services, and there is
    /// one for the call: a method that nobody answers is not implemented, whoever asks.
    #[must_use]
    pub fn otherwise(mut self, row: Row) -> Self {
        self.otherwise = Some(row);
        self
    }

    pub(crate) fn otherwise_row(&self) -> Option<&Row> {
        self.otherwise.as_ref()
    }

    /// With these rows too.
    #[must_use]
    pub fn with(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        for row in rows {
            if row.nsid.ends_with(".*") {
                self.families.retain(|family| family.nsid != row.nsid);
                self.families.push(row);
            } else {
                self.exact.insert(row.nsid, row);
            }
        }
        self
    }

    /// Every row that names methods, in no order.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.exact.values().chain(&self.families)
    }

    /// The row of a method.
    pub fn find(&self, nsid: &str) -> Option<&Row> {
        self.exact.get(nsid).or_else(|| {
            let is_below =
                |family: &&Row| family.nsid.strip_suffix('*').is_some_and(|stem| nsid.starts_with(stem));
            self.families.iter().filter(is_below).max_by_key(|family| family.nsid.len())
        })
    }

    /// The row of `/xrpc/<method>`. A spelling that some router may take for another method is refused (SEC-43).
    pub(crate) fn find_path(&self, path: &str) -> Found {
        let Some(method) = method_of(path) else { return Found::NotXrpc };
        if let Some(row) = self.exact.get(method) {
            return Found::Row(*row);
        }
        let Ok(nsid) = method.parse::<Nsid>() else {
            return Found::Misspelt("the path does not name a method");
        };
        if nsid.authority_lowercased().as_str() != method {
            return Found::Misspelt("the authority of a method is written in lower case");
        }
        self.find(method).map_or(Found::Unknown, |row| Found::Row(*row))
    }
}

/// What a path comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Found {
    /// It is no way to write a method.
    Misspelt(&'static str),
    /// It is none of the guard's business.
    NotXrpc,
    /// It is a method with a row.
    Row(Row),
    /// It is a method without one.
    Unknown,
}

/// What stands behind `/xrpc/`.
pub(crate) fn method_of(path: &str) -> Option<&str> {
    path.strip_prefix("/xrpc/")
}

/// Methods that are never proxied to another service and never in a service token (RS-15).
pub fn is_protected(nsid: &str) -> bool {
    rows::PROTECTED.iter().any(|protected| protected.eq_ignore_ascii_case(nsid))
}

/// Methods that an ordinary app password may not call elsewhere (RS-16).
pub fn is_privileged(nsid: &str) -> bool {
    let chat = nsid.as_bytes().get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"chat.bsky."));
    chat || nsid.eq_ignore_ascii_case(CREATE_ACCOUNT)
}

/// How an account is taken along from elsewhere.
pub(crate) const CREATE_ACCOUNT: &str = "com.atproto.server.createAccount";

#[cfg(test)]
mod tests;

//! [`Caller`]: who one request comes from.

use gatewright_protocol::scope::{Need, Permissions, Scopes};
use gatewright_protocol::syntax::{Did, Nsid};

use super::Refused;
use crate::session::Session;

/// Who one request comes from, and what can be done for them. It belongs to that request and to nothing else: nobody
/// has to set it, and nothing can be left over of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Caller {
    /// Nobody in particular: the request has no credentials at all.
    Anonymous,
    /// Somebody to act for at their host.
    Account {
        /// The session. It acts for this account and for no other.
        session: Session,
        /// What they presented.
        credential: Credential,
    },
    /// Somebody who is known, by a token that is meant for this service and opens nothing elsewhere.
    Token(TokenCaller),
}

/// Who presented a token that is meant for this service.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenCaller {
    /// The account that it speaks for; for a service token, whoever signed it.
    pub account: Did,
    /// What it is.
    pub credential: Credential,
    /// The client that it was given to, if it says so.
    pub client: Option<String>,
    /// The method that it is for, if it names one.
    pub method: Option<Nsid>,
    /// What it grants, if it is one that has scopes.
    pub scopes: Option<Scopes>,
}

/// A kind of credentials, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Credential {
    /// `x-atproto-handle` with `x-atproto-password`.
    AppPassword,
    /// `Authorization: Bearer` with a reference that this service has given out.
    SessionReference,
    /// `Authorization: Bearer` with the access token of a password session at the account's host.
    SessionToken,
    /// `Authorization: Bearer` with a service token for this service.
    ServiceToken,
    /// `Authorization: DPoP` with an access token for this service.
    AccessToken,
}

impl Credential {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [
        Self::AppPassword,
        Self::SessionReference,
        Self::SessionToken,
        Self::ServiceToken,
        Self::AccessToken,
    ];

    /// Its name in counts and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppPassword => "app-password",
            Self::SessionReference => "session-reference",
            Self::SessionToken => "session-token",
            Self::ServiceToken => "service-token",
            Self::AccessToken => "access-token",
        }
    }
}

impl Caller {
    /// The session to act with; none for anonymous callers, and for tokens that open nothing elsewhere.
    pub const fn session(&self) -> Option<&Session> {
        match self {
            Self::Account { session, .. } => Some(session),
            Self::Anonymous | Self::Token(_) => None,
        }
    }

    /// The session, or the answer that there has to be one.
    ///
    /// # Errors
    /// [`Anonymous`](Refused::Anonymous), or [`NoSession`](Refused::NoSession) for a token that opens nothing elsewhere.
    pub const fn require_session(&self) -> Result<&Session, Refused> {
        match self {
            Self::Account { session, .. } => Ok(session),
            Self::Anonymous => Err(Refused::Anonymous),
            Self::Token(_) => Err(Refused::NoSession),
        }
    }

    /// Whose account it is; none for anonymous callers.
    pub fn account(&self) -> Option<&Did> {
        match self {
            Self::Account { session, .. } => Some(session.account()),
            Self::Anonymous => None,
            Self::Token(token) => Some(&token.account),
        }
    }

    /// The account, or the answer that there has to be one.
    ///
    /// # Errors
    /// [`Anonymous`](Refused::Anonymous).
    pub fn require_account(&self) -> Result<&Did, Refused> {
        self.account().ok_or(Refused::Anonymous)
    }

    /// What was presented; nothing by anonymous callers.
    pub const fn credential(&self) -> Option<Credential> {
        match self {
            Self::Account { credential, .. } => Some(*credential),
            Self::Anonymous => None,
            Self::Token(token) => Some(token.credential),
        }
    }

    /// What was granted. None where that is not said in scopes: app passwords, session tokens, service tokens, and
    /// anonymous callers.
    pub fn scopes(&self) -> Option<Scopes> {
        match self {
            Self::Account { session, credential: Credential::SessionReference } => Some(session.granted()),
            Self::Account { .. } | Self::Anonymous => None,
            Self::Token(token) => token.scopes.clone(),
        }
    }

    /// May they do this, as far as scopes tell? Where no scopes are said, the host has the last word; anonymous callers
    /// may nothing. A handler that does something itself asks here; a session asks by itself before it calls.
    ///
    /// # Errors
    /// [`Anonymous`](Refused::Anonymous), or [`Scope`](Refused::Scope) with the scope that is missing.
    pub fn require(&self, need: &Need<'_>) -> Result<(), Refused> {
        self.require_account()?;
        match self.scopes() {
            Some(scopes) if !Permissions::of(&scopes).allows(need) => {
                Err(Refused::Scope { missing: need.to_string() })
            }
            _ => Ok(()),
        }
    }
}

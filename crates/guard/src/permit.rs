//! What a checked request may do.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gatewright_protocol::oauth::authorization_header::Scheme;
use gatewright_protocol::scope::{AccountAction, AccountAttr, Need, Permission, Permissions, Scopes};
use gatewright_protocol::syntax::Did;

use crate::error::{GuardError, ScopeMissing};
use crate::table::{self, Kind};

/// What the token of a request grants. Handlers take it as an argument; a clone is the same request.
#[derive(Clone)]
pub struct Granted(Arc<Inner>);

struct Inner {
    token: Arc<dyn Holder>,
    kind: Kind,
    /// None where the kind of the token alone decides.
    permissions: Option<Arc<Permissions>>,
    asked: AtomicBool,
}

/// Who holds a token: an account, through a client.
pub(crate) trait Holder: Send + Sync {
    fn account(&self) -> &Did;
    fn client(&self) -> &str;
}

impl Holder for (Did, String) {
    fn account(&self) -> &Did {
        &self.0
    }

    fn client(&self) -> &str {
        &self.1
    }
}

impl Granted {
    pub(crate) fn new(token: Arc<dyn Holder>, permissions: Arc<Permissions>) -> Self {
        Self::of(token, Kind::OAuth, Some(permissions))
    }

    /// What a token of this kind grants, and of that what its scopes do, if it has any.
    pub(crate) fn of(token: Arc<dyn Holder>, kind: Kind, permissions: Option<Arc<Permissions>>) -> Self {
        Self(Arc::new(Inner { token, kind, permissions, asked: AtomicBool::new(false) }))
    }

    /// What these scopes grant, checked by nobody: for the tests of handlers.
    pub fn unchecked(account: Did, client: &str, scopes: &Scopes) -> Self {
        Self::new(Arc::new((account, client.to_owned())), Arc::new(Permissions::of(scopes)))
    }

    /// Whose token it is.
    pub fn account(&self) -> &Did {
        self.0.token.account()
    }

    /// The client that it was given to, by its id; empty for a password session, which knows none.
    pub fn client(&self) -> &str {
        self.0.token.client()
    }

    /// Which kind of credentials it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether scopes say what it grants: those of an application, and of a scoped app password.
    pub(crate) fn is_scoped(&self) -> bool {
        self.0.permissions.is_some()
    }

    /// Whether everything that this permission stands for is granted.
    ///
    /// ```
    /// # fn handler(granted: &gatewright_guard::Granted) -> Result<(), gatewright_protocol::scope::InvalidScope> {
    /// if granted.allows(&"account:email".parse()?) { /* show the address */ }
    /// # Ok(()) }
    /// ```
    pub fn allows(&self, permission: &Permission) -> bool {
        let needs = permission.needs();
        !needs.is_empty() && needs.iter().all(|need| self.may(need))
    }

    /// Whether this one thing is granted. For what an answer shows or leaves out; what is refused otherwise goes
    /// through [`require`](Self::require).
    pub fn may(&self, need: &Need<'_>) -> bool {
        self.kind_allows(need) && self.0.permissions.as_ref().is_none_or(|scopes| scopes.allows(need))
    }

    /// What no scope can give to an app password (APP-8 … APP-10). Which methods a kind may call at all is in its rows.
    fn kind_allows(&self, need: &Need<'_>) -> bool {
        let is_privileged = match self.0.kind {
            Kind::AppPassword => false,
            Kind::PrivilegedAppPassword => true,
            _ => return true,
        };
        match need {
            Need::Account(need) => need.attr == AccountAttr::Email && need.action == AccountAction::Read,
            Need::Blob(_) | Need::Repo(_) => true,
            // A service token without a method would open direct messages too.
            Need::Rpc(call) => is_privileged || !(call.lxm == "*" || table::is_privileged(call.lxm)),
            // The identity, and whatever there will be.
            _ => false,
        }
    }

    /// Demands everything that a request needs, all or nothing (RS-13: after its body is known to be in order, before
    /// anything is changed).
    ///
    /// # Errors
    /// The answer to send: 403 that names the first scope that is missing, and says of each scope why it did not do.
    pub fn require<'n>(&self, needs: impl IntoIterator<Item = Need<'n>>) -> Result<(), GuardError> {
        self.0.asked.store(true, Ordering::Relaxed);
        match needs.into_iter().find(|need| !self.may(need)) {
            None => Ok(()),
            Some(need) => Err(self.refuse(&need, Some(need.to_string()))),
        }
    }

    /// The refusal where no single scope can be named.
    pub(crate) fn refuse_unnamed(&self, need: &Need<'_>) -> GuardError {
        self.refuse(need, None)
    }

    fn refuse(&self, need: &Need<'_>, missing: Option<String>) -> GuardError {
        let scopes = self.0.permissions.as_ref().filter(|_| self.kind_allows(need));
        let Some(scopes) = scopes else { return GuardError::Barred };
        let scheme = if self.0.kind == Kind::OAuth { Scheme::Dpop } else { Scheme::Bearer };
        GuardError::ScopeMissing(Box::new(ScopeMissing::new(
            scheme,
            &*self.0.token,
            missing,
            scopes.considered(need),
        )))
    }

    /// Whether [`require`](Self::require) was called for this request.
    pub(crate) fn was_asked(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Granted")
            .field("account", self.account())
            .field("client", &self.client())
            .finish_non_exhaustive()
    }
}

//! Who is asking, and what they may do: the guard's answer, in the words of this crate.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use gatewright_guard::{Destination, Granted, GuardError, Kind};
use gatewright_protocol::scope::{
    AccountAction, AccountAttr, AccountNeed, BlobNeed, Need, RepoAction, RepoNeed, RpcNeed,
};
use gatewright_protocol::syntax::{Did, Nsid};
use http::request::Parts;

use super::errors::XrpcError;
use crate::operations::access::Viewer;
use crate::operations::preferences::Access;

/// An account, by a credential that the guard has checked.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// An application, or somebody with a password session, with the account's token.
    Application(Granted),
    /// A service with a token that the account signed for this very method.
    Service(Did),
    /// For tests of what lies behind the guard.
    #[cfg(test)]
    Tested(Did, std::sync::Arc<gatewright_protocol::scope::Permissions>),
}

impl Caller {
    /// Who.
    pub(crate) fn did(&self) -> &Did {
        match self {
            Self::Application(granted) => granted.account(),
            Self::Service(did) => did,
            #[cfg(test)]
            Self::Tested(did, _) => did,
        }
    }

    /// By which kind of credentials.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Application(granted) => granted.kind(),
            Self::Service(_) => Kind::ServiceToken,
            #[cfg(test)]
            Self::Tested(..) => Kind::OAuth,
        }
    }

    /// Refuses unless the records of each collection may be changed so, all or nothing (SC-13).
    pub(crate) fn require_repo<'a>(
        &self,
        needed: impl IntoIterator<Item = (&'a Nsid, RepoAction)>,
    ) -> Result<(), XrpcError> {
        let need = |(collection, action): (&'a Nsid, _)| {
            Need::Repo(RepoNeed { collection: collection.as_str(), action })
        };
        self.require(needed.into_iter().map(need))
    }

    /// Refuses unless blobs of this type may be uploaded (SC-16).
    pub(crate) fn require_blob(&self, media_type: &str) -> Result<(), XrpcError> {
        self.require([Need::Blob(BlobNeed { mime: media_type })])
    }

    /// Refuses unless this call may be made in the account's name: for what is not always passed on, and so not always
    /// asked for by the guard.
    pub(crate) fn require_call(&self, destination: &Destination) -> Result<(), XrpcError> {
        let (lxm, aud) = (destination.method().as_str(), destination.audience().as_str());
        self.require([Need::Rpc(RpcNeed { lxm, aud })])
    }

    /// Whether it is the owner, by the password of the account.
    pub(crate) fn access(&self) -> Access {
        match self {
            Self::Application(granted) if granted.kind() == Kind::Full => Access::Owner,
            _ => Access::Other,
        }
    }

    /// Whether the e-mail address may be shown (SEC-48).
    pub(crate) fn may_read_email(&self) -> bool {
        let need = Need::Account(AccountNeed { attr: AccountAttr::Email, action: AccountAction::Read });
        match self {
            Self::Application(granted) => granted.may(&need),
            Self::Service(_) => false,
            #[cfg(test)]
            Self::Tested(_, permissions) => permissions.allows(&need),
        }
    }

    fn require<'n>(&self, needs: impl IntoIterator<Item = Need<'n>>) -> Result<(), XrpcError> {
        match self {
            Self::Application(granted) => granted.require(needs).map_err(XrpcError::from),
            // The token is for the method that the guard's row let it into, and needs no other permission (SA-11).
            Self::Service(_) => Ok(()),
            #[cfg(test)]
            Self::Tested(_, permissions) => match needs.into_iter().find(|need| !permissions.allows(need)) {
                None => Ok(()),
                Some(need) => {
                    let message = format!("Missing required scope \"{need}\"");
                    Err(XrpcError::new(http::StatusCode::FORBIDDEN, "ScopeMissingError", message))
                }
            },
        }
    }

    fn find(parts: &Parts) -> Option<Self> {
        #[cfg(test)]
        if let Some(tested) = parts.extensions.get::<Self>() {
            return Some(tested.clone());
        }
        match parts.extensions.get::<gatewright_guard::Caller>()? {
            gatewright_guard::Caller::Service(service) if service.kind == Kind::ServiceToken => {
                Some(Self::Service(service.issuer.clone()))
            }
            caller => caller.granted().cloned().map(Self::Application),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = GuardError;

    /// # Errors
    /// Nobody in particular asks, or the route is not behind the guard: that is default deny, too.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, GuardError> {
        Self::find(parts).ok_or(GuardError::AuthMissing)
    }
}

/// Who reads, where everybody may.
#[derive(Clone, Debug)]
pub(crate) enum Reader {
    Account(Caller),
    Anybody,
    Operator,
}

impl Reader {
    pub(crate) fn viewer(&self) -> Viewer<'_> {
        match self {
            Self::Account(caller) => Viewer::Account(caller.did()),
            Self::Anybody => Viewer::Anybody,
            Self::Operator => Viewer::Operator,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        if let Some(gatewright_guard::Caller::Admin) = parts.extensions.get() {
            return Ok(Self::Operator);
        }
        Ok(Caller::find(parts).map_or(Self::Anybody, Self::Account))
    }
}

//! Where new accounts come from: whoever keeps accounts makes them, the server only asks.

use async_trait::async_trait;
use gatewright_protocol::email::Email;
use gatewright_protocol::invite_code::InviteCode;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::Peer;

use crate::accounts::ProvenAccount;

/// Who may make an account for themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUpMode {
    /// Nobody.
    #[default]
    Closed,
    /// Whoever has an invite code.
    Invite,
    /// Anybody.
    Open,
}

/// An account that somebody wants.
#[derive(Debug)]
pub struct NewSignUp {
    /// Its name.
    pub handle: Handle,
    /// Their address.
    pub email: Email,
    /// Their password, long enough.
    pub password: Password,
    /// The code they were given.
    pub invite: Option<InviteCode>,
    /// A key of theirs (`did:key`) that may undo what the host does to a new identity.
    pub recovery_key: Option<String>,
    /// The identity that they have already and move here; that it is theirs is proven. The account rests until they
    /// activate it.
    pub moved: Option<Did>,
    /// For whom others are asked.
    pub peer: Option<Peer>,
}

/// Makes accounts. An embedder without them offers none: [`NoSignUps`].
#[async_trait]
pub trait SignUps: Send + Sync {
    /// Who may.
    fn mode(&self) -> SignUpMode;

    /// The endings of handles that are given away, each with its dot.
    fn handle_domains(&self) -> Vec<String>;

    /// Makes an account, and uses the invite code up with it.
    async fn sign_up(&self, new: NewSignUp) -> Result<ProvenAccount, SignUpError>;
}

/// Why nobody gets an account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignUpError {
    /// Nobody may make an account here.
    #[error("this server takes no new accounts")]
    Closed,
    /// The DID has an account here.
    #[error("the DID has an account here already")]
    DidTaken,
    /// The handle is under none of the domains, or not directly.
    #[error("{0} is not a handle that is given away here")]
    Domain(Handle),
    /// Whoever makes the accounts is away, or failed.
    #[error("the account could not be made")]
    Elsewhere(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address belongs to another account.
    #[error("the e-mail address belongs to another account")]
    EmailTaken,
    /// The handle belongs to another account, or to the operator.
    #[error("the handle {0} is not available")]
    HandleTaken(Handle),
    /// The DID cannot be that of an account here.
    #[error("{0} cannot be the DID of an account here")]
    IncompatibleDid(Did),
    /// A code is asked for, and this is none that can be used.
    #[error("the invite code is not valid, or is used up")]
    InviteCode,
    /// The recovery key is none.
    #[error("the recovery key is not a did:key that can change an identity")]
    RecoveryKey,
    /// The DID publishes no document.
    #[error("{0} does not resolve")]
    UnresolvableDid(Did),
    /// The handle that the account brings along does not lead to it.
    #[error("the handle {0} does not resolve to the account's DID")]
    UnresolvedHandle(Handle),
}

/// Nobody may.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSignUps;

#[async_trait]
impl SignUps for NoSignUps {
    fn mode(&self) -> SignUpMode {
        SignUpMode::Closed
    }

    fn handle_domains(&self) -> Vec<String> {
        Vec::new()
    }

    async fn sign_up(&self, _: NewSignUp) -> Result<ProvenAccount, SignUpError> {
        Err(SignUpError::Closed)
    }
}

//! What operations may use.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use gatewright_guard::rate::Counter;
use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::jose::JwkSet;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::oauth::client_metadata::ClientMetadata;
use gatewright_protocol::oauth::error::ErrorCode;
use gatewright_protocol::random::Random;
use gatewright_protocol::time::{Clock, UnixTime};
use gatewright_resolve::{FetchError, Peer, ResolveError, Resolver};
use gatewright_store::AuthorizationStore;

use crate::accounts::Accounts;
use crate::keys::Keys;
use crate::notices::Notices;
use crate::passkeys::Passkeys;
use crate::permission_sets::PermissionSets;
use crate::settings::Settings;
use crate::sign_ups::SignUps;

/// What operations may use: no operation reaches for anything else.
pub struct Context {
    /// What is kept.
    pub store: Arc<dyn AuthorizationStore>,
    /// What clients publish about themselves.
    pub clients: Arc<dyn Clients>,
    /// What authors of permission sets publish.
    pub permission_sets: Arc<dyn PermissionSets>,
    /// What people are told by mail.
    pub notices: Arc<dyn Notices>,
    /// Whose accounts they are.
    pub accounts: Arc<dyn Accounts>,
    /// Who makes new accounts.
    pub sign_ups: Arc<dyn SignUps>,
    /// What tokens are signed and derived with.
    pub keys: Arc<Keys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// What the embedder decided.
    pub settings: Settings,
    /// The nonces of proofs; a host in the same process may share them.
    pub nonces: Arc<Nonces>,
    /// What asks for passkeys. None where there can be none.
    pub(crate) passkeys: Option<Passkeys>,
    /// Refreshes by session (AS-49).
    pub(crate) sessions: Counter,
    /// Wrong codes of second factors by account.
    pub(crate) factor_tries: Counter,
}

impl Context {
    /// The time now.
    pub fn now(&self) -> UnixTime {
        self.clock.now()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What clients publish about themselves: [`Resolver`] in a server, a table in tests.
#[async_trait]
pub trait Clients: Send + Sync {
    /// The document of a client, checked; the last good copy serves for a while when its host is away (CM-32). `peer`
    /// is whom it is asked for.
    async fn client(&self, id: &ClientId, peer: Option<Peer>) -> Result<Arc<ClientMetadata>, ClientsError>;

    /// The keys that a confidential client publishes, under the same rules as its document but for a shorter while.
    async fn keys(&self, id: &ClientId, peer: Option<Peer>) -> Result<Arc<JwkSet>, ClientsError>;

    /// The same, asked for again because a key is not among them (CM-33): what is not there either is gone for certain
    /// (CM-31). Asks no more than twice a minute.
    async fn keys_again(&self, id: &ClientId, peer: Option<Peer>) -> Result<Arc<JwkSet>, ClientsError>;
}

/// A client's document or keys cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientsError {
    /// The client id is not one that is loaded.
    #[error("the client id cannot be loaded: {0}")]
    Id(String),
    /// What is published breaks the rules (CM-9).
    #[error("{text}")]
    Invalid {
        /// What to answer with: a redirect URI that cannot be used has a code of its own.
        code: ErrorCode,
        /// For the client's developer.
        text: String,
    },
    /// It was not asked for, because of a limit or a fault of ours; no good copy is young enough.
    #[error("{0}")]
    Ours(String),
    /// It could not be fetched, and no good copy is young enough (CM-32): ours or the network's trouble.
    #[error("{0}")]
    Unreachable(String),
}

impl From<ResolveError> for ClientsError {
    fn from(error: ResolveError) -> Self {
        let text = error.to_string();
        match error {
            ResolveError::ClientId(_) => Self::Id(text),
            ResolveError::ClientMetadata(invalid) => Self::Invalid { code: invalid.code(), text },
            ResolveError::Fetch { source: FetchError::Busy | FetchError::NoRootCertificates, .. } => {
                Self::Ours(text)
            }
            error if error.is_transient() => Self::Unreachable(text),
            _ => Self::Invalid { code: ErrorCode::InvalidClientMetadata, text },
        }
    }
}

#[async_trait]
impl Clients for Resolver {
    async fn client(&self, id: &ClientId, peer: Option<Peer>) -> Result<Arc<ClientMetadata>, ClientsError> {
        let client = match peer {
            Some(peer) => self.on_behalf_of(peer).client(id).await?,
            None => self.client(id).await?,
        };
        Ok(client.metadata)
    }

    async fn keys(&self, id: &ClientId, peer: Option<Peer>) -> Result<Arc<JwkSet>, ClientsError> {
        Ok(match peer {
            Some(peer) => self.on_behalf_of(peer).client_keys(id).await?,
            None => self.client_keys(id).await?,
        })
    }

    async fn keys_again(&self, id: &ClientId, peer: Option<Peer>) -> Result<Arc<JwkSet>, ClientsError> {
        Ok(match peer {
            Some(peer) => self.on_behalf_of(peer).client_keys_again(id).await?,
            None => self.client_keys_again(id).await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use gatewright_protocol::oauth::client_metadata::MetadataRules;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_document_keeps_its_code() {
        let id: ClientId = "https://app.example.dev/client.json".parse().unwrap();
        let code = |document: &str| {
            let invalid =
                ClientMetadata::parse(&id, document.as_bytes(), MetadataRules::default()).unwrap_err();
            match ResolveError::from(Box::new(invalid)).into() {
                ClientsError::Invalid { code, .. } => code,
                other => panic!("{other}"),
            }
        };
        let document = |redirect: &str, scope: &str| {
            format!(
                r#"{{"client_id":"{}","redirect_uris":["{redirect}"],"scope":"{scope}","dpop_bound_access_tokens":true}}"#,
                id.as_str()
            )
        };
        assert_eq!(code(&document("http://localhost", "atproto")), ErrorCode::InvalidRedirectUri);
        assert_eq!(code(&document("https://app.example.dev/cb", "repo:*")), ErrorCode::InvalidClientMetadata);
        let missing = ResolveError::Fetch { what: "document", source: FetchError::Status(404) };
        let missing = ClientsError::from(missing);
        assert!(matches!(missing, ClientsError::Invalid { code: ErrorCode::InvalidClientMetadata, .. }));
    }
}

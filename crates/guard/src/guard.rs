//! Who a resource server is, and whose tokens it takes.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use gatewright_protocol::dpop::nonce::{Nonce, Nonces};
use gatewright_protocol::oauth::resource_metadata::{self, ResourceMetadata};
use gatewright_protocol::secret::AdminPassword;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::Clock;
use gatewright_store::account::AccountStore;
use gatewright_store::replay::ReplayStore;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use url::Url;

use crate::challenge::Challenges;
use crate::table::{Found, Row, Table};
use crate::verify::{self, Tokens};
use crate::{Caller, GuardError, cors};

/// Checks the requests of one resource server. Cheap to clone; all clones are one guard.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

pub(crate) struct Inner {
    /// The configured public origin: what a proof's `htu` is compared with, whatever a header says (DP-4).
    pub(crate) origin: Box<str>,
    /// The `aud` of tokens for this resource server.
    pub(crate) service: Did,
    /// The `iss` of tokens that are taken.
    pub(crate) issuer: Box<str>,
    pub(crate) tokens: Tokens,
    pub(crate) nonces: Arc<Nonces>,
    pub(crate) replays: Arc<dyn ReplayStore>,
    pub(crate) accounts: Option<Arc<dyn AccountStore>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) admin: Option<AdminPassword>,
    table: Table,
    challenges: Challenges,
    metadata: Bytes,
}

impl Guard {
    /// A guard for the resource server at `public_url`, whose tokens have `service` as their `aud`.
    pub fn builder(public_url: &Url, service: Did, tokens: impl Into<Tokens>) -> GuardBuilder {
        let origin = public_url.origin().ascii_serialization();
        GuardBuilder {
            issuer: origin.clone(),
            origin,
            service,
            tokens: tokens.into(),
            table: None,
            accounts: None,
            admin: None,
        }
    }

    pub(crate) fn find_path(&self, path: &str) -> Found {
        self.0.table.find_path(path)
    }

    /// Finds out who calls, in the order of RS-4.
    pub(crate) async fn identify(&self, row: &Row, parts: &Parts) -> Result<Caller, GuardError> {
        verify::identify(&self.0, row, parts).await
    }

    pub(crate) fn challenges(&self) -> &Challenges {
        &self.0.challenges
    }

    pub(crate) fn next_nonce(&self) -> Nonce {
        self.0.nonces.next(self.0.clock.now())
    }

    /// The metadata document of the resource server (RS-10), as it is sent.
    pub fn metadata(&self) -> Bytes {
        self.0.metadata.clone()
    }

    /// A router with the metadata document at its well-known path.
    pub fn well_known<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let guard = self.clone();
        Router::new()
            .route(resource_metadata::PATH, get(move || async move { guard.metadata_response() }))
            .layer(from_fn(cors::open))
    }

    /// The answer with the metadata document: no challenge, any origin (trap 17).
    pub fn metadata_response(&self) -> Response {
        let headers = [
            (CONTENT_TYPE, "application/json"),
            (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (CACHE_CONTROL, "public, max-age=300"),
        ];
        (headers, self.metadata()).into_response()
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("origin", &self.0.origin)
            .field("service", &self.0.service)
            .field("issuer", &self.0.issuer)
            .finish_non_exhaustive()
    }
}

/// Makes a [`Guard`].
pub struct GuardBuilder {
    origin: String,
    issuer: String,
    service: Did,
    tokens: Tokens,
    table: Option<Table>,
    accounts: Option<Arc<dyn AccountStore>>,
    admin: Option<AdminPassword>,
}

impl GuardBuilder {
    /// The authorization server, where it is not the resource server itself.
    #[must_use]
    pub fn issuer(mut self, issuer: &str) -> Self {
        issuer.clone_into(&mut self.issuer);
        self
    }

    /// Who may call what. Default: [`Table::atproto`].
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.table = Some(table);
        self
    }

    /// Where to ask whether an account is active, for the rows that refuse accounts that are not. Without it such
    /// rows refuse nobody for that.
    #[must_use]
    pub fn accounts(mut self, accounts: Arc<dyn AccountStore>) -> Self {
        self.accounts = Some(accounts);
        self
    }

    /// The operator's password (RS-18). Without it nobody is the operator.
    #[must_use]
    pub fn admin_password(mut self, password: AdminPassword) -> Self {
        self.admin = Some(password);
        self
    }

    /// The guard. `nonces` are those of the authorization server where both share an origin, for clients keep one
    /// nonce an origin (RS-19).
    pub fn build(self, nonces: Arc<Nonces>, replays: Arc<dyn ReplayStore>, clock: Arc<dyn Clock>) -> Guard {
        let document = ResourceMetadata::of(&self.origin, &self.issuer);
        let metadata =
            serde_json::to_vec(&document).expect("the document is a plain struct, which is always JSON");
        Guard(Arc::new(Inner {
            challenges: Challenges::of_origin(&self.origin),
            metadata: metadata.into(),
            table: self.table.unwrap_or_else(Table::atproto),
            origin: self.origin.into(),
            issuer: self.issuer.into(),
            service: self.service,
            tokens: self.tokens,
            nonces,
            replays,
            accounts: self.accounts,
            clock,
            admin: self.admin,
        }))
    }
}

impl fmt::Debug for GuardBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardBuilder").field("origin", &self.origin).finish_non_exhaustive()
    }
}

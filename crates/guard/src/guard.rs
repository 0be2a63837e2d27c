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
use gatewright_protocol::service_auth::Recipient;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::Clock;
use gatewright_store::account::AccountStore;
use gatewright_store::replay::ReplayStore;
use gatewright_store::security_event::SecurityEventStore;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Uri};
use url::Url;

use crate::challenge::Challenges;
use crate::destination::{self, Destination};
use crate::error::ScopeMissing;
use crate::table::{self, Found, Row, Table};
use crate::verify::{self, LegacySessions, ServiceTokens, Tokens};
use crate::{Caller, GuardError, Services, cors};

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
    pub(crate) legacy: Option<LegacySessions>,
    pub(crate) nonces: Arc<Nonces>,
    pub(crate) replays: Arc<dyn ReplayStore>,
    pub(crate) accounts: Option<Arc<dyn AccountStore>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) admin: Option<AdminPassword>,
    events: Option<Arc<dyn SecurityEventStore>>,
    pub(crate) service_tokens: Option<ServiceTokens>,
    /// The hosts that pass calls on.
    pub(crate) hosts: Vec<Did>,
    services: Option<Services>,
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
            legacy: None,
            table: None,
            accounts: None,
            admin: None,
            events: None,
            service_tokens: None,
            hosts: Vec::new(),
            services: None,
        }
    }

    pub(crate) fn find_path(&self, path: &str) -> Found {
        self.0.table.find_path(path)
    }

    /// The row of a method that no other row names, if there is a service for this call of it.
    pub(crate) fn find_elsewhere(&self, uri: &Uri, headers: &HeaderMap) -> Option<Row> {
        let services = self.0.services.as_ref()?;
        let row = self.0.table.otherwise_row()?;
        let has_service = headers.contains_key(destination::HEADER)
            || table::method_of(uri.path()).is_some_and(|method| services.usual(method).is_some());
        has_service.then_some(*row)
    }

    /// Where a call goes on to, if it does.
    pub(crate) fn find_destination(
        &self,
        row: &Row,
        parts: &Parts,
    ) -> Result<Option<Destination>, GuardError> {
        destination::find(self.0.services.as_ref(), row, parts)
    }

    /// Whether calls go on to other services.
    pub(crate) fn forwards(&self) -> bool {
        self.0.services.is_some()
    }

    /// Finds out who calls, in the order of RS-4.
    pub(crate) async fn identify(&self, row: &Row, parts: &Parts) -> Result<Caller, GuardError> {
        verify::identify(&self.0, row, parts).await
    }

    /// Tells the owner of the account what a program tried. That it could not be noted refuses nobody more.
    pub(crate) async fn note_refusal(&self, missing: &ScopeMissing) {
        let Some(events) = &self.0.events else { return };
        if let Err(error) = events.note_security_event(missing.event(self.0.clock.now())).await {
            tracing::error!(%error, "a refusal was not noted");
        }
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
    legacy: Option<LegacySessions>,
    table: Option<Table>,
    accounts: Option<Arc<dyn AccountStore>>,
    admin: Option<AdminPassword>,
    events: Option<Arc<dyn SecurityEventStore>>,
    service_tokens: Option<ServiceTokens>,
    hosts: Vec<Did>,
    services: Option<Services>,
}

impl GuardBuilder {
    /// The authorization server, where it is not the resource server itself.
    #[must_use]
    pub fn issuer(mut self, issuer: &str) -> Self {
        issuer.clone_into(&mut self.issuer);
        self
    }

    /// Password sessions, whose bearer tokens are taken too. Without them none is.
    #[must_use]
    pub fn legacy_sessions(mut self, sessions: LegacySessions) -> Self {
        self.legacy = Some(sessions);
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

    /// Where the owners of accounts are told what programs tried without the scope for it. Without it nobody is.
    #[must_use]
    pub fn security_events(mut self, events: Arc<dyn SecurityEventStore>) -> Self {
        self.events = Some(events);
        self
    }

    /// Which service tokens are taken, for the rows that admit them. Without it none is.
    #[must_use]
    pub fn service_tokens(mut self, tokens: ServiceTokens) -> Self {
        self.service_tokens = Some(tokens);
        self
    }

    /// The hosts whose entryway this is: of the accounts that they keep, they pass on what is answered here, with a service
    /// token that the account's key signed. Needs [`accounts`](Self::accounts) and
    /// [`service_tokens`](Self::service_tokens). Without it no such token is taken.
    #[must_use]
    pub fn entryway_of(mut self, hosts: Vec<Did>) -> Self {
        self.hosts = hosts;
        self
    }

    /// Calls of methods that are not answered here go on to other services: to the one that the client names, or to the
    /// usual one. What is behind the guard gets a [`Destination`] with each. Without this such methods are not
    /// implemented.
    #[must_use]
    pub fn forwarding(mut self, services: Services) -> Self {
        self.services = Some(services);
        self
    }

    /// The guard. `nonces` are those of the authorization server where both share an origin, for clients keep one
    /// nonce an origin (RS-19).
    pub fn build(self, nonces: Arc<Nonces>, replays: Arc<dyn ReplayStore>, clock: Arc<dyn Clock>) -> Guard {
        let document = ResourceMetadata::of(&self.origin, &self.issuer);
        let mut service_tokens = self.service_tokens;
        if let Some(tokens) = service_tokens.as_mut().filter(|tokens| tokens.recipients.is_empty()) {
            tokens.recipients.push(Recipient::Did(self.service.clone()));
        }
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
            legacy: self.legacy,
            nonces,
            replays,
            accounts: self.accounts,
            clock,
            admin: self.admin,
            events: self.events,
            service_tokens,
            hosts: self.hosts,
            services: self.services,
        }))
    }
}

impl fmt::Debug for GuardBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardBuilder").field("origin", &self.origin).finish_non_exhaustive()
    }
}

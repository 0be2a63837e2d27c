//! What a service takes, and what it does not.

use std::sync::Arc;

use super::access_token::AccessTokens;
use super::cache::Cache;
use super::counters::Counters;
use super::host::AllowedHosts;
use super::references::References;
use super::service_token::ServiceTokens;
use super::{Inner, PerRequest};
use crate::app_password::origin_of;
use crate::error::CallError;
use crate::keep::Sessions;

/// How many sessions are at hand, unless somebody says otherwise.
const MOST: usize = 10_000;

/// Makes a [`PerRequest`]. Nothing is taken but what is switched on here.
#[derive(Debug)]
pub struct Builder {
    sessions: Sessions,
    app_passwords: bool,
    main_passwords: bool,
    session_tokens: bool,
    references: Option<References>,
    service_tokens: Option<ServiceTokens>,
    access_tokens: Option<AccessTokens>,
    hosts: AllowedHosts,
    most: usize,
}

impl Builder {
    pub(super) fn new(sessions: Sessions) -> Self {
        Self {
            sessions,
            app_passwords: false,
            main_passwords: false,
            session_tokens: false,
            references: None,
            service_tokens: None,
            access_tokens: None,
            hosts: AllowedHosts::default(),
            most: MOST,
        }
    }

    /// Takes `x-atproto-handle` with `x-atproto-password`.
    #[must_use]
    pub fn app_passwords(mut self) -> Self {
        self.app_passwords = true;
        self
    }

    /// Takes passwords of any form in `x-atproto-password`: also those that open all of an account, which people then
    /// send with every request. Only for hosts that know no app passwords.
    #[must_use]
    pub fn main_passwords(mut self) -> Self {
        self.main_passwords = true;
        self
    }

    /// Takes access tokens of password sessions, which are tried at the account's host once.
    #[must_use]
    pub fn session_tokens(mut self) -> Self {
        self.session_tokens = true;
        self
    }

    /// Takes references that were [given out](References::mint) here.
    #[must_use]
    pub fn references(mut self, references: References) -> Self {
        self.references = Some(references);
        self
    }

    /// Takes service tokens that are meant for this service.
    #[must_use]
    pub fn service_tokens(mut self, tokens: ServiceTokens) -> Self {
        self.service_tokens = Some(tokens);
        self
    }

    /// Takes access tokens with proofs that are meant for this service.
    #[must_use]
    pub fn access_tokens(mut self, tokens: AccessTokens) -> Self {
        self.access_tokens = Some(tokens);
        self
    }

    /// A host that callers may name in `x-atproto-pds-url` whatever the identity says, by its URL. It is trusted to know
    /// its accounts. Requests still go through the guarded fetcher: a private address is reached only in development.
    ///
    /// # Errors
    /// It is not the URL of an origin.
    pub fn allow_host(mut self, url: &str) -> Result<Self, CallError> {
        self.hosts.allow(origin_of(url)?);
        Ok(self)
    }

    /// The most sessions that are at hand. Default: 10,000. The one that was not used for longest makes room; it is
    /// still kept in the store and comes back without a sign-in.
    #[must_use]
    pub fn most(mut self, sessions: usize) -> Self {
        self.most = sessions;
        self
    }

    /// What was switched on, ready for requests.
    pub fn build(self) -> PerRequest {
        let counters = Arc::new(Counters::default());
        let cache = Cache::new(self.sessions.clone(), Arc::clone(&counters), self.most);
        PerRequest(Arc::new(Inner {
            sessions: self.sessions,
            app_passwords: self.app_passwords,
            main_passwords: self.main_passwords,
            session_tokens: self.session_tokens,
            references: self.references,
            service_tokens: self.service_tokens,
            access_tokens: self.access_tokens,
            hosts: self.hosts,
            cache,
            counters,
        }))
    }
}

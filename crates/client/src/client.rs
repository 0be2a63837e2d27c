//! [`Client`]: one application, and what it signs people in with.

use std::sync::Arc;

use serde_json::Value;

use crate::client_key::ClientKeys;
use crate::description::{ClientDescription, Described, InvalidDescription, SharedDescription};
use crate::error::CallError;
use crate::flow::{self, BrowserSecret, Finished, SignIn, SignInError, Started};
use crate::keep::Sessions;
use crate::record::{Grant, SessionId};
use crate::session::Session;

/// An OAuth client: what it says about itself, and where its sessions are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    described: SharedDescription,
    sessions: Sessions,
}

impl Client {
    /// A client, its description checked as servers will check it.
    ///
    /// # Errors
    /// Whatever a server would refuse of the description.
    pub fn new(description: ClientDescription, sessions: Sessions) -> Result<Self, InvalidDescription> {
        Ok(Self { described: Arc::new(description.checked()?), sessions })
    }

    /// Begins a sign-in: finds the server, pushes the request, and tells where to send the browser.
    ///
    /// `browser` is what the same browser has to bring when it comes back.
    ///
    /// # Errors
    /// See [`SignInError`]. Nothing is left behind but an entry that goes by itself.
    pub async fn start(&self, sign_in: SignIn, browser: &BrowserSecret) -> Result<Started, SignInError> {
        flow::start(self, sign_in, browser).await
    }

    /// Finishes a sign-in with the query (or fragment) that the browser came back with. It works once.
    ///
    /// # Errors
    /// See [`SignInError`]. Tokens that were got and may not be used were given back.
    pub async fn finish(&self, query: &str, browser: &BrowserSecret) -> Result<Finished, SignInError> {
        flow::finish(self, query, browser).await
    }

    /// A sign-in that asks for more and keeps what `session` holds. When it is finished, the session goes on under its
    /// name with what was granted then; if it is declined, the session is as it was (P12).
    pub fn ask_more(&self, session: &Session, scope: &str) -> SignIn {
        let asked = session.asked();
        let union = scope.trim().parse().map(|more| asked.union(&more).to_string());
        let mut sign_in = SignIn::at(session.account().as_str());
        // A malformed scope is refused by `start`.
        sign_in.scope = Some(union.unwrap_or_else(|_| scope.to_owned()));
        sign_in.replaces = Some(session.id().clone());
        sign_in
    }

    /// Comes back to a session by its name.
    ///
    /// # Errors
    /// [`SignedOut`](CallError::SignedOut): there is none. The errors of a session that is over, and of the store.
    pub async fn resume(&self, id: &SessionId) -> Result<Session, CallError> {
        let record = self.sessions.find_record(id).await?.ok_or(CallError::SignedOut)?;
        match &record.grant {
            Grant::Oauth(grant) if grant.client_id == self.described.client_id() => {
                Ok(Session::share_oauth(self, record))
            }
            Grant::Oauth(_) => Err(CallError::Client("it belongs to another client id")),
            Grant::AppPassword(_) => Ok(Session::share_app_password(&self.sessions, record, None)),
            Grant::Ended { cause, .. } => Err((*cause).into()),
        }
    }

    /// The metadata document to publish at the client id; none for a client under development.
    pub fn metadata_document(&self) -> Option<Value> {
        self.described.document()
    }

    /// The key document to publish at the `jwks_uri`; none unless the description names one.
    pub fn key_document(&self) -> Option<Value> {
        self.described
            .has_key_document
            .then(|| serde_json::to_value(self.described.keys.public()).unwrap_or_default())
    }

    /// Its client id.
    pub fn client_id(&self) -> &str {
        self.described.client_id()
    }

    /// Where its sessions are kept.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Its keys.
    pub fn keys(&self) -> &ClientKeys {
        &self.described.keys
    }

    /// Is it the same client, and not another one of the same name with other keys?
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.described, &other.described)
    }

    pub(crate) fn described(&self) -> &Described {
        &self.described
    }
}

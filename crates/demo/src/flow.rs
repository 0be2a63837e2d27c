//! Signing in and out, as a client of somebody else's server (section 10 of the digest).

use std::sync::Arc;

use gatewright_protocol::oauth::pkce::CodeVerifier;
use gatewright_protocol::oauth::server_metadata::ServerMetadata;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::{FetchError, ResolveError};

use crate::SCOPE;
use crate::call::ProofKey;

mod callback;
mod session;
mod start;

pub(crate) use callback::{Callback, finish};
pub(crate) use session::{Tokens, current, revoke};
pub(crate) use start::begin;

/// A sign-in between the push and the way back (CL-5).
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) state: String,
    pub(crate) created: UnixTime,
    /// Who is expected to come back, if the start was an account.
    expected: Option<Did>,
    server: Arc<ServerMetadata>,
    key: ProofKey,
    verifier: CodeVerifier,
}

/// Somebody who is signed in: the tokens of one grant and their key.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) did: Did,
    pub(crate) handle: Option<Handle>,
    pub(crate) scope: Scopes,
    pub(crate) key: ProofKey,
    server: Arc<ServerMetadata>,
    tokens: tokio::sync::Mutex<Tokens>,
}

/// Why a sign-in failed, in words for the person who tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FlowError {
    #[error("This is not a handle, such as alice.test, nor a DID.")]
    Identifier,
    #[error("This account could not be found: {0}.")]
    Account(ResolveError),
    #[error("This app works with one host only, and the account is kept elsewhere.")]
    OtherHost,
    #[error("The host's authorization server could not be found: {0}.")]
    Server(ResolveError),
    #[error("The authorization server did not answer: {0}.")]
    Unreachable(FetchError),
    #[error("The authorization server refused ({0}).")]
    Refused(&'static str),
    #[error("The sign-in was declined. Nothing was granted.")]
    Declined,
    #[error(
        "This sign-in was not begun in this browser, took too long, or was finished before. Please begin again."
    )]
    UnknownState,
    #[error("The answer did not come from the server that was asked. Nothing was accepted from it.")]
    WrongIssuer,
    #[error("The authorization server's answer was not understood.")]
    Answer,
    #[error("The server signed in another account than the one that was asked for.")]
    OtherAccount,
    #[error("The session has ended. Please sign in again.")]
    Ended,
}

/// `http://localhost` with what it may ask for and where it is reached (CM-20, CM-21).
pub(crate) fn client_id(own: &str) -> String {
    let redirect = redirect_uri(own);
    let pairs = [("redirect_uri", redirect.as_str()), ("scope", SCOPE)];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("http://localhost?{}", query.replace('+', "%20"))
}

pub(crate) fn redirect_uri(own: &str) -> String {
    format!("{own}/callback")
}

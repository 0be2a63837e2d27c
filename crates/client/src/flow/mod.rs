//! Signing in: from what a person typed to the server's page, and back (section 10.1 and 10.2 of the digest).

mod authorize;
mod callback;
mod discover;
mod exchange;
mod pending;

use std::fmt;
use std::time::Duration;

use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::oauth::error::ErrorCode;
use gatewright_protocol::oauth::par::Prompt;
use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use gatewright_resolve::{FetchError, ResolveError};
use url::Url;

use crate::session::Session;
use crate::sessions::SessionStoreError;

pub(crate) use authorize::start;
pub(crate) use callback::finish;
pub(crate) use exchange::{Exchange, revoke};

/// A sign-in to begin: where, and for what.
///
/// ```
/// use gatewright_client::SignIn;
/// let sign_in = SignIn::at("alice.example.net").ask("atproto repo:com.example.note").remember("/notes/new");
/// ```
#[derive(Clone, Debug)]
pub struct SignIn {
    pub(crate) identifier: String,
    pub(crate) scope: Option<String>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) prompt: Option<Prompt>,
    pub(crate) remembered: Option<String>,
    pub(crate) without_sets: bool,
    /// The session that takes over what is granted.
    pub(crate) replaces: Option<crate::SessionId>,
}

impl SignIn {
    /// At a handle, a DID, or the URL of a host or authorization server, as it was typed (ID-1).
    pub fn at(identifier: impl Into<String>) -> Self {
        Self {
            identifier: identifier.into(),
            scope: None,
            redirect_uri: None,
            prompt: None,
            remembered: None,
            without_sets: false,
            replaces: None,
        }
    }

    /// What is asked for; it has to be declared in the client's description. Default: all that is declared there.
    #[must_use]
    pub fn ask(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Where the browser is sent back to, if not to the first that the description names. A loopback one may have any
    /// port.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// What the server has to show: [`Prompt::Create`] for a new account, [`Prompt::Login`] for another one.
    #[must_use]
    pub const fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = Some(prompt);
        self
    }

    /// A text to be given back when the sign-in is finished: which page was interrupted, a draft. It never leaves the
    /// store.
    #[must_use]
    pub fn remember(mut self, text: impl Into<String>) -> Self {
        self.remembered = Some(text.into());
        self
    }

    /// Asks for what permission sets stand for in place of the sets: for a server that took a request for a set and
    /// granted nothing for it. A server that refuses the request itself is asked again so by itself.
    #[must_use]
    pub const fn without_sets(mut self) -> Self {
        self.without_sets = true;
        self
    }
}

/// What ties an unfinished sign-in to the browser that began it: a secret in a cookie, or in the memory of the program
/// that opened the browser (CL-4).
pub struct BrowserSecret(secrecy::SecretString);

impl BrowserSecret {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        Self(base64url_encode(&random_bytes::<32>(random)).into())
    }

    /// One that came in a cookie.
    pub fn from_cookie(text: &str) -> Self {
        Self(text.into())
    }

    /// The secret in clear: for the cookie, and nothing else.
    pub fn expose(&self) -> &str {
        secrecy::ExposeSecret::expose_secret(&self.0)
    }
}

impl fmt::Debug for BrowserSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserSecret(…)")
    }
}

/// A sign-in that has begun.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Started {
    /// Where the browser is to be sent.
    pub url: Url,
    /// The account that is expected to sign in, if one was named.
    pub account: Option<Did>,
}

/// A sign-in that is finished.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finished {
    /// The session, kept already.
    pub session: Session,
    /// What was asked for.
    pub asked: Scopes,
    /// What was granted.
    pub granted: Scopes,
    /// Those that were asked for and not granted, compared by what they mean. People may decline some, and servers may
    /// not know others.
    pub missing: Scopes,
    /// What [`SignIn::remember`] was given.
    pub remembered: Option<String>,
}

/// Why nobody was signed in.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The account could not be looked up, or is not what it says.
    #[error("the account could not be found")]
    Account(#[source] ResolveError),
    /// The server's answer is not what it should be.
    #[error("the authorization server's answer was not understood: {0}")]
    Answer(&'static str),
    /// The client's own fault.
    #[error("this client cannot ask for that: {0}")]
    Client(&'static str),
    /// The person, or a rule of the server, said no. Nothing was granted.
    #[error("the sign-in was declined")]
    Declined,
    /// What was typed is none of the things that a sign-in begins with.
    #[error("this is no handle (such as alice.example.net), no DID and no https URL of a host")]
    Identifier,
    /// The server cannot be reached just now.
    #[error("the authorization server could not be reached")]
    Network(#[source] FetchError),
    /// Somebody else was signed in than who was asked for, or the server may not speak for them (CL-16).
    #[error("the server signed in an account that it may not, or another than the one that was asked for")]
    OtherAccount,
    /// Too many requests.
    #[error("too many requests")]
    RateLimited {
        /// How long to wait, if that is known.
        retry_after: Option<Duration>,
    },
    /// The server refused.
    #[error("the authorization server refused ({code})")]
    Refused {
        /// Its code, or `other` if it is none of the profile's.
        code: &'static str,
    },
    /// There is no authorization server there, or it is not one of this protocol.
    #[error("the authorization server cannot be used")]
    Server(#[source] ResolveError),
    /// Sign-ins cannot be kept or read just now.
    #[error(transparent)]
    Store(#[from] SessionStoreError),
    /// A scope that the client's description does not declare (CL-9).
    #[error("the scope `{scope}` is not declared in the client's description")]
    Undeclared {
        /// The scope.
        scope: String,
    },
    /// Not begun in this browser, begun too long ago, or finished before.
    #[error("this sign-in was not begun here, took too long, or was finished before")]
    UnknownState,
    /// The answer came from another server than the one that was asked (CL-13).
    #[error("the answer did not come from the server that was asked")]
    WrongIssuer,
}

impl SignInError {
    pub(crate) fn refused(code: Option<ErrorCode>) -> Self {
        Self::Refused { code: code.map_or("other", ErrorCode::as_str) }
    }
}

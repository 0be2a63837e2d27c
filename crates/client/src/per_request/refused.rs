//! Why a request is refused, and the one place that makes HTTP of it.

use std::time::Duration;

use gatewright_protocol::dpop::verify::ProofError;
use gatewright_protocol::service_auth::ServiceAuthError;
use gatewright_resolve::{FetchError, ResolveError};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use super::Credential;
use crate::error::CallError;

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Why the credentials of a request are not taken. No variant holds a secret, nor anything that a host said beside the name of an error.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The host says that the account may not act.
    #[error("the account may not act at its host: it is taken down, suspended or deactivated")]
    Account,
    /// There are no credentials, and some are needed.
    #[error(
        "this needs an account: send x-atproto-handle and x-atproto-password, or an Authorization header with a token that this service takes"
    )]
    Anonymous,
    /// The token is meant for somebody else.
    #[error("the token is meant for another service; ask for one that names this service as its audience")]
    Audience,
    /// The credentials are in order, but the host wants a code that it sends by mail, which has no place in a header.
    #[error("the host wants a code that it sends by mail; use an app password, which needs none")]
    FactorNeeded,
    /// The host that was named is not the one that the identity names, and not one that the operator has allowed.
    #[error(
        "the account of x-atproto-handle is not kept at the host of x-atproto-pds-url; leave that header out"
    )]
    ForeignHost,
    /// One of the two headers is there and the other is not.
    #[error("{missing} is missing: x-atproto-handle and x-atproto-password come together or not at all")]
    HalfPair {
        /// The header that is missing.
        missing: &'static str,
    },
    /// A header is repeated, too long, or no text.
    #[error("the header {name} is repeated, empty, too long or no plain text; it has to be there once")]
    Header {
        /// Which.
        name: &'static str,
    },
    /// The host that was named is no URL of an origin.
    #[error("x-atproto-pds-url has to be the https URL of a host and nothing else; or leave it out")]
    HostUrl,
    /// The account's host refused a call. It is the call that it refused, and not the caller.
    #[error("the account's host refused the call ({error})")]
    HostRefused {
        /// The host's name for it, made fit to print.
        error: String,
    },
    /// It is neither a handle nor a DID.
    #[error("x-atproto-handle has to be a handle (alice.example.net) or a DID")]
    Identifier,
    /// The password has not the form of an app password.
    #[error(
        "x-atproto-password is not an app password (xxxx-xxxx-xxxx-xxxx); never send the account's own password, make an app password in the account's settings"
    )]
    MainPassword,
    /// The caller is known, but the token that says so opens nothing at their host.
    #[error("the token is good for this service and cannot be used at the account's host; sign in instead")]
    NoSession,
    /// The host does not take the identifier and password.
    #[error("the account's host does not take this app password; make a new one in the account's settings")]
    PasswordRefused,
    /// The host that was named, or that the identity names, is not on the public internet.
    #[error("the host is not on the public internet, and not one that the operator of this service allows")]
    PrivateHost,
    /// The proof of a token is wrong.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Too many sign-ins for this account: by our own count, which stays below what hosts allow, or by the host's.
    #[error("too many sign-ins for this account; wait a few minutes and use the same credentials throughout")]
    RateLimited {
        /// How long to wait, if that is known.
        retry_after: Option<Duration>,
    },
    /// The reference is over by its own time.
    #[error("this session reference has expired; make a new one")]
    ReferenceExpired,
    /// The reference was revoked.
    #[error("this session reference has been revoked; make a new one")]
    ReferenceRevoked,
    /// The reference was mistyped, or was never given out here.
    #[error("this session reference is not one of this service; it may be cut off or mistyped")]
    ReferenceUnknown,
    /// What was presented does not reach so far.
    #[error("this needs the scope {missing}, which the credentials do not have")]
    Scope {
        /// The scope to ask for.
        missing: String,
    },
    /// The service token is wrong, other than by its audience.
    #[error(transparent)]
    ServiceToken(ServiceAuthError),
    /// The session behind the credentials is over.
    #[error("the session behind these credentials is over; sign in again")]
    SessionOver,
    /// Credentials of a kind that this service does not take.
    #[error("this service does not take credentials of the kind {}", .0.as_str())]
    SwitchedOff(Credential),
    /// The token is none that is known here, has the wrong form, or its signature is wrong.
    #[error("the token is not one that this service takes, or it is damaged")]
    Token,
    /// The token's time has passed.
    #[error("the token has expired; get a new one")]
    TokenExpired,
    /// A token that needs a proof came without one.
    #[error("this token has to be sent as `Authorization: DPoP` with a proof, not as `Bearer`")]
    TokenNeedsProof,
    /// It cannot be told just now; the same request may succeed later.
    #[error("the credentials cannot be checked just now ({0}); try again in a moment")]
    Unavailable(&'static str),
    /// The identity does not exist, or its handle and DID do not lead to each other.
    #[error("x-atproto-handle leads to no account that claims it")]
    UnknownAccount,
}

impl Refused {
    /// The status to answer with.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::ForeignHost
            | Self::HalfPair { .. }
            | Self::Header { .. }
            | Self::HostRefused { .. }
            | Self::HostUrl
            | Self::Identifier
            | Self::MainPassword
            | Self::PrivateHost => StatusCode::BAD_REQUEST,
            Self::Account | Self::NoSession | Self::Scope { .. } => StatusCode::FORBIDDEN,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// Its name in an answer, in the manner of XRPC.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Account => "AccountInactive",
            Self::Anonymous => "AuthenticationRequired",
            Self::Audience => "BadAudience",
            Self::FactorNeeded => "AuthFactorTokenRequired",
            Self::ForeignHost => "ForeignHost",
            Self::HalfPair { .. } => "HalfCredentials",
            Self::Header { .. } => "BadHeader",
            Self::HostRefused { .. } => "HostRefused",
            Self::HostUrl => "BadHostUrl",
            Self::Identifier => "BadIdentifier",
            Self::MainPassword => "MainPasswordRefused",
            Self::NoSession => "NoSession",
            Self::PasswordRefused => "PasswordRefused",
            Self::PrivateHost => "PrivateHost",
            Self::Proof(error) => error.code().as_str(),
            Self::RateLimited { .. } => "RateLimitExceeded",
            Self::ReferenceExpired => "ReferenceExpired",
            Self::ReferenceRevoked => "ReferenceRevoked",
            Self::ReferenceUnknown => "ReferenceUnknown",
            Self::Scope { .. } => "ScopeMissingError",
            Self::ServiceToken(error) => error.name(),
            Self::SessionOver => "SessionOver",
            Self::SwitchedOff(_) => "CredentialsNotTaken",
            Self::Token => "InvalidToken",
            Self::TokenExpired => "ExpiredToken",
            Self::TokenNeedsProof => "ProofRequired",
            Self::Unavailable(_) => "Unavailable",
            Self::UnknownAccount => "UnknownAccount",
        }
    }

    /// The answer: status, headers, and a JSON body with `error` and `message`. This is the only place that makes one;
    /// `nonce` is what [`PerRequest::nonce`](super::PerRequest::nonce) gives.
    pub fn answer(&self, nonce: Option<&str>) -> http::Response<String> {
        let body = json!({"error": self.name(), "message": self.to_string()}).to_string();
        let mut answer = http::Response::new(body);
        *answer.status_mut() = self.status();
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status() == StatusCode::UNAUTHORIZED {
            self.challenge(headers, nonce);
        }
        if let Self::RateLimited { retry_after: Some(wait) } = self {
            headers.insert(RETRY_AFTER, wait.as_secs().max(1).into());
        }
        answer
    }

    /// The DPoP challenge stands first where there is one: clients look at the beginning (RS-5, RS-6).
    fn challenge(&self, headers: &mut HeaderMap, nonce: Option<&str>) {
        if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::from_str(nonce).ok()) {
            headers.insert(DPOP_NONCE, nonce);
            let challenge = match self {
                Self::Proof(error) => format!("DPoP algs=\"ES256 ES256K\", error=\"{}\"", error.code()),
                Self::Token | Self::TokenExpired | Self::Audience | Self::TokenNeedsProof => {
                    "DPoP algs=\"ES256 ES256K\", error=\"invalid_token\"".to_owned()
                }
                _ => "DPoP algs=\"ES256 ES256K\"".to_owned(),
            };
            if let Ok(challenge) = HeaderValue::from_str(&challenge) {
                headers.append(WWW_AUTHENTICATE, challenge);
            }
        }
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
}

impl From<ServiceAuthError> for Refused {
    fn from(error: ServiceAuthError) -> Self {
        match error {
            ServiceAuthError::Audience { .. } => Self::Audience,
            other => Self::ServiceToken(other),
        }
    }
}

/// What a sign-in, a look at a session or a call came to. What the host said in its own words is left out.
impl From<CallError> for Refused {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Account { .. } => Self::Account,
            CallError::FactorTokenRequired => Self::FactorNeeded,
            CallError::Network(FetchError::NotPublic) => Self::PrivateHost,
            CallError::PasswordRefused => Self::PasswordRefused,
            CallError::RateLimited { retry_after } => Self::RateLimited { retry_after },
            CallError::Resolve(error) => error.into(),
            over if over.is_over() => Self::SessionOver,
            CallError::Network(_) => Self::Unavailable("the account's host cannot be reached"),
            CallError::Refused { error, .. } => Self::HostRefused { error },
            CallError::ScopeMissing { scope } => {
                Self::Scope { missing: scope.unwrap_or_else(|| "for this call".to_owned()) }
            }
            CallError::Server { .. } | CallError::Answer(_) => {
                Self::Unavailable("the account's host did not answer as hosts do")
            }
            _ => Self::Unavailable("sessions cannot be kept or read"),
        }
    }
}

impl From<ResolveError> for Refused {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Fetch { source: FetchError::NotPublic, .. } => Self::PrivateHost,
            error if error.is_transient() => Self::Unavailable("the account cannot be looked up"),
            _ => Self::UnknownAccount,
        }
    }
}

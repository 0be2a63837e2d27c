//! How a refusal reads: the one place where it becomes HTTP (RS-7).

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use gatewright_protocol::dpop::verify::ProofError;
use gatewright_protocol::oauth::authorization_header::Scheme;
use gatewright_protocol::oauth::error::ErrorCode;
use gatewright_protocol::scope::Considered;
use gatewright_protocol::service_auth::ServiceAuthError;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::ResolveError;
use gatewright_store::StoreError;
use gatewright_store::security_event::{SecurityEvent, SecurityEventKind};
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::challenge;
use crate::permit::Holder;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// Its owner put the account to rest.
    #[error("the account is deactivated")]
    AccountDeactivated,
    /// The token is of an account that is not here any more.
    #[error("there is no such account here")]
    AccountNotFound,
    /// The operator took the account down.
    #[error("the account was taken down")]
    AccountTakedown,
    /// Only the operator may, and did not prove to be the one.
    #[error("the operator's password is required")]
    AdminRequired,
    /// The request has no credentials.
    #[error("credentials are required")]
    AuthMissing,
    /// The method is not called like this, whatever was granted: a protected one at another service, or what a session of
    /// this kind has no part in (RS-15, RS-16, APP-8 to APP-10).
    #[error("Bad token method")]
    Barred,
    /// The method is never open to applications.
    #[error("this method is not open to applications")]
    Forbidden,
    /// The `Authorization` header has an unknown scheme or is broken.
    #[error("the Authorization header is not understood")]
    Header,
    /// The path, a parameter or a header that decides about the permission is not in order.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The DID document of whoever signed a service token cannot be had: not the client's fault.
    #[error("the keys of the issuer are not available")]
    IssuerKeys(#[source] ResolveError),
    /// The keys of the authorization server cannot be had: not the client's fault.
    #[error("the keys of the authorization server are not available")]
    Keys(#[source] ResolveError),
    /// The time of a password session's token has passed. Clients know it by these words.
    #[error("Token has expired")]
    LegacyExpired,
    /// The password session was ended. Clients refresh on its name, and so learn that it is over.
    #[error("Token has been revoked")]
    LegacyRevoked,
    /// A password session of this kind may not call the method.
    #[error("Bad token scope")]
    LegacyScope,
    /// A bearer token that is no legacy session of ours.
    #[error("Token could not be verified")]
    LegacyToken,
    /// A refresh token without a name.
    #[error("the refresh token has no id")]
    LegacyTokenId,
    /// The method is not answered here.
    #[error("this method is not implemented here")]
    NotImplemented,
    /// The proof of possession is missing or wrong.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The token does not have the scope.
    #[error(transparent)]
    ScopeMissing(Box<ScopeMissing>),
    /// The service token is not good, or there is none.
    #[error(transparent)]
    ServiceToken(#[from] ServiceAuthError),
    /// The store failed: not the client's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The access token is not good.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A handler whose method needs a permission by its body did not ask for one: a fault of this server.
    #[error("the handler of `{0}` did not ask for the permission that its row demands")]
    Unasked(String),
}

/// What is wrong with an access token. Every one is `invalid_token` with status 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Made for another resource server.
    #[error("the access token is for another service")]
    Audience,
    /// A DPoP token was presented as `Bearer` (RS-2).
    #[error("this access token needs the scheme DPoP and a proof")]
    Bearer,
    /// Bound to another key than the proof's, or to none.
    #[error("the access token is bound to another key than that of the proof")]
    Binding,
    /// Its time has passed.
    #[error("the access token has expired")]
    Expired,
    /// Not a signed token of our authorization server.
    #[error("the access token could not be verified")]
    Invalid,
    /// It lacks the scope that every token has.
    #[error("the access token lacks the scope atproto")]
    NotAtproto,
    /// Its session was ended, or rotated on.
    #[error("the access token was revoked or replaced")]
    Revoked,
}

/// What a token lacks, in the shape of `gatewright scope check --json`.
#[derive(Clone, Debug, Serialize, thiserror::Error)]
#[error("{}", self.message())]
pub struct ScopeMissing {
    allowed: bool,
    by: Option<String>,
    /// The scope that would have sufficed, in normal form.
    pub missing: Option<String>,
    /// Every scope of the token, and why it did not suffice.
    pub considered: Vec<Considered>,
    /// How the token was presented.
    #[serde(skip)]
    scheme: Scheme,
    /// Whose token it is, and through which client.
    #[serde(skip)]
    holder: (Did, String),
}

impl ScopeMissing {
    pub(crate) fn new(
        scheme: Scheme,
        holder: &dyn Holder,
        missing: Option<String>,
        considered: Vec<Considered>,
    ) -> Self {
        let holder = (holder.account().clone(), holder.client().to_owned());
        Self { allowed: false, by: None, missing, considered, scheme, holder }
    }

    /// As the owner of the account is told of it.
    pub(crate) fn event(&self, at: UnixTime) -> SecurityEvent {
        let (account, client) = &self.holder;
        let event = SecurityEvent::new(account.clone(), SecurityEventKind::ScopeRefused, at);
        let client = (!client.is_empty()).then(|| client.clone());
        let event = SecurityEvent { client, ..event };
        match &self.missing {
            Some(scope) => event.scope(scope),
            None => event,
        }
    }

    fn message(&self) -> String {
        match &self.missing {
            Some(scope) => format!("Missing required scope \"{scope}\""),
            None => "The token grants no calls of other services".to_owned(),
        }
    }
}

#[derive(Serialize)]
struct XrpcError<'a> {
    error: &'a str,
    message: &'a str,
    #[serde(flatten)]
    scope: Option<&'a ScopeMissing>,
}

impl GuardError {
    /// The status and the name in `error`.
    fn status_and_name(&self) -> (StatusCode, &'static str) {
        match self {
            Self::AccountDeactivated => (StatusCode::UNAUTHORIZED, "AccountDeactivated"),
            Self::AccountNotFound => (StatusCode::FORBIDDEN, "AccountNotFound"),
            Self::AccountTakedown => (StatusCode::UNAUTHORIZED, "AccountTakedown"),
            Self::AdminRequired => (StatusCode::UNAUTHORIZED, "AuthenticationRequired"),
            Self::AuthMissing => (StatusCode::UNAUTHORIZED, "AuthMissing"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "Forbidden"),
            Self::Barred | Self::Header | Self::LegacyScope | Self::LegacyToken => {
                (StatusCode::BAD_REQUEST, "InvalidToken")
            }
            Self::LegacyExpired | Self::LegacyRevoked => (StatusCode::BAD_REQUEST, "ExpiredToken"),
            Self::LegacyTokenId => (StatusCode::UNAUTHORIZED, "MissingTokenId"),
            Self::InvalidRequest(_) => (StatusCode::BAD_REQUEST, "InvalidRequest"),
            Self::IssuerKeys(_) | Self::Keys(_) => (StatusCode::BAD_GATEWAY, "UpstreamFailure"),
            Self::NotImplemented => (StatusCode::NOT_IMPLEMENTED, "MethodNotImplemented"),
            Self::Proof(error) => (StatusCode::UNAUTHORIZED, error.code().as_str()),
            Self::ScopeMissing(_) => (StatusCode::FORBIDDEN, "ScopeMissingError"),
            Self::ServiceToken(error) => (StatusCode::UNAUTHORIZED, error.name()),
            Self::Store(StoreError::Full { .. }) => (StatusCode::SERVICE_UNAVAILABLE, "NotEnoughResources"),
            Self::Store(_) | Self::Unasked(_) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
            Self::Token(_) => (StatusCode::UNAUTHORIZED, ErrorCode::InvalidToken.as_str()),
        }
    }

    fn challenge(&self) -> Option<HeaderValue> {
        match self {
            Self::Proof(error) => Some(challenge::refused(error.code(), &error.to_string())),
            Self::Token(error) => Some(challenge::refused(ErrorCode::InvalidToken, &error.to_string())),
            Self::ScopeMissing(missing) => {
                Some(challenge::insufficient(missing.scheme, missing.missing.as_deref()))
            }
            // Not one that a client would answer by refreshing its session.
            Self::ServiceToken(_) => Some(HeaderValue::from_static("Bearer")),
            Self::AdminRequired => Some(HeaderValue::from_static("Basic realm=\"admin\"")),
            _ => None,
        }
    }
}

impl IntoResponse for GuardError {
    fn into_response(self) -> Response {
        let (status, name) = self.status_and_name();
        metrics::counter!("gatewright_refused_total", "by" => "guard", "error" => name).increment(1);
        let said = self.to_string();
        let message = if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED {
            tracing::error!(error = &self as &dyn std::error::Error, "a request could not be guarded");
            "The server could not answer; try again later"
        } else {
            &said
        };
        let scope = match &self {
            Self::ScopeMissing(missing) => Some(&**missing),
            _ => None,
        };
        let body = serde_json::to_vec(&XrpcError { error: name, message, scope }).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(challenge) = self.challenge() {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if let Self::ScopeMissing(missing) = self {
            // For whoever notes it, once the answer has come back to the guard.
            response.extensions_mut().insert(Arc::<ScopeMissing>::from(missing));
        }
        response
    }
}

//! The one place that turns what went wrong into an answer: `{"error", "message"}` and a status (RS-7).

use axum::Json;
use axum::response::{IntoResponse, Response};
use gatewright_guard::GuardError;
use gatewright_guard::rate::TooMany;
use gatewright_store::StoreError;
use http::StatusCode;
use serde::Serialize;

use crate::blobs::ReceiveError;
use crate::operations::access::{AccessError, ReadError};
use crate::operations::find_preferences::FindPreferencesError;
use crate::operations::find_profile::FindProfileError;
use crate::operations::find_session::FindSessionError;
use crate::operations::issue_service_token::IssueServiceTokenError;
use crate::operations::prove_record::ProveRecordError;
use crate::operations::proxy_call::ProxyCallError;
use crate::operations::put_preferences::PutPreferencesError;
use crate::operations::read_blob::ReadBlobError;
use crate::operations::read_record::ReadRecordError;
use crate::operations::read_repo::ReadRepoError;
use crate::operations::resolve_handle::ResolveHandleError;
use crate::operations::upload_blob::UploadBlobError;
use crate::operations::write::WriteError;
use crate::proxy::OriginError;
use crate::repo::desk;

/// An answer that says what went wrong.
#[derive(Debug)]
pub(crate) enum XrpcError {
    /// In the guard's words.
    Guard(GuardError),
    /// In this host's.
    Host { status: StatusCode, error: &'static str, message: String },
    /// In those of whoever counts.
    TooMany(TooMany),
}

impl XrpcError {
    pub(crate) fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self::Host { status, error, message: message.into() }
    }

    /// The request is not what the method takes.
    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::bad("InvalidRequest", message)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("the body is longer than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge", message)
    }

    pub(crate) fn blob_too_large(limit: u64) -> Self {
        let message = format!("the blob is longer than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "BlobTooLarge", message)
    }

    fn bad(error: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, message)
    }

    fn unauthorized(error: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error, message)
    }

    /// Too much at once.
    fn busy(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "NotEnoughResources", message)
    }

    /// The fault of a service that was called.
    fn upstream_failure(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::info!(error, "a service did not answer as it must");
        Self::new(StatusCode::BAD_GATEWAY, "UpstreamFailure", error.to_string())
    }

    /// Ours to mend: the log says what, the answer does not.
    fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "a request could not be answered");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            "the server failed; try again later",
        )
    }
}

impl IntoResponse for XrpcError {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            error: &'static str,
            message: String,
        }
        match self {
            Self::Guard(error) => error.into_response(),
            Self::Host { status, error, message } => (status, Json(Body { error, message })).into_response(),
            Self::TooMany(too_many) => {
                let body = Body { error: "RateLimitExceeded", message: too_many.to_string() };
                (StatusCode::TOO_MANY_REQUESTS, too_many.headers(), Json(body)).into_response()
            }
        }
    }
}

impl From<GuardError> for XrpcError {
    fn from(error: GuardError) -> Self {
        Self::Guard(error)
    }
}

impl From<StoreError> for XrpcError {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<AccessError> for XrpcError {
    fn from(error: AccessError) -> Self {
        match &error {
            AccessError::Deactivated => Self::unauthorized("AccountDeactivated", error.to_string()),
            AccessError::NotFound => Self::new(StatusCode::FORBIDDEN, "AccountNotFound", error.to_string()),
            AccessError::NotYours => Self::unauthorized("AuthenticationRequired", error.to_string()),
            AccessError::Store(_) => Self::internal(&error),
            AccessError::TakenDown => Self::unauthorized("AccountTakedown", error.to_string()),
        }
    }
}

impl From<ReadError> for XrpcError {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::Deactivated => Self::bad("RepoDeactivated", error.to_string()),
            ReadError::NotFound => Self::bad("RepoNotFound", error.to_string()),
            ReadError::Store(_) => Self::internal(&error),
            ReadError::TakenDown => Self::bad("RepoTakendown", error.to_string()),
        }
    }
}

impl From<WriteError> for XrpcError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Access(error) => error.into(),
            WriteError::Commit(error) => error.into(),
            WriteError::Invalid { .. }
            | WriteError::NotAnObject(_)
            | WriteError::TooLarge { .. }
            | WriteError::Type(_) => Self::bad("InvalidRecord", error.to_string()),
            WriteError::OverBudget(too_many) => Self::TooMany(too_many),
            WriteError::TooMany(_) | WriteError::UnknownLexicon(_) => {
                Self::invalid_request(error.to_string())
            }
        }
    }
}

impl From<desk::WriteError> for XrpcError {
    fn from(error: desk::WriteError) -> Self {
        use desk::WriteError as E;
        match &error {
            E::Absent(_) | E::Crowded | E::Exists(_) => Self::invalid_request(error.to_string()),
            E::BlobMissing(_) => Self::bad("BlobNotFound", error.to_string()),
            E::Busy => Self::busy(error.to_string()),
            E::Key | E::Store(_) | E::Tree(_) => Self::internal(&error),
            E::NoRepo => Self::bad("RepoNotFound", error.to_string()),
            E::SwapCommit(_) | E::SwapRecord(_) => Self::bad("InvalidSwap", error.to_string()),
        }
    }
}

impl From<ReadRecordError> for XrpcError {
    fn from(error: ReadRecordError) -> Self {
        match error {
            ReadRecordError::NotFound { .. } => Self::bad("RecordNotFound", error.to_string()),
            ReadRecordError::Repo(error) => error.into(),
            ReadRecordError::Unreadable(_) => Self::internal(&error),
        }
    }
}

impl From<ProveRecordError> for XrpcError {
    fn from(error: ProveRecordError) -> Self {
        match error {
            ProveRecordError::Moving => Self::busy(error.to_string()),
            ProveRecordError::Repo(error) => error.into(),
        }
    }
}

impl From<ReadRepoError> for XrpcError {
    fn from(error: ReadRepoError) -> Self {
        match error {
            ReadRepoError::Busy => Self::busy(error.to_string()),
            ReadRepoError::Folder(_) => Self::internal(&error),
            ReadRepoError::Repo(error) => error.into(),
        }
    }
}

impl From<ReadBlobError> for XrpcError {
    fn from(error: ReadBlobError) -> Self {
        match error {
            ReadBlobError::Folder(_) => Self::internal(&error),
            ReadBlobError::NotFound => Self::bad("BlobNotFound", error.to_string()),
            ReadBlobError::Repo(error) => error.into(),
        }
    }
}

impl From<UploadBlobError> for XrpcError {
    fn from(error: UploadBlobError) -> Self {
        match error {
            UploadBlobError::Access(error) => error.into(),
            UploadBlobError::OverBudget(too_many) => Self::TooMany(too_many),
            UploadBlobError::Receive(error) => match error {
                ReceiveError::BrokenOff | ReceiveError::Empty => Self::invalid_request(error.to_string()),
                ReceiveError::Folder(_) => Self::internal(&error),
                ReceiveError::TooLarge { limit } => Self::blob_too_large(limit),
            },
            UploadBlobError::Store(error) => error.into(),
        }
    }
}

impl From<FindSessionError> for XrpcError {
    fn from(error: FindSessionError) -> Self {
        match error {
            FindSessionError::NotFound => {
                Self::new(StatusCode::FORBIDDEN, "AccountNotFound", error.to_string())
            }
            FindSessionError::Store(error) => error.into(),
        }
    }
}

impl From<FindPreferencesError> for XrpcError {
    fn from(error: FindPreferencesError) -> Self {
        match error {
            FindPreferencesError::NotFound => {
                Self::new(StatusCode::FORBIDDEN, "AccountNotFound", error.to_string())
            }
            FindPreferencesError::Store(error) => error.into(),
        }
    }
}

impl From<FindProfileError> for XrpcError {
    fn from(error: FindProfileError) -> Self {
        match error {
            FindProfileError::Deactivated => Self::bad("AccountDeactivated", error.to_string()),
            FindProfileError::Elsewhere => {
                Self::new(StatusCode::NOT_IMPLEMENTED, "MethodNotImplemented", error.to_string())
            }
            FindProfileError::Store(error) => error.into(),
            FindProfileError::TakenDown => Self::bad("AccountTakedown", error.to_string()),
        }
    }
}

impl From<IssueServiceTokenError> for XrpcError {
    fn from(error: IssueServiceTokenError) -> Self {
        match error {
            IssueServiceTokenError::Access(error) => error.into(),
            IssueServiceTokenError::Expiration { .. } => Self::bad("BadExpiration", error.to_string()),
            IssueServiceTokenError::NoKey => Self::internal(&error),
            IssueServiceTokenError::Store(error) => error.into(),
        }
    }
}

impl From<ProxyCallError> for XrpcError {
    fn from(error: ProxyCallError) -> Self {
        match error {
            ProxyCallError::Access(error) => error.into(),
            ProxyCallError::Busy => Self::busy(error.to_string()),
            ProxyCallError::Failed
            | ProxyCallError::Origin(OriginError::Unreachable(_))
            | ProxyCallError::Upstream(_) => Self::upstream_failure(&error),
            ProxyCallError::NoKey => Self::internal(&error),
            ProxyCallError::NotForwarding => {
                Self::new(StatusCode::NOT_IMPLEMENTED, "MethodNotImplemented", error.to_string())
            }
            ProxyCallError::Origin(_) | ProxyCallError::Refused(_) => {
                Self::invalid_request(error.to_string())
            }
            ProxyCallError::Store(error) => error.into(),
        }
    }
}

impl From<PutPreferencesError> for XrpcError {
    fn from(error: PutPreferencesError) -> Self {
        match error {
            PutPreferencesError::Kind | PutPreferencesError::OwnerOnly | PutPreferencesError::TooMany => {
                Self::invalid_request(error.to_string())
            }
            PutPreferencesError::NotFound => {
                Self::new(StatusCode::FORBIDDEN, "AccountNotFound", error.to_string())
            }
            PutPreferencesError::Store(error) => error.into(),
        }
    }
}

impl From<ResolveHandleError> for XrpcError {
    fn from(error: ResolveHandleError) -> Self {
        match error {
            // Clients in use tell "no such handle" from a fault by exactly this name and message.
            ResolveHandleError::NotFound => Self::invalid_request("Unable to resolve handle"),
            ResolveHandleError::Store(error) => error.into(),
        }
    }
}

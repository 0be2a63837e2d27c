//! The one place that turns what went wrong into an answer: `{"error", "message"}` and a status (RS-7).

use axum::Json;
use axum::response::{IntoResponse, Response};
use gatewright_guard::GuardError;
use gatewright_guard::rate::TooMany;
use gatewright_resolve::FetchError;
use gatewright_store::StoreError;
use http::StatusCode;
use serde::Serialize;

use crate::blobs::ReceiveError;
use crate::operations::access::{AccessError, ReadError};
use crate::operations::activate_account::ActivateAccountError;
use crate::operations::check_account_status::CheckAccountStatusError;
use crate::operations::check_identity::IdentityFault;
use crate::operations::create_invite_codes::CreateInviteCodesError;
use crate::operations::deactivate_account::DeactivateAccountError;
use crate::operations::find_preferences::FindPreferencesError;
use crate::operations::find_profile::FindProfileError;
use crate::operations::find_session::FindSessionError;
use crate::operations::issue_service_token::IssueServiceTokenError;
use crate::operations::lead_on::LeadOnError;
use crate::operations::prove_record::ProveRecordError;
use crate::operations::proxy_call::ProxyCallError;
use crate::operations::put_preferences::PutPreferencesError;
use crate::operations::read_blob::ReadBlobError;
use crate::operations::read_record::ReadRecordError;
use crate::operations::read_repo::ReadRepoError;
use crate::operations::resolve_handle::ResolveHandleError;
use crate::operations::update_handle::UpdateHandleError;
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

    /// The credentials are in order, but of an account that is not here any more.
    fn account_not_found(error: &dyn std::error::Error) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccountNotFound", error.to_string())
    }

    /// What was sent is no handle at all.
    pub(crate) fn invalid_handle() -> Self {
        Self::bad("InvalidHandle", "`handle` is not a handle, such as alice.example.com")
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
        match error {
            StoreError::Full { .. } => {
                tracing::warn!(%error, "a request was turned away: there is no room for it");
                Self::busy("the server is busy; nothing was changed")
            }
            error => Self::internal(&error),
        }
    }
}

impl From<AccessError> for XrpcError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Deactivated => Self::unauthorized("AccountDeactivated", error.to_string()),
            AccessError::Elsewhere(_) => Self::invalid_request(error.to_string()),
            AccessError::NotFound => Self::account_not_found(&error),
            AccessError::NotYours => Self::unauthorized("AuthenticationRequired", error.to_string()),
            AccessError::Store(error) => error.into(),
            AccessError::TakenDown => Self::unauthorized("AccountTakedown", error.to_string()),
        }
    }
}

impl From<ReadError> for XrpcError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Deactivated => Self::bad("RepoDeactivated", error.to_string()),
            ReadError::NotFound => Self::bad("RepoNotFound", error.to_string()),
            ReadError::Store(error) => error.into(),
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
        match error {
            E::Absent(_) | E::Crowded | E::Exists(_) => Self::invalid_request(error.to_string()),
            E::BlobMissing(_) => Self::bad("BlobNotFound", error.to_string()),
            E::Busy => Self::busy(error.to_string()),
            E::Key | E::Tree(_) => Self::internal(&error),
            E::Store(error) => error.into(),
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

impl From<ActivateAccountError> for XrpcError {
    fn from(error: ActivateAccountError) -> Self {
        match error {
            ActivateAccountError::Identity(IdentityFault::Store(error))
            | ActivateAccountError::Store(error) => error.into(),
            ActivateAccountError::Host(error) => Self::upstream_failure(&error),
            ActivateAccountError::Identity(_) => Self::invalid_request(error.to_string()),
            ActivateAccountError::NotFound => Self::account_not_found(&error),
            ActivateAccountError::TakenDown => Self::unauthorized("AccountTakedown", error.to_string()),
        }
    }
}

impl From<LeadOnError> for XrpcError {
    fn from(error: LeadOnError) -> Self {
        match error {
            LeadOnError::Answer(FetchError::Busy) => Self::busy(error.to_string()),
            LeadOnError::Answer(_) | LeadOnError::Host(_) => Self::upstream_failure(&error),
            LeadOnError::Store(error) => error.into(),
        }
    }
}

impl From<CreateInviteCodesError> for XrpcError {
    fn from(error: CreateInviteCodesError) -> Self {
        match error {
            CreateInviteCodesError::Count | CreateInviteCodesError::NotHere(_) => {
                Self::invalid_request(error.to_string())
            }
            CreateInviteCodesError::Store(error) => error.into(),
            CreateInviteCodesError::Taken => Self::busy(error.to_string()),
        }
    }
}

impl From<DeactivateAccountError> for XrpcError {
    fn from(error: DeactivateAccountError) -> Self {
        match error {
            DeactivateAccountError::Host(error) => Self::upstream_failure(&error),
            DeactivateAccountError::NotFound => Self::account_not_found(&error),
            DeactivateAccountError::Store(error) => error.into(),
        }
    }
}

impl From<CheckAccountStatusError> for XrpcError {
    fn from(error: CheckAccountStatusError) -> Self {
        match error {
            CheckAccountStatusError::NotFound => Self::account_not_found(&error),
            CheckAccountStatusError::Repo(error) => error.into(),
            CheckAccountStatusError::Store(error) => error.into(),
        }
    }
}

impl From<FindSessionError> for XrpcError {
    fn from(error: FindSessionError) -> Self {
        match error {
            FindSessionError::NotFound => Self::account_not_found(&error),
            FindSessionError::Store(error) => error.into(),
        }
    }
}

impl From<FindPreferencesError> for XrpcError {
    fn from(error: FindPreferencesError) -> Self {
        match error {
            FindPreferencesError::NotFound => Self::account_not_found(&error),
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
            PutPreferencesError::NotFound => Self::account_not_found(&error),
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

impl From<UpdateHandleError> for XrpcError {
    fn from(error: UpdateHandleError) -> Self {
        use UpdateHandleError as E;
        match error {
            E::Document(_) | E::NoKey => Self::invalid_request(error.to_string()),
            E::Host(error) => Self::upstream_failure(&error),
            E::NotFound => Self::account_not_found(&error),
            E::NotGiven(_) | E::Unresolved(_) => Self::bad("InvalidHandle", error.to_string()),
            E::Plc(error) => Self::upstream_failure(&error),
            E::Reserved(_) | E::Taken(_) => Self::bad("HandleNotAvailable", error.to_string()),
            E::Store(error) => error.into(),
            E::TooMany(too_many) => Self::TooMany(too_many),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_72_a_store_without_room_is_busy_and_not_broken() {
        let full = || StoreError::Full { engine: "test", what: "waiting steps" };
        let broken = || StoreError::Backend { engine: "test", source: "the disk is gone".into() };
        let status = |error: XrpcError| error.into_response().status().as_u16();
        for (error, expected) in [(full as fn() -> StoreError, 503), (broken, 500)] {
            assert_eq!(status(error().into()), expected);
            assert_eq!(status(AccessError::Store(error()).into()), expected);
            assert_eq!(status(ReadError::Store(error()).into()), expected);
            assert_eq!(status(desk::WriteError::Store(error()).into()), expected);
            assert_eq!(status(WriteError::Commit(desk::WriteError::Store(error())).into()), expected);
            assert_eq!(status(UploadBlobError::Store(error()).into()), expected);
            assert_eq!(status(FindSessionError::Store(error()).into()), expected);
            assert_eq!(status(ResolveHandleError::Store(error()).into()), expected);
        }
    }
}

//! From what an operation refused to what an XRPC method answers: `{"error", "message"}` and a status (RS-7).

use std::error::Error;

use axum::Json;
use axum::response::{IntoResponse, Response};
use gatewright_guard::GuardError;
use gatewright_guard::rate::TooMany;
use gatewright_protocol::secret::UnfitPassword;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use http::StatusCode;
use serde::Serialize;

use crate::accounts::AccountsError;
use crate::http::errors::log_internal;
use crate::operations::{
    ConfirmEmailError, CreateAccountError, CreateAppPasswordError, CreateSessionError, DeleteAccountError,
    DeleteSessionError, DereferenceScopeError, ExpandScopesError, FindMailCodeError, ListAppPasswordsError,
    RefreshSessionError, RequestMailCodeError, RequestPasswordResetError, ResetPasswordError,
    RevokeAppPasswordError, SendMailCodeError, UpdateEmailError,
};
use crate::sign_ups::SignUpError;

/// The answer to a caller of a method who is refused.
#[derive(Debug)]
pub(crate) enum XrpcRefusal {
    /// In the guard's words.
    Guard(GuardError),
    /// In ours.
    Ours { status: StatusCode, error: &'static str, message: String },
    /// In those of whoever counts.
    TooMany(TooMany),
}

impl XrpcRefusal {
    fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self::Ours { status, error, message: message.into() }
    }

    /// The request is not what the method takes.
    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidRequest", message)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("the body is longer than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge", message)
    }

    /// SESS-6: the same for everything that is wrong about identifier and password.
    pub(crate) fn wrong_password() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "AuthenticationRequired", "Invalid identifier or password")
    }

    /// SESS-7: said before anybody looks whose it might be.
    pub(crate) fn long_password() -> Self {
        let message = "The password is longer than any that can be set here";
        Self::new(StatusCode::UNAUTHORIZED, "AuthenticationRequired", message)
    }

    /// SA-10: an account is only taken along by a token that its own key signed.
    pub(crate) fn not_yours(did: &Did) -> Self {
        let message = format!("a service token of {did} is needed to take the account along");
        Self::new(StatusCode::UNAUTHORIZED, "AuthenticationRequired", message)
    }

    pub(crate) fn invalid_handle() -> Self {
        let message = "`handle` is not a handle, such as alice.example.com";
        Self::new(StatusCode::BAD_REQUEST, "InvalidHandle", message)
    }

    /// SESS-7.
    pub(crate) fn invalid_password(why: UnfitPassword) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidPassword", why.to_string())
    }

    pub(crate) fn invalid_invite_code() -> Self {
        SignUpError::InviteCode.into()
    }

    fn taken_down() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "AccountTakedown", "Account has been taken down")
    }

    /// The token outlived its account.
    fn no_account() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "AccountNotFound", "there is no such account")
    }

    fn not_here(error: &dyn Error) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "MethodNotImplemented", error.to_string())
    }

    /// What a method that has no handler answers, asked with another verb.
    pub(crate) fn wrong_verb() -> Self {
        let message = "queries are asked with GET, procedures with POST";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "InvalidRequest", message)
    }

    fn busy(message: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "NotEnoughResources", message)
    }

    /// Ours to mend: the log says what, the answer does not.
    fn internal(error: &(dyn Error + 'static)) -> Self {
        log_internal(error);
        let message = "the server failed; try again later";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message)
    }
}

impl IntoResponse for XrpcRefusal {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            error: &'static str,
            message: String,
        }
        match self {
            Self::Guard(error) => error.into_response(),
            Self::Ours { status, error, message } => (status, Json(Body { error, message })).into_response(),
            Self::TooMany(too_many) => {
                let body = Body { error: "RateLimitExceeded", message: too_many.to_string() };
                (StatusCode::TOO_MANY_REQUESTS, too_many.headers(), Json(body)).into_response()
            }
        }
    }
}

impl From<GuardError> for XrpcRefusal {
    fn from(error: GuardError) -> Self {
        Self::Guard(error)
    }
}

impl From<TooMany> for XrpcRefusal {
    fn from(error: TooMany) -> Self {
        Self::TooMany(error)
    }
}

impl From<StoreError> for XrpcRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full { .. } => Self::busy("the server is busy; nothing was changed"),
            error => Self::internal(&error),
        }
    }
}

impl From<AccountsError> for XrpcRefusal {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Store(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<CreateAccountError> for XrpcRefusal {
    fn from(error: CreateAccountError) -> Self {
        match error {
            CreateAccountError::Session(error) => error.into(),
            CreateAccountError::SignUp(error) => error.into(),
        }
    }
}

impl From<SignUpError> for XrpcRefusal {
    fn from(error: SignUpError) -> Self {
        let name = match &error {
            SignUpError::Closed | SignUpError::InviteCode => "InvalidInviteCode",
            SignUpError::Domain(_) => "UnsupportedDomain",
            SignUpError::Elsewhere(_) => return Self::internal(&error),
            SignUpError::DidTaken | SignUpError::EmailTaken | SignUpError::RecoveryKey => "InvalidRequest",
            SignUpError::HandleTaken(_) => "HandleNotAvailable",
            SignUpError::IncompatibleDid(_) => "IncompatibleDidDoc",
            SignUpError::UnresolvableDid(_) => "UnresolvableDid",
            SignUpError::UnresolvedHandle(_) => "InvalidHandle",
        };
        Self::new(StatusCode::BAD_REQUEST, name, error.to_string())
    }
}

impl From<CreateSessionError> for XrpcRefusal {
    fn from(error: CreateSessionError) -> Self {
        match error {
            CreateSessionError::FactorRequired => {
                let message = "A second factor is required: send its code as authFactorToken, or sign in with an app password";
                Self::new(StatusCode::UNAUTHORIZED, "AuthFactorTokenRequired", message)
            }
            CreateSessionError::NotHere => Self::not_here(&error),
            CreateSessionError::TakenDown => Self::taken_down(),
            CreateSessionError::TooMany(error) => error.into(),
            CreateSessionError::Wrong => Self::wrong_password(),
            CreateSessionError::Accounts(error) => error.into(),
            CreateSessionError::Expand(_) => Self::busy("a permission set does not resolve at the moment"),
            CreateSessionError::Store(error) => error.into(),
        }
    }
}

impl From<RefreshSessionError> for XrpcRefusal {
    fn from(error: RefreshSessionError) -> Self {
        match error {
            RefreshSessionError::Gone => GuardError::LegacyRevoked.into(),
            RefreshSessionError::NotHere => Self::not_here(&error),
            RefreshSessionError::TakenDown => Self::taken_down(),
            RefreshSessionError::TooMany(error) => error.into(),
            RefreshSessionError::Accounts(error) => error.into(),
            RefreshSessionError::Expand(_) => Self::busy("a permission set does not resolve at the moment"),
            RefreshSessionError::Store(error) => error.into(),
        }
    }
}

impl From<DeleteSessionError> for XrpcRefusal {
    fn from(error: DeleteSessionError) -> Self {
        match error {
            DeleteSessionError::Store(error) => error.into(),
        }
    }
}

impl From<DereferenceScopeError> for XrpcRefusal {
    fn from(error: DereferenceScopeError) -> Self {
        match error {
            DereferenceScopeError::Unknown => {
                Self::new(StatusCode::BAD_REQUEST, "InvalidScopeReference", error.to_string())
            }
            DereferenceScopeError::Store(error) => error.into(),
        }
    }
}

impl From<CreateAppPasswordError> for XrpcRefusal {
    fn from(error: CreateAppPasswordError) -> Self {
        let bad = |name| Self::new(StatusCode::BAD_REQUEST, name, error.to_string());
        match error {
            CreateAppPasswordError::Ended | CreateAppPasswordError::TooMany => bad("InvalidRequest"),
            CreateAppPasswordError::NameTaken => bad("DuplicateName"),
            CreateAppPasswordError::Expand(ExpandScopesError::Ours(_)) => {
                Self::busy("a permission set could not be looked up; nothing was changed")
            }
            CreateAppPasswordError::Expand(_) | CreateAppPasswordError::Scope { .. } => bad("InvalidScope"),
            CreateAppPasswordError::Accounts(error) => error.into(),
            CreateAppPasswordError::Store(error) => error.into(),
        }
    }
}

impl From<ListAppPasswordsError> for XrpcRefusal {
    fn from(error: ListAppPasswordsError) -> Self {
        match error {
            ListAppPasswordsError::Store(error) => error.into(),
        }
    }
}

impl From<RevokeAppPasswordError> for XrpcRefusal {
    fn from(error: RevokeAppPasswordError) -> Self {
        match error {
            RevokeAppPasswordError::Store(error) => error.into(),
        }
    }
}

impl From<SendMailCodeError> for XrpcRefusal {
    fn from(error: SendMailCodeError) -> Self {
        match error {
            SendMailCodeError::NoAddress => Self::invalid_request(error.to_string()),
            SendMailCodeError::Notice(error) => Self::internal(&error),
            SendMailCodeError::Store(error) => error.into(),
        }
    }
}

impl From<RequestPasswordResetError> for XrpcRefusal {
    fn from(error: RequestPasswordResetError) -> Self {
        match error {
            RequestPasswordResetError::NotHere => Self::not_here(&error),
            RequestPasswordResetError::Accounts(error) => error.into(),
            RequestPasswordResetError::Send(error) => error.into(),
        }
    }
}

impl From<FindMailCodeError> for XrpcRefusal {
    fn from(error: FindMailCodeError) -> Self {
        let bad = |name| Self::new(StatusCode::BAD_REQUEST, name, error.to_string());
        match error {
            FindMailCodeError::Expired => bad("ExpiredToken"),
            FindMailCodeError::Unknown => bad("InvalidToken"),
            FindMailCodeError::Store(error) => error.into(),
        }
    }
}

impl From<ConfirmEmailError> for XrpcRefusal {
    fn from(error: ConfirmEmailError) -> Self {
        match error {
            ConfirmEmailError::AnotherAddress => {
                Self::new(StatusCode::BAD_REQUEST, "InvalidEmail", error.to_string())
            }
            ConfirmEmailError::Code(error) => error.into(),
            ConfirmEmailError::Store(error) => error.into(),
        }
    }
}

impl From<RequestMailCodeError> for XrpcRefusal {
    fn from(error: RequestMailCodeError) -> Self {
        match error {
            RequestMailCodeError::NoAccount => Self::no_account(),
            RequestMailCodeError::Accounts(error) => error.into(),
            RequestMailCodeError::Send(error) => error.into(),
        }
    }
}

impl From<UpdateEmailError> for XrpcRefusal {
    fn from(error: UpdateEmailError) -> Self {
        let bad = |name| Self::new(StatusCode::BAD_REQUEST, name, error.to_string());
        match error {
            UpdateEmailError::CodeRequired => bad("TokenRequired"),
            UpdateEmailError::NoAccount => Self::no_account(),
            UpdateEmailError::Taken => bad("InvalidRequest"),
            UpdateEmailError::Accounts(error) => error.into(),
            UpdateEmailError::Code(error) => error.into(),
            UpdateEmailError::Store(error) => error.into(),
        }
    }
}

impl From<DeleteAccountError> for XrpcRefusal {
    fn from(error: DeleteAccountError) -> Self {
        match error {
            DeleteAccountError::NotHere => Self::not_here(&error),
            DeleteAccountError::Wrong => Self::wrong_password(),
            DeleteAccountError::Accounts(error) => error.into(),
            DeleteAccountError::Code(error) => error.into(),
            DeleteAccountError::Store(error) => error.into(),
        }
    }
}

impl From<ResetPasswordError> for XrpcRefusal {
    fn from(error: ResetPasswordError) -> Self {
        let bad = |name| Self::new(StatusCode::BAD_REQUEST, name, error.to_string());
        match error {
            ResetPasswordError::Expired => bad("ExpiredToken"),
            ResetPasswordError::NotHere => Self::not_here(&error),
            ResetPasswordError::Unknown => bad("InvalidToken"),
            ResetPasswordError::Accounts(error) => error.into(),
            ResetPasswordError::Password(error) => Self::internal(&error),
            ResetPasswordError::Store(error) => error.into(),
        }
    }
}

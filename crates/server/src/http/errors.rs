//! From what an operation refused to what is answered: the only place (AS-27, AS-31, AS-69). What is ours to mend is
//! logged here, once, and told to nobody.

use std::error::Error;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use gatewright_guard::rate::TooMany;
use gatewright_protocol::dpop::verify::ProofError;
use gatewright_protocol::oauth::assertion::AssertionError;
use gatewright_protocol::oauth::error::{ErrorCode, OAuthError};
use gatewright_protocol::oauth::params::ParamsError;
use gatewright_store::StoreError;
use http::header::{ALLOW, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::app::App;
use super::csrf::WrongSource;
use super::extract::device::Device;
use super::machine::Counts;
use crate::accounts::AccountsError;
use crate::context::ClientsError;
use crate::operations::{
    AccountPagesError, ConsentError, EndSessionError, ExchangeCodeError, ExpandScopesError,
    ListAppPasswordsError, ListFactorsError, ListOwnDevicesError, ListSecurityEventsError, ListSessionsError,
    OpenRequestError, PushRequestError, RecogniseDeviceError, RefreshError, RemoveFactorError,
    RequestMailCodeError, ResetPasswordError, RevokeAppPasswordError, RevokeError, SendFactorCodeError,
    SendMailCodeError, SignOutElsewhereError, StepUpError,
};
use crate::pages::Page as _;
use crate::pages::error::{ErrorPage, Trouble};

/// The answer to a program that is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: OAuthError,
    retry_after: Option<Duration>,
}

impl Refusal {
    fn new(code: ErrorCode, description: &'static str) -> Self {
        OAuthError::new(code, description).into()
    }

    /// Something of ours failed: the log learns what, the client that it may try again.
    fn internal(error: &(dyn Error + 'static)) -> Self {
        log_internal(error);
        Self::new(ErrorCode::ServerError, "the server failed; nothing was changed")
    }

    fn unavailable(description: &'static str) -> Self {
        let retry_after = Some(SOON);
        Self { retry_after, ..Self::new(ErrorCode::TemporarilyUnavailable, description) }
    }

    pub(crate) fn too_large() -> Self {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Self { status, ..Self::new(ErrorCode::InvalidRequest, "the body is larger than is taken here") }
    }

    pub(crate) fn content_type() -> Self {
        Self::new(
            ErrorCode::InvalidRequest,
            "Content-Type has to be application/x-www-form-urlencoded or application/json",
        )
    }

    pub(crate) fn too_many(too_many: TooMany) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: OAuthError::new(
                ErrorCode::TemporarilyUnavailable,
                "too many requests; wait before the next",
            ),
            retry_after: Some(too_many.retry_after),
        }
    }

    pub(crate) fn method_not_allowed() -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self { status, ..Self::new(ErrorCode::InvalidRequest, "this endpoint takes POST only") }
    }

    /// The client cannot be loaded where a new request is pushed: nothing hangs on it yet, so it is the client's to
    /// mend, whatever the reason (CM-9), unless it was not even asked.
    pub(crate) fn client_at_push(error: ClientsError) -> Self {
        match error {
            ClientsError::Unreachable(text) => OAuthError::new(ErrorCode::InvalidClientMetadata, text).into(),
            other => other.into(),
        }
    }

    /// As the PAR endpoint may say it (AS-27).
    pub(crate) fn at_push(self) -> Self {
        Self { error: self.error.at_par(), ..self }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let name = self.error.code.as_str();
        metrics::counter!("gatewright_refused_total", "by" => "oauth", "error" => name).increment(1);
        // A missing nonce is how every conversation starts, and our own faults are nobody's guilt.
        let counts = self.status.is_client_error()
            && self.status != StatusCode::TOO_MANY_REQUESTS
            && self.error.code != ErrorCode::UseDpopNonce;
        let mut response = (self.status, Json(self.error)).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST, OPTIONS"));
        }
        if counts {
            response.extensions_mut().insert(Counts);
        }
        response
    }
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, error, retry_after: None }
    }
}

impl From<ParamsError> for Refusal {
    fn from(error: ParamsError) -> Self {
        match error {
            ParamsError::TooLarge => Self::too_large(),
            other => OAuthError::from(other).into(),
        }
    }
}

impl From<ProofError> for Refusal {
    fn from(error: ProofError) -> Self {
        OAuthError::from(error).into()
    }
}

impl From<AssertionError> for Refusal {
    fn from(error: AssertionError) -> Self {
        OAuthError::from(error).into()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full { .. } => {
                log_full(&error);
                Self::unavailable("the server is busy; nothing was changed")
            }
            error => Self::internal(&error),
        }
    }
}

impl From<AccountsError> for Refusal {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Store(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<ClientsError> for Refusal {
    fn from(error: ClientsError) -> Self {
        match error {
            ClientsError::Id(text) => OAuthError::new(ErrorCode::InvalidClientId, text).into(),
            ClientsError::Invalid { code, text } => OAuthError::new(code, text).into(),
            ClientsError::Ours(_) | ClientsError::Unreachable(_) => {
                Self::unavailable("what the client publishes cannot be fetched at the moment")
            }
        }
    }
}

/// Where a request is pushed: later it is never the client's fault.
impl From<ExpandScopesError> for Refusal {
    fn from(error: ExpandScopesError) -> Self {
        match error {
            ExpandScopesError::Ours(_) => {
                log_internal(&error);
                Self::unavailable("a permission set could not be looked up; nothing was changed")
            }
            ExpandScopesError::TooLarge
            | ExpandScopesError::TooMany
            | ExpandScopesError::Unresolved { .. } => {
                OAuthError::new(ErrorCode::InvalidScope, error.to_string()).into()
            }
        }
    }
}

impl From<PushRequestError> for Refusal {
    fn from(error: PushRequestError) -> Self {
        match error {
            PushRequestError::ChallengeUsed => {
                Self::new(ErrorCode::InvalidRequest, "`code_challenge` was used before; make a new one")
            }
            PushRequestError::Expand(error) => error.into(),
            PushRequestError::Full => Self::unavailable("there are too many open requests at the moment"),
            PushRequestError::Store(error) => error.into(),
        }
    }
}

impl From<ExchangeCodeError> for Refusal {
    fn from(error: ExchangeCodeError) -> Self {
        let description = match error {
            ExchangeCodeError::Account => "the account is not active",
            ExchangeCodeError::Binding => "the code belongs to another client or DPoP key",
            ExchangeCodeError::RedirectUri => "`redirect_uri` is not that of the authorization request",
            ExchangeCodeError::Expired | ExchangeCodeError::Replayed | ExchangeCodeError::Unknown => {
                "the code is not good, or not any more"
            }
            ExchangeCodeError::Verifier => "`code_verifier` does not answer the challenge",
            ExchangeCodeError::Accounts(error) => return error.into(),
            // At the push it resolved, so now it is our trouble (AS-58).
            ExchangeCodeError::Expand(error) => {
                log_internal(&error);
                return Self::unavailable("a permission set does not resolve at the moment");
            }
            ExchangeCodeError::NoAudience => return Self::internal(&error),
            ExchangeCodeError::Store(error) => return error.into(),
        };
        Self::new(ErrorCode::InvalidGrant, description)
    }
}

impl From<RefreshError> for Refusal {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Account { token }
            | RefreshError::Binding { token }
            | RefreshError::Expired { token }
            | RefreshError::Replayed { token } => {
                tracing::info!(token.id = %token, reason = %error, "session ended at refresh");
                Self::new(ErrorCode::InvalidGrant, "the refresh token is not good any more")
            }
            RefreshError::Unknown => {
                Self::new(ErrorCode::InvalidGrant, "the refresh token is not good any more")
            }
            RefreshError::NotAllowed => {
                Self::new(ErrorCode::UnauthorizedClient, "the client metadata does not list refresh_token")
            }
            RefreshError::Scope => {
                Self::new(ErrorCode::InvalidScope, "`scope` is wider than what was granted")
            }
            RefreshError::TooMany(too_many) => Self::too_many(too_many),
            RefreshError::Busy => Self::unavailable("the session is changed by others at the moment"),
            RefreshError::Accounts(error) => error.into(),
            // The session stays, and goes on when the set can be looked up again (AS-58).
            RefreshError::Expand(error) => {
                log_internal(&error);
                Self::unavailable("a permission set does not resolve at the moment")
            }
            RefreshError::Store(error) => error.into(),
        }
    }
}

impl From<RevokeError> for Refusal {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Store(error) => error.into(),
        }
    }
}

impl From<EndSessionError> for Refusal {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::Clients(error) => error.into(),
            EndSessionError::Store(error) => error.into(),
        }
    }
}

/// The answer to a browser that is refused: a page of ours.
#[derive(Debug)]
pub(crate) struct PageRefusal {
    trouble: Trouble,
    detail: Option<String>,
    retry_after: Option<Duration>,
    device: Option<Device>,
    too_large: bool,
}

impl PageRefusal {
    pub(crate) const fn of(trouble: Trouble) -> Self {
        Self { trouble, detail: None, retry_after: None, device: None, too_large: false }
    }

    pub(crate) fn too_large() -> Self {
        Self { too_large: true, ..Self::of(Trouble::BadLink) }
    }

    /// The form is not of this browser's session.
    pub(crate) const fn stale() -> Self {
        Self::of(Trouble::FormStale)
    }

    /// No password can be set here.
    pub(crate) const fn not_here() -> Self {
        Self::of(Trouble::PasswordsElsewhere)
    }

    fn internal(error: &(dyn Error + 'static)) -> Self {
        log_internal(error);
        Self::of(Trouble::Internal)
    }

    /// The browser was recognised before it was refused: its cookies may have changed.
    pub(crate) fn for_device(self, device: Device) -> Self {
        Self { device: Some(device), ..self }
    }

    /// The page.
    pub(crate) fn respond(self, app: &App, headers: &HeaderMap) -> Response {
        let status = match self.trouble {
            _ if self.too_large => StatusCode::PAYLOAD_TOO_LARGE,
            Trouble::BadLink | Trouble::Expired | Trouble::OtherDevice => StatusCode::BAD_REQUEST,
            Trouble::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Trouble::CrossSite | Trouble::FormStale => StatusCode::FORBIDDEN,
            Trouble::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Trouble::NotAPage => StatusCode::METHOD_NOT_ALLOWED,
            Trouble::PasswordsElsewhere => StatusCode::NOT_FOUND,
            Trouble::TooMany => StatusCode::TOO_MANY_REQUESTS,
        };
        let shell = app.shell(headers);
        let page = ErrorPage { shell, trouble: self.trouble, detail: self.detail.as_deref() };
        let mut response = page.respond(status, app.is_secure());
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if self.trouble == Trouble::NotAPage {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        if let Some(device) = &self.device {
            device.set_cookies(app, response.headers_mut());
        }
        response
    }
}

impl From<OAuthError> for PageRefusal {
    fn from(error: OAuthError) -> Self {
        Self { detail: Some(error.description().to_owned()), ..Self::of(Trouble::BadLink) }
    }
}

impl From<WrongSource> for PageRefusal {
    fn from(error: WrongSource) -> Self {
        Self { detail: Some(error.to_string()), ..Self::of(Trouble::CrossSite) }
    }
}

impl From<TooMany> for PageRefusal {
    fn from(error: TooMany) -> Self {
        Self { retry_after: Some(error.retry_after), ..Self::of(Trouble::TooMany) }
    }
}

impl From<RecogniseDeviceError> for PageRefusal {
    fn from(error: RecogniseDeviceError) -> Self {
        match error {
            RecogniseDeviceError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for PageRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full { .. } => {
                log_full(&error);
                Self { retry_after: Some(SOON), ..Self::of(Trouble::Busy) }
            }
            error => Self::internal(&error),
        }
    }
}

impl From<OpenRequestError> for PageRefusal {
    fn from(error: OpenRequestError) -> Self {
        match error {
            OpenRequestError::Accounts(AccountsError::Store(error)) | OpenRequestError::Store(error) => {
                error.into()
            }
            OpenRequestError::Accounts(error) => Self::internal(&error),
            OpenRequestError::OtherClient => {
                Self { detail: Some(error.to_string()), ..Self::of(Trouble::BadLink) }
            }
            OpenRequestError::OtherDevice => Self::of(Trouble::OtherDevice),
            OpenRequestError::Unknown => Self::of(Trouble::Expired),
        }
    }
}

impl From<ConsentError> for PageRefusal {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::NotSignedIn | ConsentError::SetsChanged | ConsentError::Unproven(_) => {
                Self::of(Trouble::FormStale)
            }
            ConsentError::Open(error) => error.into(),
        }
    }
}

impl From<AccountPagesError> for PageRefusal {
    fn from(error: AccountPagesError) -> Self {
        match error {
            AccountPagesError::Accounts(AccountsError::Store(error)) | AccountPagesError::Store(error) => {
                error.into()
            }
            AccountPagesError::Accounts(error) => Self::internal(&error),
            AccountPagesError::DeviceGone | AccountPagesError::Wrong => Self::of(Trouble::FormStale),
        }
    }
}

impl From<AccountsError> for PageRefusal {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Store(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<ListAppPasswordsError> for PageRefusal {
    fn from(error: ListAppPasswordsError) -> Self {
        match error {
            ListAppPasswordsError::Store(error) => error.into(),
        }
    }
}

impl From<RevokeAppPasswordError> for PageRefusal {
    fn from(error: RevokeAppPasswordError) -> Self {
        match error {
            RevokeAppPasswordError::Store(error) => error.into(),
        }
    }
}

impl From<ListSecurityEventsError> for PageRefusal {
    fn from(error: ListSecurityEventsError) -> Self {
        match error {
            ListSecurityEventsError::Store(error) => error.into(),
        }
    }
}

impl From<ListOwnDevicesError> for PageRefusal {
    fn from(error: ListOwnDevicesError) -> Self {
        match error {
            ListOwnDevicesError::Store(error) => error.into(),
        }
    }
}

impl From<SignOutElsewhereError> for PageRefusal {
    fn from(error: SignOutElsewhereError) -> Self {
        match error {
            SignOutElsewhereError::Store(error) => error.into(),
        }
    }
}

impl From<SendMailCodeError> for PageRefusal {
    fn from(error: SendMailCodeError) -> Self {
        match error {
            SendMailCodeError::NoAddress => Self::stale(),
            SendMailCodeError::Notice(error) => Self::internal(&error),
            SendMailCodeError::Store(error) => error.into(),
        }
    }
}

impl From<RequestMailCodeError> for PageRefusal {
    fn from(error: RequestMailCodeError) -> Self {
        match error {
            RequestMailCodeError::NoAccount => Self::stale(),
            RequestMailCodeError::Accounts(error) => error.into(),
            RequestMailCodeError::Send(error) => error.into(),
        }
    }
}

impl From<SendFactorCodeError> for PageRefusal {
    fn from(error: SendFactorCodeError) -> Self {
        match error {
            SendFactorCodeError::NotWanted => Self::stale(),
            SendFactorCodeError::Accounts(error) => error.into(),
            SendFactorCodeError::Send(error) => error.into(),
        }
    }
}

impl From<ListFactorsError> for PageRefusal {
    fn from(error: ListFactorsError) -> Self {
        match error {
            ListFactorsError::Accounts(error) => error.into(),
            ListFactorsError::Store(error) => error.into(),
        }
    }
}

impl From<RemoveFactorError> for PageRefusal {
    fn from(error: RemoveFactorError) -> Self {
        match error {
            RemoveFactorError::Store(error) => error.into(),
        }
    }
}

impl From<StepUpError> for PageRefusal {
    fn from(error: StepUpError) -> Self {
        match error {
            StepUpError::Accounts(error) => error.into(),
            StepUpError::TooMany(error) => error.into(),
            StepUpError::Wrong => Self::of(Trouble::FormStale),
        }
    }
}

impl From<ResetPasswordError> for PageRefusal {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            // The page says these itself.
            ResetPasswordError::Expired | ResetPasswordError::Unknown => Self::of(Trouble::Expired),
            ResetPasswordError::NotHere => Self::not_here(),
            ResetPasswordError::Accounts(error) => error.into(),
            ResetPasswordError::Password(error) => Self::internal(&error),
            ResetPasswordError::Store(error) => error.into(),
        }
    }
}

impl From<ListSessionsError> for PageRefusal {
    fn from(error: ListSessionsError) -> Self {
        match error {
            ListSessionsError::Store(error) => error.into(),
        }
    }
}

impl From<EndSessionError> for PageRefusal {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::Clients(error) => Self::internal(&error),
            EndSessionError::Store(error) => error.into(),
        }
    }
}

/// When to come again where too many came at once.
const SOON: Duration = Duration::from_secs(10);

fn log_full(error: &StoreError) {
    tracing::warn!(%error, "a request was turned away: there is no room for it");
}

pub(super) fn log_internal(error: &(dyn Error + 'static)) {
    let mut chain = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        chain.push_str(": ");
        chain.push_str(&cause.to_string());
        source = cause.source();
    }
    tracing::error!(error = chain, "a request failed for a reason of ours");
}

//! Error codes of OAuth, and what may be said with them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An error code of the OAuth specifications that this profile uses (AS-27, AS-46, AS-69).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The person, or a rule, said no.
    AccessDenied,
    /// `prompt=none`, and an account has to be chosen first.
    AccountSelectionRequired,
    /// `prompt=none`, and the person has to approve first.
    ConsentRequired,
    /// `prompt=none`, and a page has to be shown first.
    InteractionRequired,
    /// `authorization_details` is not supported (RFC 9396 section 5).
    InvalidAuthorizationDetails,
    /// The client did not prove who it is.
    InvalidClient,
    /// The `client_id` is not one.
    InvalidClientId,
    /// The document behind the `client_id` cannot be used.
    InvalidClientMetadata,
    /// The proof of possession is missing or wrong (RFC 9449 section 5).
    InvalidDpopProof,
    /// The code or refresh token is not, or no longer, good for this client.
    InvalidGrant,
    /// A redirect URI of the document cannot be used.
    InvalidRedirectUri,
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// The scope is malformed, undeclared, or wider than was granted.
    InvalidScope,
    /// The access token is not good (RFC 6750 section 3.1).
    InvalidToken,
    /// `prompt=none`, and the person has to sign in first.
    LoginRequired,
    /// A fault of this server.
    ServerError,
    /// This server cannot answer now, but may soon.
    TemporarilyUnavailable,
    /// The client may not use this grant or response type.
    UnauthorizedClient,
    /// There is no such grant type here.
    UnsupportedGrantType,
    /// There is no such response type here.
    UnsupportedResponseType,
    /// The proof carries no nonce, or one that has passed (RFC 9449 section 8).
    UseDpopNonce,
}

impl ErrorCode {
    const ALL: [Self; 21] = [
        Self::AccessDenied,
        Self::AccountSelectionRequired,
        Self::ConsentRequired,
        Self::InteractionRequired,
        Self::InvalidAuthorizationDetails,
        Self::InvalidClient,
        Self::InvalidClientId,
        Self::InvalidClientMetadata,
        Self::InvalidDpopProof,
        Self::InvalidGrant,
        Self::InvalidRedirectUri,
        Self::InvalidRequest,
        Self::InvalidScope,
        Self::InvalidToken,
        Self::LoginRequired,
        Self::ServerError,
        Self::TemporarilyUnavailable,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::UnsupportedResponseType,
        Self::UseDpopNonce,
    ];

    /// The code as it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::InvalidClient => "invalid_client",
            Self::InvalidClientId => "invalid_client_id",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidToken => "invalid_token",
            Self::LoginRequired => "login_required",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }

    /// The HTTP status that goes with it at PAR, token and revoke, if nothing else is known (AS-69).
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidToken => 401,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }

    /// The code to send at the PAR endpoint, where no page can be shown: what asks for one becomes
    /// `invalid_request` (AS-27).
    #[must_use]
    pub const fn at_par(self) -> Self {
        match self {
            Self::AccessDenied
            | Self::AccountSelectionRequired
            | Self::ConsentRequired
            | Self::InteractionRequired
            | Self::LoginRequired => Self::InvalidRequest,
            other => other,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no error code that this profile knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an error code of this profile")]
pub struct UnknownErrorCode;

impl FromStr for ErrorCode {
    type Err = UnknownErrorCode;

    fn from_str(text: &str) -> Result<Self, UnknownErrorCode> {
        Self::ALL.into_iter().find(|code| code.as_str() == text).ok_or(UnknownErrorCode)
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An error to answer an OAuth request with: a code and a sentence for the developer of the client.
///
/// The sentence holds only the characters that `error_description` may hold (SEC-13), so it is safe in JSON, in a URL
/// and in a header, whatever it repeats of a request. It never repeats a secret, nor what was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {description}")]
pub struct OAuthError {
    /// The code.
    #[serde(rename = "error")]
    pub code: ErrorCode,
    #[serde(rename = "error_description")]
    description: Cow<'static, str>,
}

impl OAuthError {
    /// An error with a sentence. Characters that may not be sent are replaced (SEC-13).
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: describable(description.into()) }
    }

    /// The sentence.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The same error as the PAR endpoint may send it (AS-27).
    #[must_use]
    pub fn at_par(self) -> Self {
        Self { code: self.code.at_par(), ..self }
    }
}

/// Makes a text fit for `error_description`: `%x20-21 / %x23-5B / %x5D-7E` (RFC 6749 section 5.2, SEC-13). A double
/// quote becomes a single one, a backslash a slash, anything else a question mark; 300 characters are kept.
pub fn describable(text: Cow<'static, str>) -> Cow<'static, str> {
    const LONGEST: usize = 300;
    let plain = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
    if text.len() <= LONGEST && text.chars().all(plain) {
        return text;
    }
    let replaced = text.chars().take(LONGEST).map(|c| match c {
        '"' => '\'',
        '\\' => '/',
        c if plain(c) => c,
        _ => '?',
    });
    Cow::Owned(replaced.collect())
}

/// The answer of a server that refused, as a client reads it. Codes outside this profile are kept as text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ErrorResponse {
    /// The code as it was sent.
    pub error: String,
    /// The sentence that came with it.
    #[serde(default)]
    pub error_description: Option<String>,
}

impl ErrorResponse {
    /// The code, if this profile knows it.
    pub fn code(&self) -> Option<ErrorCode> {
        self.error.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_the_wire() {
        for code in ErrorCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
            assert!(matches!(code.status(), 400 | 401 | 500 | 503), "{code}");
        }
        assert_eq!("nonsense".parse::<ErrorCode>(), Err(UnknownErrorCode));
    }

    #[test]
    fn pages_are_never_asked_for_at_par() {
        assert_eq!(ErrorCode::ConsentRequired.at_par(), ErrorCode::InvalidRequest);
        assert_eq!(ErrorCode::LoginRequired.at_par(), ErrorCode::InvalidRequest);
        assert_eq!(ErrorCode::InvalidScope.at_par(), ErrorCode::InvalidScope);
    }

    #[test]
    fn sec_13_descriptions_hold_only_what_may_be_sent() {
        let error = OAuthError::new(ErrorCode::InvalidRequest, "a \"b\" \\ c\r\nX: <é>\u{7f}".to_owned());
        assert_eq!(error.description(), "a 'b' / c??X: <?>?");
        let long = OAuthError::new(ErrorCode::InvalidRequest, "x".repeat(10_000));
        assert_eq!(long.description().len(), 300);
        let plain = OAuthError::new(ErrorCode::InvalidRequest, "`state` is missing");
        assert!(matches!(plain.description, Cow::Borrowed(_)));
        assert_eq!(
            serde_json::to_string(&plain).expect("it serialises"),
            r#"{"error":"invalid_request","error_description":"`state` is missing"}"#
        );
    }

    proptest::proptest! {
        #[test]
        fn sec_13_any_text_becomes_describable(text in "\\PC*|.*") {
            let made = describable(Cow::Owned(text));
            proptest::prop_assert!(made.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
        }
    }
}

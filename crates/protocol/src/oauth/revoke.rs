//! Ending a session by one of its tokens (AS-63, RFC 7009).

use secrecy::{ExposeSecret, SecretString};

use super::error::OAuthError;
use super::params::Params;

/// The longest token that is looked at: an access token is a JWT.
pub const MAX_TOKEN: usize = 8 * 1024;

/// What a client asks the revocation endpoint for. The hint of RFC 7009 is not needed: what a token is shows.
#[derive(Debug)]
pub struct RevokeRequest {
    token: SecretString,
}

impl RevokeRequest {
    /// Reads the parameters; the client's own are read elsewhere.
    ///
    /// # Errors
    /// `invalid_request` without a token. One that is too long to be any is unknown, which is no error (AS-64).
    pub fn from_params(params: &Params) -> Result<Self, OAuthError> {
        let token = params.require("token")?;
        let token = if token.len() > MAX_TOKEN { "" } else { token };
        Ok(Self { token: token.into() })
    }

    /// The token: an access token, a refresh token, or neither.
    pub fn expose(&self) -> &str {
        self.token.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::error::ErrorCode;

    #[test]
    fn a_token_is_needed_and_never_printed() {
        let params = |text: &str| Params::from_form(text.as_bytes()).expect("it is a form");
        let request = RevokeRequest::from_params(&params("token=abc&token_type_hint=x")).expect("it has one");
        assert_eq!(request.expose(), "abc");
        assert!(!format!("{request:?}").contains("abc"));
        let error = RevokeRequest::from_params(&params("token=")).expect_err("it has none");
        assert_eq!(error.code, ErrorCode::InvalidRequest);
        let long = RevokeRequest::from_params(&params(&format!("token={}", "x".repeat(MAX_TOKEN + 1))));
        assert_eq!(long.expect("unknown is no error").expose(), "");
    }
}

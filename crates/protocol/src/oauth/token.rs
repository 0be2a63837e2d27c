//! Exchanging codes and refresh tokens for access tokens (AS-50 … AS-54).

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::error::{ErrorCode, OAuthError};
use super::par::AuthorizationRequest;
use super::params::Params;
use super::pkce::CodeVerifier;
use crate::json;
use crate::scope::Scopes;
use crate::secret::{AccessToken, Code, RefreshToken};
use crate::syntax::Did;

/// What a client asks the token endpoint for.
#[derive(Debug)]
pub enum TokenRequest {
    /// An access token for a code.
    AuthorizationCode {
        /// The code.
        code: Code,
        /// Where it was sent.
        redirect_uri: String,
        /// The verifier of its challenge. `None` if there is none, or none that could be one: the code is used up and
        /// refused (SEC-3).
        code_verifier: Option<CodeVerifier>,
    },
    /// An access token for a refresh token.
    RefreshToken {
        /// The refresh token.
        refresh_token: RefreshToken,
        /// A narrower scope, if one is asked for.
        scope: Option<Scopes>,
    },
}

impl TokenRequest {
    /// Reads the parameters of a token request; the client's own are read elsewhere.
    ///
    /// # Errors
    /// `unsupported_grant_type` for a grant that is neither of the two (AS-51), `invalid_request` without
    /// the code and its redirect URI or the refresh token,
    /// `invalid_scope` for a malformed scope.
    pub fn from_params(params: &Params) -> Result<Self, OAuthError> {
        match params.require("grant_type")? {
            "authorization_code" => Ok(Self::AuthorizationCode {
                code: Code::parse(params.require("code")?).map_err(|_| too_long("code"))?,
                redirect_uri: params.require("redirect_uri")?.to_owned(),
                code_verifier: params.get("code_verifier").and_then(|text| text.parse().ok()),
            }),
            "refresh_token" => Ok(Self::RefreshToken {
                refresh_token: RefreshToken::parse(params.require("refresh_token")?)
                    .map_err(|_| too_long("refresh_token"))?,
                scope: params
                    .get("scope")
                    .map(|text| {
                        text.parse()
                            .map_err(|_| OAuthError::new(ErrorCode::InvalidScope, "`scope` is malformed"))
                    })
                    .transpose()?,
            }),
            _ => {
                let description = "`grant_type` has to be authorization_code or refresh_token";
                Err(OAuthError::new(ErrorCode::UnsupportedGrantType, description))
            }
        }
    }

    /// The parameters to send, beside those that say who the client is.
    pub fn to_params(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::AuthorizationCode { code, redirect_uri, code_verifier } => {
                let mut params = vec![
                    ("grant_type", "authorization_code"),
                    ("code", code.expose()),
                    ("redirect_uri", redirect_uri.as_str()),
                ];
                params.extend(code_verifier.as_ref().map(|verifier| ("code_verifier", verifier.expose())));
                params
            }
            Self::RefreshToken { refresh_token, scope } => {
                let mut params =
                    vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
                params.extend(scope.as_ref().map(|scope| ("scope", scope.as_str())));
                params
            }
        }
    }
}

fn too_long(name: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, format!("`{name}` is too long"))
}

/// Whether a code that was just used up may be exchanged: its redirect URI is the very one of its request (CM-18),
/// and its verifier answers the challenge (AS-52, steps 8 and 9).
///
/// # Errors
/// `invalid_grant`.
pub fn check_code_grant(
    request: &AuthorizationRequest,
    redirect_uri: &str,
    code_verifier: Option<&CodeVerifier>,
) -> Result<(), OAuthError> {
    if redirect_uri != request.redirect_uri.as_str() {
        let description = "`redirect_uri` is not that of the authorization request";
        return Err(OAuthError::new(ErrorCode::InvalidGrant, description));
    }
    if !code_verifier.is_some_and(|verifier| verifier.answers(&request.code_challenge)) {
        let description = "`code_verifier` does not answer the code_challenge of the authorization request";
        return Err(OAuthError::new(ErrorCode::InvalidGrant, description));
    }
    Ok(())
}

/// What a client gets for its code or refresh token (AS-53).
#[derive(Debug, Serialize)]
pub struct TokenResponse {
    /// What calls are made with.
    #[serde(serialize_with = "expose_access")]
    pub access_token: AccessToken,
    /// Always `DPoP`.
    pub token_type: TokenType,
    /// In how many seconds the access token ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<i64>,
    /// What the next access token is got with.
    #[serde(serialize_with = "expose_refresh", skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<RefreshToken>,
    /// What the access token may do (AS-54).
    pub scope: Scopes,
    /// Whose account it is for.
    pub sub: Did,
}

/// The type of every access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum TokenType {
    /// Bound to a key.
    #[default]
    #[serde(rename = "DPoP")]
    Dpop,
}

impl TokenResponse {
    /// Reads the answer of a token endpoint, as CL-15 has it. Whether `sub` is who was expected is another question
    /// (CL-16).
    ///
    /// # Errors
    /// The answer lacks a member, is for no account of the protocol, is not bound to a key, or is not for `atproto`.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidTokenResponse> {
        #[derive(Deserialize)]
        struct Members {
            access_token: String,
            token_type: String,
            #[serde(default)]
            expires_in: Option<i64>,
            #[serde(default)]
            refresh_token: Option<String>,
            scope: Scopes,
            sub: Did,
            #[serde(default)]
            id_token: Option<Value>,
        }
        let members: Members = json::from_slice(body).map_err(|_| InvalidTokenResponse::Members)?;
        if !members.token_type.eq_ignore_ascii_case("dpop") {
            return Err(InvalidTokenResponse::TokenType);
        }
        if members.id_token.is_some() {
            return Err(InvalidTokenResponse::IdToken);
        }
        if !members.scope.contains("atproto") {
            return Err(InvalidTokenResponse::Scope);
        }
        if !members.sub.is_atproto() {
            return Err(InvalidTokenResponse::Subject);
        }
        if members.access_token.is_empty() {
            return Err(InvalidTokenResponse::Members);
        }
        Ok(Self {
            access_token: AccessToken::new(members.access_token),
            token_type: TokenType::Dpop,
            expires_in: members.expires_in,
            refresh_token: members
                .refresh_token
                .filter(|text| !text.is_empty())
                .map(RefreshToken::issued_elsewhere),
            scope: members.scope,
            sub: members.sub,
        })
    }
}

fn expose_access<S: Serializer>(token: &AccessToken, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose())
}

#[expect(clippy::ref_option, reason = "this is how serde calls it")]
fn expose_refresh<S: Serializer>(token: &Option<RefreshToken>, serializer: S) -> Result<S::Ok, S::Error> {
    match token {
        Some(token) => serializer.serialize_str(token.expose()),
        None => serializer.serialize_none(),
    }
}

/// The answer of a token endpoint is not one of this profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTokenResponse {
    /// It has an `id_token`, which is not asked for here.
    #[error("the answer has an id_token")]
    IdToken,
    /// Not a JSON object with the members that are needed.
    #[error("the answer needs access_token, token_type, scope and sub")]
    Members,
    /// `scope` is without `atproto`.
    #[error("the scope of the answer does not contain atproto")]
    Scope,
    /// `sub` is no `did:plc` or `did:web`.
    #[error("the sub of the answer is not an account of the protocol")]
    Subject,
    /// The access token is not bound to a key.
    #[error("the token_type of the answer is not DPoP")]
    TokenType,
}

#[cfg(test)]
mod tests;

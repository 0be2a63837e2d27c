//! The authorization endpoint: what a browser brings, and what is sent back through it (AS-30, AS-44 … AS-46).

use url::{Url, form_urlencoded};

use super::client_id::{ClientId, Development};
use super::error::{ErrorCode, OAuthError};
use super::par::{AuthorizationRequest, ResponseMode};
use super::params::Params;
use crate::secret::Code;

/// What every `request_uri` begins with (RFC 9126 section 2.2).
pub const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// What a browser brings to the authorization endpoint: the client and the name of its pushed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizeQuery {
    /// The client.
    pub client_id: ClientId,
    /// What follows the prefix of the `request_uri`.
    pub request: String,
}

impl AuthorizeQuery {
    /// Reads the query of an authorization request. What else is in it is ignored: it was not pushed, so nobody
    /// vouches for it.
    ///
    /// # Errors
    /// To be shown on a page, never redirected (AS-31): a parameter is missing, repeated or malformed.
    pub fn parse(query: &str, development: Development) -> Result<Self, OAuthError> {
        let params = Params::from_form(query.as_bytes())?;
        if params.contains("request") {
            return Err(OAuthError::new(
                ErrorCode::InvalidRequest,
                "the parameter `request` is not taken here",
            ));
        }
        let uri = params.get("request_uri").ok_or_else(|| {
            OAuthError::new(
                ErrorCode::InvalidRequest,
                "authorization requests have to be pushed first: `request_uri` is missing",
            )
        })?;
        let request = uri
            .strip_prefix(REQUEST_URI_PREFIX)
            .filter(|name| !name.is_empty() && name.len() <= 128)
            .ok_or_else(|| {
                OAuthError::new(ErrorCode::InvalidRequest, "`request_uri` is not one of this server")
            })?;
        let client_id = ClientId::parse(params.require("client_id")?, development)
            .map_err(|error| OAuthError::new(ErrorCode::InvalidClientId, error.to_string()))?;
        Ok(Self { client_id, request: request.to_owned() })
    }
}

/// What is sent back to a client through the browser; `iss` and `state` go with either (AS-44).
#[derive(Debug)]
pub enum AuthorizeResponse<'a> {
    /// The code.
    Code(&'a Code),
    /// Why there is none.
    Error(&'a OAuthError),
}

/// How an answer travels through the browser (AS-45).
#[derive(Debug, PartialEq, Eq)]
pub enum Delivery {
    /// By a form that the browser posts.
    Form {
        /// Where to.
        action: String,
        /// Its fields.
        fields: Vec<(&'static str, String)>,
    },
    /// By a 303 to this URL. It may hold a code: it belongs in the `Location` header and nowhere else.
    Redirect(String),
}

impl AuthorizeResponse<'_> {
    /// The parameters of the answer, in the order in which they are sent.
    pub fn parameters(&self, issuer: &str, request: &AuthorizationRequest) -> Vec<(&'static str, String)> {
        let mut parameters = vec![("iss", issuer.to_owned())];
        parameters.extend(request.state.clone().map(|state| ("state", state)));
        match self {
            Self::Code(code) => parameters.push(("code", code.expose().to_owned())),
            Self::Error(error) => {
                parameters.push(("error", error.code.as_str().to_owned()));
                parameters.push(("error_description", error.description().to_owned()));
            }
        }
        parameters
    }

    /// How the answer is delivered to the redirect URI of its request, which was checked when it was pushed.
    pub fn deliver(&self, issuer: &str, request: &AuthorizationRequest) -> Delivery {
        let fields = self.parameters(issuer, request);
        let mut url = request.redirect_uri.url();
        match request.response_mode {
            ResponseMode::FormPost => return Delivery::Form { action: url.into(), fields },
            ResponseMode::Fragment => {
                let fragment = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                url.set_fragment(Some(&fragment));
            }
            ResponseMode::Query => append_query(&mut url, &fields),
        }
        Delivery::Redirect(url.into())
    }
}

/// Adds the parameters to the query that the redirect URI has (RFC 6749 section 3.1.2).
fn append_query(url: &mut Url, fields: &[(&'static str, String)]) {
    url.query_pairs_mut().extend_pairs(fields);
}

#[cfg(test)]
mod tests;

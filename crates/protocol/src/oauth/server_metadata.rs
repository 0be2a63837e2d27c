//! What an authorization server publishes about itself (AS-1 … AS-19, RFC 8414), and what clients make of it
//! (ID-20 … ID-23).

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::dpop::verify::ALGORITHMS;
use crate::jose::Algorithm;
use crate::json;
use crate::syntax::Development;

/// Where the document is.
pub const PATH: &str = "/.well-known/oauth-authorization-server";

/// What an authorization server publishes about itself: the fields that this profile knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerMetadata {
    /// Its origin, and its name in every answer.
    pub issuer: String,
    /// Where browsers go.
    pub authorization_endpoint: String,
    /// Where codes and refresh tokens are exchanged.
    pub token_endpoint: String,
    /// Where requests are pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Where sessions are ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Where its public keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Whether requests have to be pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pushed_authorization_requests: Option<bool>,
    /// What may be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_types_supported: Option<Vec<String>>,
    /// How answers may be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_modes_supported: Option<Vec<String>>,
    /// What may be exchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types_supported: Option<Vec<String>>,
    /// How challenges are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// How clients prove who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// What they may sign assertions with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg_values_supported: Option<Vec<String>>,
    /// The scopes that can be listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes_supported: Option<Vec<String>>,
    /// Whether answers say who sent them (RFC 9207).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_response_iss_parameter_supported: Option<bool>,
    /// What proofs may be signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_signing_alg_values_supported: Option<Vec<String>>,
    /// Whether client ids may be URLs of documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id_metadata_document_supported: Option<bool>,
    /// Whether `request` is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_parameter_supported: Option<bool>,
    /// Whether `request_uri` is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_uri_parameter_supported: Option<bool>,
    /// Whether a `request_uri` has to be one that this server made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_request_uri_registration: Option<bool>,
    /// The values of `prompt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_values_supported: Option<Vec<String>>,
    /// The values of `display`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_values_supported: Option<Vec<String>>,
    /// How subjects are named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_types_supported: Option<Vec<String>>,
    /// The languages of its pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui_locales_supported: Option<Vec<String>>,
    /// The origins of all the resource servers that it guards; absent if it does not know them all (AS-14).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected_resources: Option<Vec<String>>,
}

impl ServerMetadata {
    /// The document of a server of ours.
    pub fn of(issuer: &str, protected_resources: Option<Vec<String>>) -> Self {
        let endpoint = |path: &str| format!("{issuer}{path}");
        let signing: Vec<&str> = ALGORITHMS.iter().map(|alg| alg.as_str()).collect();
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: endpoint("/oauth/authorize"),
            token_endpoint: endpoint("/oauth/token"),
            pushed_authorization_request_endpoint: Some(endpoint("/oauth/par")),
            revocation_endpoint: Some(endpoint("/oauth/revoke")),
            jwks_uri: Some(endpoint("/oauth/jwks")),
            require_pushed_authorization_requests: Some(true),
            response_types_supported: list(&["code"]),
            response_modes_supported: list(&["query", "fragment", "form_post"]),
            grant_types_supported: list(&["authorization_code", "refresh_token"]),
            code_challenge_methods_supported: list(&["S256"]),
            token_endpoint_auth_methods_supported: list(&["none", "private_key_jwt"]),
            token_endpoint_auth_signing_alg_values_supported: list(&signing),
            scopes_supported: list(&[
                "atproto",
                "transition:email",
                "transition:generic",
                "transition:chat.bsky",
            ]),
            authorization_response_iss_parameter_supported: Some(true),
            dpop_signing_alg_values_supported: list(&signing),
            client_id_metadata_document_supported: Some(true),
            request_parameter_supported: Some(false),
            request_uri_parameter_supported: Some(true),
            require_request_uri_registration: Some(true),
            prompt_values_supported: list(&["none", "login", "consent", "select_account", "create"]),
            display_values_supported: list(&["page", "popup", "touch"]),
            subject_types_supported: list(&["public"]),
            ui_locales_supported: list(&["en"]),
            protected_resources,
        }
    }

    /// Reads a document by its form alone, as RFC 8414 has it.
    ///
    /// # Errors
    /// It is no JSON object with the members that are needed, or a member has the wrong form.
    pub fn parse(document: &[u8], development: Development) -> Result<Self, InvalidServerMetadata> {
        let metadata: Self = json::from_slice(document).map_err(|_| InvalidServerMetadata::Form)?;
        if !is_issuer(&metadata.issuer, development) {
            return Err(InvalidServerMetadata::Issuer);
        }
        let endpoints = [Some(&metadata.authorization_endpoint), Some(&metadata.token_endpoint)];
        let optional = [
            metadata.pushed_authorization_request_endpoint.as_ref(),
            metadata.revocation_endpoint.as_ref(),
            metadata.jwks_uri.as_ref(),
        ];
        if !endpoints.into_iter().chain(optional).flatten().all(|url| is_endpoint(url, development)) {
            return Err(InvalidServerMetadata::Endpoint);
        }
        if metadata.require_pushed_authorization_requests == Some(true)
            && metadata.pushed_authorization_request_endpoint.is_none()
        {
            return Err(InvalidServerMetadata::Pushed);
        }
        let lacks =
            |list: &Option<Vec<String>>, value: &str| list.as_ref().is_some_and(|list| !has(list, value));
        if lacks(&metadata.response_types_supported, "code") {
            return Err(InvalidServerMetadata::ResponseTypes);
        }
        let algorithms = metadata.token_endpoint_auth_signing_alg_values_supported.as_ref();
        if algorithms.is_some_and(|list| has(list, "none")) {
            return Err(InvalidServerMetadata::SigningAlgorithms);
        }
        let methods = metadata.code_challenge_methods_supported.as_ref();
        let known = |list: &Vec<String>| !list.is_empty() && list.iter().all(|m| m == "S256" || m == "plain");
        if methods.is_some_and(|list| !known(list)) {
            return Err(InvalidServerMetadata::ChallengeMethods);
        }
        Ok(metadata)
    }

    /// Reads the document that was found under the URL `issuer`, and checks that the server is one of this profile
    /// (ID-20 … ID-23, AS-1 … AS-13).
    ///
    /// # Errors
    /// What the server lacks.
    pub fn parse_profile(
        document: &[u8],
        issuer: &str,
        development: Development,
    ) -> Result<Self, InvalidServerMetadata> {
        let metadata = Self::parse(document, development)?;
        metadata.check_profile(issuer)?;
        Ok(metadata)
    }

    fn check_profile(&self, issuer: &str) -> Result<(), InvalidServerMetadata> {
        let contains =
            |list: &Option<Vec<String>>, value: &str| list.as_ref().is_some_and(|list| has(list, value));
        let es256 = Algorithm::Es256.as_str();
        let rules = [
            (self.issuer == issuer, InvalidServerMetadata::Issuer),
            (self.require_pushed_authorization_requests == Some(true), InvalidServerMetadata::Pushed),
            (self.pushed_authorization_request_endpoint.is_some(), InvalidServerMetadata::Pushed),
            (contains(&self.response_types_supported, "code"), InvalidServerMetadata::ResponseTypes),
            (contains(&self.grant_types_supported, "authorization_code"), InvalidServerMetadata::GrantTypes),
            (contains(&self.grant_types_supported, "refresh_token"), InvalidServerMetadata::GrantTypes),
            (
                contains(&self.code_challenge_methods_supported, "S256"),
                InvalidServerMetadata::ChallengeMethods,
            ),
            (
                contains(&self.token_endpoint_auth_methods_supported, "none"),
                InvalidServerMetadata::ClientAuth,
            ),
            (
                contains(&self.token_endpoint_auth_methods_supported, "private_key_jwt"),
                InvalidServerMetadata::ClientAuth,
            ),
            (
                contains(&self.token_endpoint_auth_signing_alg_values_supported, es256),
                InvalidServerMetadata::SigningAlgorithms,
            ),
            (contains(&self.scopes_supported, "atproto"), InvalidServerMetadata::Scopes),
            (
                self.authorization_response_iss_parameter_supported == Some(true),
                InvalidServerMetadata::IssParameter,
            ),
            (contains(&self.dpop_signing_alg_values_supported, es256), InvalidServerMetadata::Dpop),
            (self.client_id_metadata_document_supported == Some(true), InvalidServerMetadata::ClientIds),
            (self.require_request_uri_registration != Some(false), InvalidServerMetadata::RequestUris),
        ];
        match rules.into_iter().find(|(kept, _)| !kept) {
            Some((_, broken)) => Err(broken),
            None => Ok(()),
        }
    }
}

/// Whether a text is an issuer (ID-21): `https`, a host that is not this machine, perhaps a port, nothing else, in
/// the one spelling of an origin; `http` at a loopback address in development.
pub fn is_issuer(text: &str, development: Development) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let public = match url.host() {
        Some(Host::Domain(name)) => name.rsplit_once('.').is_some_and(|(_, top)| top != "local"),
        Some(Host::Ipv4(address)) => !address.is_loopback(),
        Some(Host::Ipv6(address)) => !address.is_loopback(),
        None => false,
    };
    ((url.scheme() == "https" && public) || is_loopback(&url, development))
        && url.origin().ascii_serialization() == text
}

pub(super) fn is_endpoint(text: &str, development: Development) -> bool {
    Url::parse(text).is_ok_and(|url| url.scheme() == "https" || is_loopback(&url, development))
}

fn is_loopback(url: &Url, development: Development) -> bool {
    development.is_allowed()
        && url.scheme() == "http"
        && match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

#[expect(clippy::unnecessary_wraps, reason = "every list of the document is optional")]
fn list(values: &[&str]) -> Option<Vec<String>> {
    Some(values.iter().map(|&value| value.to_owned()).collect())
}

fn has(list: &[String], value: &str) -> bool {
    list.iter().any(|known| known == value)
}

/// The document of an authorization server cannot be used, or the server is none of this profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidServerMetadata {
    /// No `S256` (AS-6).
    #[error("code_challenge_methods_supported has to contain S256")]
    ChallengeMethods,
    /// Not both ways for clients to authenticate (AS-7).
    #[error("token_endpoint_auth_methods_supported has to contain none and private_key_jwt")]
    ClientAuth,
    /// Client ids are not URLs of documents (AS-12).
    #[error("client_id_metadata_document_supported has to be true")]
    ClientIds,
    /// No ES256 for proofs (AS-11).
    #[error("dpop_signing_alg_values_supported has to contain ES256")]
    Dpop,
    /// An endpoint is missing or no https URL (AS-2).
    #[error("an endpoint is missing or not an https URL")]
    Endpoint,
    /// Not a JSON object of this form.
    #[error("the document is not authorization server metadata")]
    Form,
    /// Not both grants (AS-5).
    #[error("grant_types_supported has to contain authorization_code and refresh_token")]
    GrantTypes,
    /// No `iss` in answers (AS-10).
    #[error("authorization_response_iss_parameter_supported has to be true")]
    IssParameter,
    /// The issuer is no origin, or another than the one that was asked (ID-20, ID-21).
    #[error("issuer has to be the origin at which the document is")]
    Issuer,
    /// Requests are not pushed (AS-3).
    #[error("pushed authorization requests have to be supported and required")]
    Pushed,
    /// Any `request_uri` is taken (AS-13).
    #[error("require_request_uri_registration must not be false")]
    RequestUris,
    /// No `code` (AS-4).
    #[error("response_types_supported has to contain code")]
    ResponseTypes,
    /// No `atproto` (AS-9).
    #[error("scopes_supported has to contain atproto")]
    Scopes,
    /// No ES256 for assertions, or `none` (AS-8).
    #[error("token_endpoint_auth_signing_alg_values_supported has to contain ES256 and not none")]
    SigningAlgorithms,
}

#[cfg(test)]
mod tests;

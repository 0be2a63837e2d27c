//! The document that says what a client is (2.2, CM-9 … CM-12, CM-23).

mod check;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value, json};
use url::Url;

use super::client_id::{ClientId, Loopback};
use super::error::{ErrorCode, OAuthError};
use super::redirect_uri::{PortRule, RedirectUri};
use crate::jose::{Algorithm, JwkSet};
use crate::scope::{Permission, Scopes};
use crate::syntax::Development;

/// What a client is: its document, checked.
#[derive(Clone, Debug)]
pub struct ClientMetadata {
    /// Its name, and where its document is.
    pub client_id: ClientId,
    /// Whether it is a web page or an app.
    pub application_type: ApplicationType,
    /// Where it may be reached; at least one.
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether it may refresh; every client may exchange codes.
    pub refreshes: bool,
    /// Everything that it may ever ask for, as it is written.
    pub scope: Scopes,
    /// How it proves who it is.
    pub authentication: Authentication,
    /// What it calls itself; shown only if it is trusted (CM-10).
    pub client_name: Option<String>,
    /// Its home page; shown only if it is trusted.
    pub client_uri: Option<Url>,
    /// Its picture; shown only if it is trusted.
    pub logo_uri: Option<Url>,
    /// Its terms of service.
    pub tos_uri: Option<Url>,
    /// Its privacy policy.
    pub policy_uri: Option<Url>,
    /// `scope` in normal form, sorted: looked into for every pushed request.
    normalized: Vec<String>,
}

/// Whether a client is a web page or an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationType {
    /// An app on a device.
    Native,
    /// A web page, with or without a server of its own.
    Web,
}

/// How a client proves who it is.
#[derive(Clone, Debug)]
pub enum Authentication {
    /// It does not.
    None,
    /// It signs assertions with one of its keys.
    PrivateKeyJwt {
        /// What they are signed with.
        alg: Algorithm,
        /// Its keys.
        keys: Keys,
    },
}

/// Where the keys of a confidential client are.
#[derive(Clone, Debug)]
pub enum Keys {
    /// In its document.
    Inline(JwkSet),
    /// In a document of their own.
    Remote(Url),
}

/// What the server's settings have to say about documents.
#[derive(Clone, Copy, Debug)]
pub struct MetadataRules {
    /// Whether names under `.test` and documents on this machine are taken (CM-37).
    pub development: Development,
    /// Whether an app may be confidential, its assertions made by a server of its own (CM-12).
    pub native_assertions: bool,
}

impl Default for MetadataRules {
    fn default() -> Self {
        Self { development: Development::Refused, native_assertions: false }
    }
}

/// What came of checking a document.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The client; `None` if anything is wrong with its document.
    pub metadata: Option<ClientMetadata>,
    /// Everything that is wrong.
    pub errors: Vec<Finding>,
    /// What works here, but is unwise or not taken everywhere.
    pub warnings: Vec<Finding>,
}

/// One thing to say about one field of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The field: `scope`, `redirect_uris[1]`.
    pub field: Cow<'static, str>,
    /// What was expected of it.
    pub message: Cow<'static, str>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.message)
    }
}

/// Why a document cannot be used; at least one thing is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the metadata of the client cannot be used: {}", .errors.first().map(ToString::to_string).unwrap_or_default())]
pub struct InvalidClientMetadata {
    /// Everything that is wrong, in the order of the table of fields.
    pub errors: Vec<Finding>,
}

impl InvalidClientMetadata {
    /// The code to answer with: that of the first error (CM-9).
    pub fn code(&self) -> ErrorCode {
        match self.errors.first() {
            Some(finding) if finding.field.starts_with("redirect_uris") => ErrorCode::InvalidRedirectUri,
            _ => ErrorCode::InvalidClientMetadata,
        }
    }
}

impl From<InvalidClientMetadata> for OAuthError {
    fn from(error: InvalidClientMetadata) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl ClientMetadata {
    /// Reads the document that was found at the URL which the client id is.
    ///
    /// # Errors
    /// It is no JSON object, or breaks a rule of table 2.2.
    pub fn parse(
        client_id: &ClientId,
        document: &[u8],
        rules: MetadataRules,
    ) -> Result<Self, InvalidClientMetadata> {
        let Checked { metadata, errors, .. } = Self::check(client_id, document, rules);
        metadata.ok_or(InvalidClientMetadata { errors })
    }

    /// Reads a document and says everything there is to say about it.
    pub fn check(client_id: &ClientId, document: &[u8], rules: MetadataRules) -> Checked {
        if let Ok(fields) = serde_json::from_slice::<Map<String, Value>>(document) {
            return check::check(client_id, &fields, rules);
        }
        let message = Cow::Borrowed("is not a JSON object");
        let errors = vec![Finding { field: Cow::Borrowed("document"), message }];
        Checked { metadata: None, errors, warnings: Vec::new() }
    }

    /// The document of a loopback client, which follows from its id (CM-23); `None` for every other id.
    pub fn loopback(client_id: &ClientId) -> Option<Self> {
        if !client_id.is_loopback() {
            return None;
        }
        let Loopback { scope, redirect_uris } = Loopback::parse(client_id.as_str()).ok()?;
        Some(Self {
            client_id: client_id.clone(),
            application_type: ApplicationType::Native,
            redirect_uris,
            refreshes: true,
            normalized: normalized(&scope),
            scope,
            authentication: Authentication::None,
            client_name: None,
            client_uri: None,
            logo_uri: None,
            tos_uri: None,
            policy_uri: None,
        })
    }

    /// Whether it proves who it is.
    pub const fn is_confidential(&self) -> bool {
        matches!(self.authentication, Authentication::PrivateKeyJwt { .. })
    }

    /// Whether a request may name this redirect URI (CM-17).
    pub fn has_redirect_uri(&self, requested: &RedirectUri) -> bool {
        let ports = if self.client_id.is_loopback() { PortRule::Any } else { PortRule::AnyIfUnwritten };
        self.redirect_uris.iter().any(|registered| registered.matches(requested, ports))
    }

    /// Whether it declares this scope: the same text, or the same normal form (AS-22).
    pub fn declares(&self, scope: &str) -> bool {
        self.scope.contains(scope)
            || scope
                .parse::<Permission>()
                .is_ok_and(|permission| self.normalized.binary_search(&permission.to_string()).is_ok())
    }

    /// The document again, with everything that was understood of it.
    pub fn to_json(&self) -> Value {
        let grants: &[&str] =
            if self.refreshes { &["authorization_code", "refresh_token"] } else { &["authorization_code"] };
        let mut document = json!({
            "client_id": self.client_id,
            "application_type": self.application_type.as_str(),
            "redirect_uris": self.redirect_uris,
            "grant_types": grants,
            "response_types": ["code"],
            "scope": self.scope,
            "dpop_bound_access_tokens": true,
            "token_endpoint_auth_method": "none",
        });
        let mut set = |name: &str, value: Value| {
            if let Some(fields) = document.as_object_mut() {
                fields.insert(name.to_owned(), value);
            }
        };
        if let Authentication::PrivateKeyJwt { alg, keys } = &self.authentication {
            set("token_endpoint_auth_method", json!("private_key_jwt"));
            set("token_endpoint_auth_signing_alg", json!(alg));
            match keys {
                Keys::Inline(keys) => set("jwks", json!(keys)),
                Keys::Remote(url) => set("jwks_uri", json!(url)),
            }
        }
        if let Some(name) = &self.client_name {
            set("client_name", json!(name));
        }
        for (name, url) in [
            ("client_uri", &self.client_uri),
            ("logo_uri", &self.logo_uri),
            ("tos_uri", &self.tos_uri),
            ("policy_uri", &self.policy_uri),
        ] {
            if let Some(url) = url {
                set(name, json!(url));
            }
        }
        document
    }
}

impl ApplicationType {
    /// Its name in a document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Web => "web",
        }
    }
}

fn normalized(scope: &Scopes) -> Vec<String> {
    let mut normalized: Vec<String> =
        scope.iter().filter_map(|token| Some(token.parse::<Permission>().ok()?.to_string())).collect();
    normalized.sort_unstable();
    normalized
}

//! Every rule of the table of fields (2.2) and of redirect URIs (2.3), applied to a document.

use std::borrow::Cow;

use serde_json::{Map, Value};
use url::{Host, Url};

use super::{
    ApplicationType, Authentication, Checked, ClientMetadata, Finding, Keys, MetadataRules, normalized,
};
use crate::dpop::verify::ALGORITHMS;
use crate::jose::JwkSet;
use crate::oauth::client_id::{self, ClientId};
use crate::oauth::redirect_uri::{Kind, RedirectUri};
use crate::scope::{Permission, Scopes};

/// Fields of protocols that are not spoken here: a client that counts on them would be disappointed.
const UNSUPPORTED: [&str; 12] = [
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
    "client_secret",
    "client_secret_expires_at",
    "default_max_age",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "id_token_signed_response_alg",
    "require_auth_time",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "userinfo_signed_response_alg",
];

/// The longest name that is kept.
const MAX_NAME: usize = 256;

pub(super) fn check(client_id: &ClientId, fields: &Map<String, Value>, rules: MetadataRules) -> Checked {
    let mut check = Check { client_id, fields, rules, errors: Vec::new(), warnings: Vec::new() };
    let metadata = check.metadata();
    let Check { errors, warnings, .. } = check;
    Checked { metadata: metadata.filter(|_| errors.is_empty()), errors, warnings }
}

struct Check<'a> {
    client_id: &'a ClientId,
    fields: &'a Map<String, Value>,
    rules: MetadataRules,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
}

/// What a field holds that is to be a list of texts.
enum Texts<'a> {
    Absent,
    Given(Vec<&'a str>),
    Malformed,
}

impl<'a> Check<'a> {
    /// Looks at every field, even after one is wrong, so that all errors are found at once.
    fn metadata(&mut self) -> Option<ClientMetadata> {
        self.client_id();
        let application_type = self.application_type();
        let refreshes = self.grant_types();
        self.response_types();
        let scope = self.scope();
        let redirect_uris = self.redirect_uris(application_type);
        let authentication = self.authentication(application_type);
        if self.fields.get("dpop_bound_access_tokens") != Some(&Value::Bool(true)) {
            self.error("dpop_bound_access_tokens", "has to be true");
        }
        let client_uri = self.client_uri();
        let [logo_uri, tos_uri, policy_uri] =
            ["logo_uri", "tos_uri", "policy_uri"].map(|field| self.link(field));
        let client_name = self.client_name();
        self.unsupported();
        let scope = scope?;
        Some(ClientMetadata {
            client_id: self.client_id.clone(),
            application_type: application_type?,
            redirect_uris,
            refreshes,
            normalized: normalized(&scope),
            scope,
            authentication: authentication?,
            client_name,
            client_uri,
            logo_uri,
            tos_uri,
            policy_uri,
        })
    }

    fn client_id(&mut self) {
        let written = self.fields.get("client_id").and_then(Value::as_str);
        if written != Some(self.client_id.as_str()) {
            self.error("client_id", "has to be the very URL at which the document is, byte by byte");
        }
        if let Err(error) = self.client_id.document_url() {
            self.error("client_id", error.to_string());
        } else if self.client_id.kind() == client_id::Kind::Discoverable
            && self.client_id.as_str().contains('?')
        {
            self.warn("client_id", "has a query, which some servers refuse");
        }
    }

    fn application_type(&mut self) -> Option<ApplicationType> {
        match self.fields.get("application_type") {
            None => Some(ApplicationType::Web),
            Some(Value::String(text)) if text == "web" => Some(ApplicationType::Web),
            Some(Value::String(text)) if text == "native" => Some(ApplicationType::Native),
            Some(_) => {
                self.error("application_type", "has to be web or native");
                None
            }
        }
    }

    /// Whether the client refreshes.
    fn grant_types(&mut self) -> bool {
        let types = match self.texts("grant_types") {
            Texts::Malformed => return false,
            Texts::Absent => {
                self.warn("grant_types", "is missing: taken as authorization_code, without refresh_token");
                return false;
            }
            Texts::Given(types) => types,
        };
        if !types.contains(&"authorization_code") {
            self.error("grant_types", "has to contain authorization_code");
        }
        if types.iter().any(|name| !matches!(*name, "authorization_code" | "refresh_token")) {
            self.error("grant_types", "can only contain authorization_code and refresh_token");
        }
        if has_repeated(&types) {
            self.error("grant_types", "names a grant type twice");
        }
        types.contains(&"refresh_token")
    }

    fn response_types(&mut self) {
        match self.texts("response_types") {
            Texts::Absent => self.warn("response_types", "is missing: taken as code"),
            Texts::Given(types) if !types.contains(&"code") => {
                self.error("response_types", "has to contain code");
            }
            _ => {}
        }
    }

    fn scope(&mut self) -> Option<Scopes> {
        let Some(text) = self.fields.get("scope").and_then(Value::as_str) else {
            self.error("scope", "has to be a text of all scopes that are ever asked for, atproto among them");
            return None;
        };
        let scope: Scopes = match text.parse() {
            Ok(scope) => scope,
            Err(error) => {
                self.error("scope", format!("is malformed: {error}"));
                return None;
            }
        };
        if !scope.contains("atproto") {
            self.error("scope", "has to contain atproto");
        }
        if has_repeated(&scope.iter().collect::<Vec<_>>()) {
            self.error("scope", "names a scope twice");
        }
        for token in scope.iter().filter(|token| token.parse::<Permission>().is_err()) {
            self.warn("scope", format!("contains {token}, which means nothing here and is never granted"));
        }
        Some(scope)
    }

    fn redirect_uris(&mut self, application_type: Option<ApplicationType>) -> Vec<RedirectUri> {
        let values = match self.fields.get("redirect_uris") {
            Some(Value::Array(values)) if !values.is_empty() => values,
            _ => {
                self.error("redirect_uris", "has to be a list of at least one redirect URI");
                return Vec::new();
            }
        };
        let mut uris: Vec<RedirectUri> = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let field = format!("redirect_uris[{index}]");
            let uri = match value.as_str().map(str::parse::<RedirectUri>) {
                Some(Ok(uri)) => uri,
                Some(Err(error)) => {
                    self.error(field, format!("cannot be used: {error}"));
                    continue;
                }
                None => {
                    self.error(field, "has to be a text");
                    continue;
                }
            };
            if let Err(message) = self.redirect_uri(&uri, application_type) {
                self.error(field, message);
            } else if uris.contains(&uri) {
                self.warn(field, "is in the list twice");
            } else {
                if uri.is_loopback() {
                    self.warn(field, "is at a loopback address, which some servers take from http://localhost clients only");
                }
                uris.push(uri);
            }
        }
        uris
    }

    /// CM-13 for web pages, CM-14 and CM-15 for apps.
    fn redirect_uri(&self, uri: &RedirectUri, client: Option<ApplicationType>) -> Result<(), &'static str> {
        match (uri.kind(), client) {
            // Nothing more is known of a client whose type is wrong.
            (_, None) | (Kind::Loopback, Some(ApplicationType::Native)) => Ok(()),
            (Kind::Https, Some(ApplicationType::Web)) => self.web_redirect(uri),
            (_, Some(ApplicationType::Web)) => Err("has to be an https URL, as application_type is web"),
            (Kind::Https, Some(ApplicationType::Native)) => {
                if uri.url().origin() == self.client_id.url().origin() {
                    Ok(())
                } else {
                    Err("has to have the origin of the client_id: an app claims links of its own site only")
                }
            }
            (Kind::PrivateUse, Some(ApplicationType::Native)) => {
                if uri.url().scheme() == reversed(&self.client_id.host()) {
                    Ok(())
                } else {
                    Err(
                        "has to have the host of the client_id in reverse as its scheme, as in com.example.app:/callback",
                    )
                }
            }
        }
    }

    fn web_redirect(&self, uri: &RedirectUri) -> Result<(), &'static str> {
        let url = uri.url();
        let after_scheme = uri.as_str().get("https://".len()..).unwrap_or_default();
        let authority = after_scheme.split(['/', '?', '\\']).next().unwrap_or_default();
        if authority.ends_with(":443") || authority.ends_with(':') {
            return Err("must not name the default port");
        }
        match url.host() {
            Some(Host::Domain(name)) if !self.is_public(name) => Err("has to be at a public domain name"),
            _ => Ok(()),
        }
    }

    fn is_public(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        let top = name.rsplit('.').next().unwrap_or_default();
        name.contains('.')
            && !matches!(top, "example" | "invalid" | "local" | "localhost")
            && (top != "test" || self.rules.development.is_allowed())
    }

    fn authentication(&mut self, client: Option<ApplicationType>) -> Option<Authentication> {
        let has_alg = self.fields.contains_key("token_endpoint_auth_signing_alg");
        match self.fields.get("token_endpoint_auth_method").map(Value::as_str) {
            None => {
                self.warn(
                    "token_endpoint_auth_method",
                    "is missing: taken as none, but refused by other servers",
                );
            }
            Some(Some("none")) => {}
            Some(Some("private_key_jwt")) => return self.private_key_jwt(client),
            Some(_) => {
                self.error(
                    "token_endpoint_auth_method",
                    "has to be none or private_key_jwt: there are no shared secrets",
                );
                return None;
            }
        }
        if has_alg {
            self.error(
                "token_endpoint_auth_signing_alg",
                "has no meaning where token_endpoint_auth_method is none",
            );
        }
        for field in ["jwks", "jwks_uri"] {
            if self.fields.contains_key(field) {
                self.warn(field, "is ignored, as token_endpoint_auth_method is none");
            }
        }
        Some(Authentication::None)
    }

    fn private_key_jwt(&mut self, client: Option<ApplicationType>) -> Option<Authentication> {
        if client == Some(ApplicationType::Native) && !self.rules.native_assertions {
            self.error(
                "token_endpoint_auth_method",
                "has to be none, as application_type is native: an app keeps no secrets",
            );
        }
        let alg = self.fields.get("token_endpoint_auth_signing_alg").and_then(Value::as_str);
        let alg = alg.and_then(|name| name.parse().ok()).filter(|alg| ALGORITHMS.contains(alg));
        if alg.is_none() {
            self.error("token_endpoint_auth_signing_alg", "has to be ES256 or ES256K");
        }
        let keys = match (self.fields.get("jwks"), self.fields.get("jwks_uri")) {
            (Some(keys), None) => self.inline_keys(keys).map(Keys::Inline),
            (None, Some(Value::String(text))) => self.remote_keys(text).map(Keys::Remote),
            (None, Some(_)) => {
                self.error("jwks_uri", "has to be an https URL");
                None
            }
            (Some(_), Some(_)) => {
                self.error("jwks_uri", "cannot stand beside jwks: exactly one of them is needed");
                None
            }
            (None, None) => {
                self.error("jwks", "or jwks_uri is needed, as token_endpoint_auth_method is private_key_jwt");
                None
            }
        };
        Some(Authentication::PrivateKeyJwt { alg: alg?, keys: keys? })
    }

    fn inline_keys(&mut self, value: &Value) -> Option<JwkSet> {
        let published = value.get("keys").and_then(Value::as_array);
        for (index, key) in published.into_iter().flatten().enumerate() {
            if key.get("d").is_some() || key.get("k").is_some() {
                let message = "is a private key, published for everybody to use: replace it now";
                self.warn(format!("jwks.keys[{index}]"), message);
            } else if key.get("kid").is_none() {
                self.warn(format!("jwks.keys[{index}]"), "has no kid and is ignored");
            }
        }
        match JwkSet::parse(value) {
            Ok(keys) if keys.usable().any(|key| key.kid().is_some()) => Some(keys),
            Ok(_) => {
                self.error("jwks", "has to hold a public EC key on P-256 or secp256k1 with a kid");
                None
            }
            // What is wrong with it is not repeated: it may be a piece of the document (ID-24).
            Err(_) => {
                self.error("jwks", "is not a set of keys");
                None
            }
        }
    }

    fn remote_keys(&mut self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok().filter(|url| {
            url.scheme() == "https" || (self.rules.development.is_allowed() && is_loopback(url))
        });
        if url.is_none() {
            self.error("jwks_uri", "has to be an https URL");
        }
        url
    }

    /// The same origin as the client id, and a parent of its path: a page of one tenant of a host is none of
    /// another's.
    fn client_uri(&mut self) -> Option<Url> {
        let url = self.link("client_uri")?;
        let id = self.client_id.url();
        let parent = url.path().trim_end_matches('/');
        let below =
            id.path().strip_prefix(parent).is_some_and(|rest| rest.starts_with('/') || rest.is_empty());
        if url.origin() == id.origin() && below {
            return Some(url);
        }
        self.error("client_uri", "has to have the origin of the client_id and be a parent of its path");
        None
    }

    fn link(&mut self, field: &'static str) -> Option<Url> {
        let value = self.fields.get(field)?;
        match value.as_str().and_then(|text| Url::parse(text).ok()) {
            Some(url) if url.scheme() == "https" => Some(url),
            Some(url) if is_loopback(&url) => {
                self.warn(field, "is on the machine of whoever looks at it");
                Some(url)
            }
            _ => {
                self.error(field, "has to be an https URL");
                None
            }
        }
    }

    fn client_name(&mut self) -> Option<String> {
        match self.fields.get("client_name")? {
            Value::String(name) if name.len() <= MAX_NAME => Some(name.clone()),
            _ => {
                self.error("client_name", format!("has to be a text of at most {MAX_NAME} bytes"));
                None
            }
        }
    }

    fn unsupported(&mut self) {
        for field in UNSUPPORTED {
            if self.fields.contains_key(field) {
                self.error(field, "is not supported");
            }
        }
        if self.fields.get("subject_type").is_some_and(|value| value != "public") {
            self.error("subject_type", "has to be public");
        }
        if self.fields.get("tls_client_certificate_bound_access_tokens") == Some(&Value::Bool(true)) {
            self.error(
                "tls_client_certificate_bound_access_tokens",
                "cannot be true: tokens are bound by DPoP",
            );
        }
        let details = self.fields.get("authorization_details_types");
        if details.is_some_and(|value| value.as_array().is_none_or(|types| !types.is_empty())) {
            self.error("authorization_details_types", "is not supported");
        }
    }

    /// The list of texts in a field; if it is something else, that is said.
    fn texts(&mut self, field: &'static str) -> Texts<'a> {
        let fields: &'a Map<String, Value> = self.fields;
        let Some(value) = fields.get(field) else { return Texts::Absent };
        let texts = value.as_array().and_then(|values| values.iter().map(Value::as_str).collect());
        texts.map_or_else(
            || {
                self.error(field, "has to be a list of texts");
                Texts::Malformed
            },
            Texts::Given,
        )
    }

    fn error(&mut self, field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) {
        self.errors.push(Finding { field: field.into(), message: message.into() });
    }

    fn warn(&mut self, field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) {
        self.warnings.push(Finding { field: field.into(), message: message.into() });
    }
}

fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

fn has_repeated(texts: &[&str]) -> bool {
    let mut sorted = texts.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
}

fn reversed(host: &str) -> String {
    host.split('.').rev().collect::<Vec<_>>().join(".")
}

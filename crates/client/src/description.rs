//! What a client says about itself: one typed description, from which its documents are made and against which every
//! request is checked (2.2, CM-1 … CM-24).

use std::sync::Arc;

use gatewright_protocol::jose::Algorithm;
use gatewright_protocol::oauth::client_id::{ClientId, InvalidClientId};
use gatewright_protocol::oauth::client_metadata::{ApplicationType, ClientMetadata, Finding, MetadataRules};
use gatewright_protocol::oauth::redirect_uri::RedirectUri;
use gatewright_protocol::scope::{InvalidScopes, Scopes};
use gatewright_protocol::syntax::Development;
use serde_json::{Value, json};

use crate::client_key::ClientKeys;

/// What a client is. Make one with [`web`](Self::web), [`native`](Self::native) or [`loopback`](Self::loopback), say
/// the rest, and give it to [`Client::new`](crate::Client::new), which checks all of it.
///
/// ```
/// use gatewright_client::ClientDescription;
/// let description = ClientDescription::web("https://app.client.net/oauth-client-metadata.json")
///     .redirect_uri("https://app.client.net/callback")
///     .scope("atproto repo:com.example.note blob:image/*")
///     .name("Notes");
/// assert_eq!(description.metadata()?.to_json()["application_type"], "web");
/// # Ok::<(), gatewright_client::InvalidDescription>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientDescription {
    /// The URL of the document; nothing for a client under development, whose id says it all.
    document: Option<String>,
    application_type: ApplicationType,
    redirect_uris: Vec<String>,
    scopes: Vec<String>,
    sets: Vec<(String, String)>,
    fields: Vec<(&'static str, String)>,
    keys: ClientKeys,
    jwks_uri: Option<String>,
    development: Development,
}

/// A description that no server would take.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDescription {
    /// The client id.
    #[error(transparent)]
    ClientId(#[from] InvalidClientId),
    /// A client under development has keys, which nobody could look up.
    #[error("a client under development cannot prove itself: leave its keys out")]
    LoopbackKeys,
    /// Two keys have one name.
    #[error("two keys of the client have the same name")]
    KeyNames,
    /// A rule of the metadata document, all of them listed.
    #[error("the client cannot be described so: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Metadata(Vec<Finding>),
    /// A scope.
    #[error("the scope of the client cannot be used: {0}")]
    Scope(#[from] InvalidScopes),
}

impl ClientDescription {
    fn new(document: Option<String>, application_type: ApplicationType) -> Self {
        Self {
            document,
            application_type,
            redirect_uris: Vec::new(),
            scopes: Vec::new(),
            sets: Vec::new(),
            fields: Vec::new(),
            keys: ClientKeys::default(),
            jwks_uri: None,
            development: Development::Refused,
        }
    }

    /// A web application, whose document is at this URL. The URL is its name for ever: another one orphans every
    /// session and consent (CL-10).
    pub fn web(client_id: impl Into<String>) -> Self {
        Self::new(Some(client_id.into()), ApplicationType::Web)
    }

    /// A program on a device, whose document is at this URL.
    pub fn native(client_id: impl Into<String>) -> Self {
        Self::new(Some(client_id.into()), ApplicationType::Native)
    }

    /// A program under development, or one that nobody has to recognise: it needs no document (CM-19 … CM-24).
    pub fn loopback() -> Self {
        Self::new(None, ApplicationType::Native)
    }

    /// One more place that browsers are sent back to; the first is used unless a sign-in names another.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Scopes that it may ever ask for, separated by spaces. `atproto` is added where it is missing.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// A permission set that it may ask for, as an `include:` scope, and the scopes that it stands for. They are asked
    /// for in its place where a server knows no sets, and tell whether all of the set was granted (P7, D2).
    #[must_use]
    pub fn permission_set(mut self, include: impl Into<String>, stands_for: impl Into<String>) -> Self {
        self.sets.push((include.into(), stands_for.into()));
        self
    }

    /// What people call it.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        self.field("client_name", name)
    }

    /// Its home page, on the host of its client id.
    #[must_use]
    pub fn home(self, url: impl Into<String>) -> Self {
        self.field("client_uri", url)
    }

    /// Its picture.
    #[must_use]
    pub fn logo(self, url: impl Into<String>) -> Self {
        self.field("logo_uri", url)
    }

    /// Its terms of service.
    #[must_use]
    pub fn terms(self, url: impl Into<String>) -> Self {
        self.field("tos_uri", url)
    }

    /// Its privacy policy.
    #[must_use]
    pub fn policy(self, url: impl Into<String>) -> Self {
        self.field("policy_uri", url)
    }

    fn field(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Makes it a confidential client, which servers trust with longer sessions. The keys are published in its document
    /// unless [`jwks_uri`](Self::jwks_uri) says where.
    #[must_use]
    pub fn keys(mut self, keys: ClientKeys) -> Self {
        self.keys = keys;
        self
    }

    /// Publishes its keys in a document of their own at this URL.
    #[must_use]
    pub fn jwks_uri(mut self, url: impl Into<String>) -> Self {
        self.jwks_uri = Some(url.into());
        self
    }

    /// Lets the document lie on this machine, as a development network takes it (CM-37).
    #[must_use]
    pub fn development(mut self) -> Self {
        self.development = Development::Allowed;
        self
    }

    /// Everything that it may ever ask for.
    ///
    /// # Errors
    /// A scope is malformed.
    pub fn declared_scope(&self) -> Result<Scopes, InvalidScopes> {
        let sets = self.sets.iter().flat_map(|(include, scopes)| [include, scopes]);
        let mut all: Scopes = "atproto".parse()?;
        for text in self.scopes.iter().chain(sets) {
            all = all.union(&text.trim().parse()?);
        }
        Ok(all)
    }

    /// Its client id.
    ///
    /// # Errors
    /// It is none, or a scope in it is malformed.
    pub fn client_id(&self) -> Result<ClientId, InvalidDescription> {
        if let Some(document) = &self.document {
            return Ok(ClientId::parse(document, self.development)?);
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for uri in &self.redirect_uris {
            query.append_pair("redirect_uri", uri);
        }
        query.append_pair("scope", self.declared_scope()?.as_str());
        Ok(ClientId::parse(
            &format!("http://localhost?{}", query.finish().replace('+', "%20")),
            self.development,
        )?)
    }

    /// Its document, checked by the rules that servers check it by.
    ///
    /// # Errors
    /// Whatever a server would refuse.
    pub fn metadata(&self) -> Result<ClientMetadata, InvalidDescription> {
        let client_id = self.client_id()?;
        if let Some(metadata) = ClientMetadata::loopback(&client_id) {
            return if self.keys.is_empty() { Ok(metadata) } else { Err(InvalidDescription::LoopbackKeys) };
        }
        if !self.keys.have_own_names() {
            return Err(InvalidDescription::KeyNames);
        }
        let rules = MetadataRules { development: self.development, native_assertions: true };
        let document = self.document_of(&client_id)?.to_string();
        let checked = ClientMetadata::check(&client_id, document.as_bytes(), rules);
        checked.metadata.ok_or(InvalidDescription::Metadata(checked.errors))
    }

    fn document_of(&self, client_id: &ClientId) -> Result<Value, InvalidDescription> {
        let mut document = json!({
            "client_id": client_id,
            "application_type": self.application_type.as_str(),
            "redirect_uris": self.redirect_uris,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": self.declared_scope()?,
            "dpop_bound_access_tokens": true,
            "token_endpoint_auth_method": "none",
        });
        let Some(fields) = document.as_object_mut() else { return Ok(document) };
        for (name, value) in &self.fields {
            fields.insert((*name).to_owned(), json!(value));
        }
        if !self.keys.is_empty() {
            fields.insert("token_endpoint_auth_method".to_owned(), json!("private_key_jwt"));
            fields.insert("token_endpoint_auth_signing_alg".to_owned(), json!(Algorithm::Es256));
            match &self.jwks_uri {
                Some(url) => fields.insert("jwks_uri".to_owned(), json!(url)),
                None => fields.insert("jwks".to_owned(), json!(self.keys.public())),
            };
        }
        Ok(document)
    }

    pub(crate) fn checked(self) -> Result<Described, InvalidDescription> {
        let metadata = self.metadata()?;
        let sets = self.sets.iter().map(|(include, stands_for)| {
            Ok((include.trim().to_owned(), stands_for.trim().parse::<Scopes>()?))
        });
        let sets = sets.collect::<Result<_, InvalidScopes>>()?;
        Ok(Described { metadata, sets, keys: self.keys, has_key_document: self.jwks_uri.is_some() })
    }
}

/// A description that was checked.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) metadata: ClientMetadata,
    /// Includes, and the scopes that each stands for.
    pub(crate) sets: Vec<(String, Scopes)>,
    pub(crate) keys: ClientKeys,
    pub(crate) has_key_document: bool,
}

impl Described {
    pub(crate) fn client_id(&self) -> &str {
        self.metadata.client_id.as_str()
    }

    /// The document at the client id; none for a client under development.
    pub(crate) fn document(&self) -> Option<Value> {
        (!self.metadata.client_id.is_loopback()).then(|| self.metadata.to_json())
    }

    /// The first scope that the document does not declare.
    pub(crate) fn undeclared<'s>(&self, scope: &'s Scopes) -> Option<&'s str> {
        scope.iter().find(|token| !self.metadata.declares(token))
    }

    /// The redirect URI that a sign-in names, or the first.
    pub(crate) fn redirect_uri(&self, named: Option<&str>) -> Option<RedirectUri> {
        match named {
            None => self.metadata.redirect_uris.first().cloned(),
            Some(text) => text.parse().ok().filter(|uri| self.metadata.has_redirect_uri(uri)),
        }
    }

    /// What an include stands for, if the description says.
    pub(crate) fn stands_for(&self, include: &str) -> Option<&Scopes> {
        let same = |known: &str| {
            let one = |text: &str| text.parse().map(|scopes: Scopes| scopes.normalized());
            known == include || matches!((one(known), one(include)), (Ok(a), Ok(b)) if a == b)
        };
        self.sets.iter().find(|(known, _)| same(known)).map(|(_, scopes)| scopes)
    }

    /// The scopes with each include in them replaced by what it stands for. `None` if there is none to replace.
    pub(crate) fn without_sets(&self, scope: &Scopes) -> Option<Scopes> {
        let mut replaced = Scopes::empty();
        let mut any = false;
        for token in scope.iter() {
            let one = match self.stands_for(token) {
                Some(scopes) => {
                    any = true;
                    scopes.clone()
                }
                None => Scopes::from_tokens([token]).ok()?,
            };
            replaced = replaced.union(&one);
        }
        any.then_some(replaced)
    }
}

/// Shared by all sessions of a client.
pub(crate) type SharedDescription = Arc<Described>;

#[cfg(test)]
mod tests {
    use gatewright_resolve::system::SystemRandom;

    use super::*;
    use crate::client_key::ClientKey;

    const ID: &str = "https://app.client.net/oauth-client-metadata.json";

    fn web() -> ClientDescription {
        ClientDescription::web(ID)
            .redirect_uri("https://app.client.net/callback")
            .scope("atproto repo:com.example.note")
    }

    #[test]
    fn a_public_client_has_a_document_that_servers_take() {
        let document = web().name("Notes").home("https://app.client.net").metadata().unwrap().to_json();
        assert_eq!(document["client_id"], ID);
        assert_eq!(document["token_endpoint_auth_method"], "none");
        assert_eq!(document["dpop_bound_access_tokens"], true);
        assert_eq!(document["scope"], "atproto repo:com.example.note");
        assert!(document.get("jwks").is_none());
    }

    #[test]
    fn a_confidential_client_publishes_all_its_keys() {
        let keys = ClientKeys::new([ClientKey::generate(&SystemRandom), ClientKey::generate(&SystemRandom)]);
        let inline = web().keys(keys.clone()).metadata().unwrap().to_json();
        assert_eq!(inline["token_endpoint_auth_signing_alg"], "ES256");
        assert_eq!(inline["jwks"]["keys"].as_array().unwrap().len(), 2);
        let remote =
            web().keys(keys).jwks_uri("https://app.client.net/jwks.json").metadata().unwrap().to_json();
        assert_eq!(remote["jwks_uri"], "https://app.client.net/jwks.json");
        assert!(remote.get("jwks").is_none());
    }

    #[test]
    fn a_client_under_development_is_its_id() {
        let description =
            ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").scope("repo:a.b.c");
        let id = description.client_id().unwrap();
        assert_eq!(
            id.as_str(),
            "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&scope=atproto%20repo%3Aa.b.c"
        );
        let described = description.checked().unwrap();
        assert!(described.document().is_none());
        assert!(described.redirect_uri(Some("http://127.0.0.1:8081/callback")).is_some());
        assert!(described.redirect_uri(Some("http://127.0.0.1:8081/elsewhere")).is_none());
        let keys = ClientKeys::new([ClientKey::generate(&SystemRandom)]);
        let keyed = ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").keys(keys);
        assert!(matches!(keyed.metadata(), Err(InvalidDescription::LoopbackKeys)));
    }

    #[test]
    fn what_servers_refuse_is_refused_here() {
        let other_host = web().home("https://elsewhere.net");
        assert!(matches!(other_host.metadata(), Err(InvalidDescription::Metadata(_))));
        let no_redirect = ClientDescription::web(ID);
        assert!(matches!(no_redirect.metadata(), Err(InvalidDescription::Metadata(_))));
        let plain =
            ClientDescription::web("http://app.client.net/a").redirect_uri("https://app.client.net/cb");
        assert!(matches!(plain.metadata(), Err(InvalidDescription::ClientId(_))));
        assert!(matches!(web().scope("two  spaces").metadata(), Err(InvalidDescription::Scope(_))));
        let key = ClientKey::generate(&SystemRandom);
        let twice = web().keys(ClientKeys::new([key.clone(), key]));
        assert!(matches!(twice.metadata(), Err(InvalidDescription::KeyNames)));
    }

    #[test]
    fn everything_that_is_asked_for_is_declared_sets_and_what_they_stand_for_too() {
        let described = web()
            .permission_set("include:com.example.authBasic", "repo:com.example.list repo:com.example.like")
            .checked()
            .unwrap();
        let scopes = |text: &str| text.parse::<Scopes>().unwrap();
        assert_eq!(described.undeclared(&scopes("atproto repo?collection=com.example.note")), None);
        assert_eq!(
            described.undeclared(&scopes("atproto include:com.example.authBasic repo:com.example.like")),
            None
        );
        assert_eq!(
            described.undeclared(&scopes("atproto repo:com.example.other")),
            Some("repo:com.example.other")
        );
        let replaced =
            described.without_sets(&scopes("atproto include:com.example.authBasic blob:*/*")).unwrap();
        assert_eq!(replaced.as_str(), "atproto repo:com.example.list repo:com.example.like blob:*/*");
        assert!(described.without_sets(&scopes("atproto blob:*/*")).is_none());
    }
}

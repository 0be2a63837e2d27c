//! What a resource server publishes about itself (RS-10, RFC 9728), and what clients make of it (ID-17 … ID-22).

use serde::{Deserialize, Serialize};
use url::Url;

use super::server_metadata::{ServerMetadata, is_endpoint, is_issuer};
use crate::json;
use crate::syntax::Development;

/// Where the document is.
pub const PATH: &str = "/.well-known/oauth-protected-resource";

/// What a resource server publishes about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceMetadata {
    /// Its origin.
    pub resource: String,
    /// The one server that guards it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_servers: Option<Vec<String>>,
    /// Scopes beyond those that its methods ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes_supported: Option<Vec<String>>,
    /// How tokens are presented: in a header only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_methods_supported: Option<Vec<BearerMethod>>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<Url>,
}

/// How a token may be presented, by RFC 6750.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BearerMethod {
    /// In a form.
    Body,
    /// In the `Authorization` header.
    Header,
    /// In the URL.
    Query,
}

impl ResourceMetadata {
    /// The document of a resource server of ours.
    pub fn of(resource: &str, authorization_server: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            authorization_servers: Some(vec![authorization_server.to_owned()]),
            scopes_supported: Some(Vec::new()),
            bearer_methods_supported: Some(vec![BearerMethod::Header]),
            resource_documentation: None,
        }
    }

    /// Reads a document by its form alone, as RFC 9728 has it.
    ///
    /// # Errors
    /// It is no JSON object with the members that are needed, or a member has the wrong form.
    pub fn parse(document: &[u8], development: Development) -> Result<Self, InvalidResourceMetadata> {
        let metadata: Self = json::from_slice(document).map_err(|_| InvalidResourceMetadata::Form)?;
        if metadata.resource.contains('#') || !is_endpoint(&metadata.resource, development) {
            return Err(InvalidResourceMetadata::Form);
        }
        let servers = metadata.authorization_servers.as_deref().unwrap_or_default();
        if servers.iter().all(|issuer| is_issuer(issuer, development)) {
            Ok(metadata)
        } else {
            Err(InvalidResourceMetadata::AuthorizationServer)
        }
    }

    /// The authorization server of a resource server, from the document that was found at its origin (ID-18).
    ///
    /// # Errors
    /// The document is for another resource, or names none or several servers.
    pub fn authorization_server(&self, origin: &str) -> Result<&str, InvalidResourceMetadata> {
        if self.resource != origin {
            return Err(InvalidResourceMetadata::Resource);
        }
        match self.authorization_servers.as_deref() {
            Some([only]) => Ok(only),
            _ => Err(InvalidResourceMetadata::AuthorizationServer),
        }
    }

    /// Whether the authorization server knows this resource server, if it lists any (ID-22).
    ///
    /// # Errors
    /// It lists others.
    pub fn check_listed(&self, server: &ServerMetadata) -> Result<(), InvalidResourceMetadata> {
        match &server.protected_resources {
            Some(listed) if !listed.contains(&self.resource) => Err(InvalidResourceMetadata::NotListed),
            _ => Ok(()),
        }
    }
}

/// The document of a resource server cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidResourceMetadata {
    /// There is not exactly one authorization server, or it is no origin.
    #[error("authorization_servers has to name exactly one origin")]
    AuthorizationServer,
    /// Not a JSON object of this form.
    #[error("the document is not protected resource metadata")]
    Form,
    /// The authorization server lists its resource servers, and this is none of them.
    #[error("the authorization server does not list this resource server")]
    NotListed,
    /// It is the document of another resource server.
    #[error("resource has to be the origin at which the document is")]
    Resource,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDS: &str = "https://pds.example.com";
    const SERVER: &str = "https://entryway.example.com";

    fn read(document: &str) -> Result<String, InvalidResourceMetadata> {
        let metadata = ResourceMetadata::parse(document.as_bytes(), Development::Refused)?;
        metadata.authorization_server(PDS).map(str::to_owned)
    }

    #[test]
    fn our_own_document_names_its_server() {
        let document = serde_json::to_string(&ResourceMetadata::of(PDS, SERVER)).expect("it is JSON");
        assert_eq!(
            document,
            r#"{"resource":"https://pds.example.com","authorization_servers":["https://entryway.example.com"],"scopes_supported":[],"bearer_methods_supported":["header"]}"#
        );
        assert_eq!(read(&document).as_deref(), Ok(SERVER));
    }

    #[test]
    fn sec_52_documents_name_this_resource_and_one_server() {
        use InvalidResourceMetadata as Error;
        for (document, error) in [
            (
                r#"{"resource":"https://other.example.com","authorization_servers":["https://a.example.com"]}"#,
                Error::Resource,
            ),
            (
                r#"{"resource":"https://pds.example.com/","authorization_servers":["https://a.example.com"]}"#,
                Error::Resource,
            ),
            (r#"{"resource":"https://pds.example.com"}"#, Error::AuthorizationServer),
            (
                r#"{"resource":"https://pds.example.com","authorization_servers":[]}"#,
                Error::AuthorizationServer,
            ),
            (
                r#"{"resource":"https://pds.example.com","authorization_servers":["https://a.example.com","https://b.example.com"]}"#,
                Error::AuthorizationServer,
            ),
            (
                r#"{"resource":"https://pds.example.com","authorization_servers":["https://a.example.com/"]}"#,
                Error::AuthorizationServer,
            ),
            (r#"{"resource":"http://pds.example.com"}"#, Error::Form),
            (r#"{"resource":"https://pds.example.com#x"}"#, Error::Form),
            ("{}", Error::Form),
            ("[]", Error::Form),
        ] {
            assert_eq!(read(document), Err(error), "{document}");
        }
    }

    #[test]
    fn a_server_that_lists_resources_lists_this_one() {
        let metadata = ResourceMetadata::of(PDS, SERVER);
        let listing =
            |listed: Option<&str>| ServerMetadata::of(SERVER, listed.map(|one| vec![one.to_owned()]));
        assert_eq!(metadata.check_listed(&listing(None)), Ok(()));
        assert_eq!(metadata.check_listed(&listing(Some(PDS))), Ok(()));
        let other = listing(Some("https://other.example.com"));
        assert_eq!(metadata.check_listed(&other), Err(InvalidResourceMetadata::NotListed));
    }
}

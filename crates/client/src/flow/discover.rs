//! From what was typed to the authorization server (ID-1 … ID-23, CL-1).

use std::sync::Arc;

use gatewright_protocol::oauth::server_metadata::ServerMetadata;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::{Identity, Resolver};
use url::Url;

use super::SignInError;

/// Where a sign-in goes.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) server: Arc<ServerMetadata>,
    /// Who is expected to come back; nobody in particular if a server was named.
    pub(super) expected: Option<Did>,
    /// The identifier as it was typed, for the server's page (CL-8).
    pub(super) hint: Option<String>,
}

pub(super) async fn discover(resolver: &Resolver, typed: &str) -> Result<Target, SignInError> {
    let typed = typed.trim();
    if let Some(origin) = server_origin(typed)? {
        let server = resolver.authorization_server_at(&origin).await.map_err(SignInError::Server)?;
        return Ok(Target { server, expected: None, hint: None });
    }
    let (identity, hint) = if typed.starts_with("did:") {
        let did: Did = typed.parse().map_err(|_| SignInError::Identifier)?;
        (resolver.identity(&did).await, did.to_string())
    } else {
        let handle = Handle::from_input(typed).map_err(|_| SignInError::Identifier)?;
        (resolver.identity_by_handle(&handle).await, handle.to_string())
    };
    let Identity { did, pds, .. } = identity.map_err(SignInError::Account)?;
    let host = pds.ok_or(SignInError::Answer("the account's DID document names no host"))?;
    let server = resolver.authorization_server_of(&host).await.map_err(SignInError::Server)?;
    Ok(Target { server, expected: Some(did), hint: Some(hint) })
}

/// The origin of a URL; `None` for what is none. Whether `http` is taken, the resolver says: on a developer's machine.
fn server_origin(typed: &str) -> Result<Option<String>, SignInError> {
    if !(typed.starts_with("https://") || typed.starts_with("http://")) {
        return Ok(None);
    }
    let url = Url::parse(typed).map_err(|_| SignInError::Identifier)?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if bare && url.username().is_empty() && url.password().is_none() && url.has_host() {
        Ok(Some(url.origin().ascii_serialization()))
    } else {
        Err(SignInError::Identifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_told_from_names() {
        let origin = |text| server_origin(text).unwrap();
        assert_eq!(origin("https://PDS.client.net/").as_deref(), Some("https://pds.client.net"));
        assert_eq!(origin("https://pds.client.net:443").as_deref(), Some("https://pds.client.net"));
        assert_eq!(origin("http://localhost:2583").as_deref(), Some("http://localhost:2583"));
        assert_eq!(origin("alice.client.net"), None);
        assert_eq!(origin("did:web:client.net"), None);
        for text in
            ["https://", "https://a@b.net", "https://b.net/path", "https://b.net/?q", "https://b.net/#f"]
        {
            assert!(server_origin(text).is_err(), "{text}");
        }
    }
}

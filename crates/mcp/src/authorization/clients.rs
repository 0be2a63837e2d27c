//! Who asks: an MCP client, by its document or its registration.

use gatewright_protocol::jose::{base64url_decode, base64url_encode};
use gatewright_resolve::Resolver;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// How the id of a registered client begins.
const REGISTERED: &str = "registered-";
/// The longest id.
const LONGEST_ID: usize = 4096;
/// The most redirect URIs of one client.
const MOST_URIS: usize = 16;
/// The longest of them.
const LONGEST_URI: usize = 1024;
/// The longest name that is kept.
const LONGEST_NAME: usize = 64;

/// An MCP client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct McpClient {
    /// Its id.
    pub(super) id: String,
    /// What it calls itself: nobody vouches for that.
    pub(super) name: String,
    redirect_uris: Vec<String>,
}

/// Why a client is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ClientError {
    /// Its document could not be had.
    #[error("the document of the client could not be fetched: {0}")]
    Fetch(String),
    /// The id is neither a registration nor the URL of a document.
    #[error("the client is not known here: register it, or use the URL of its metadata document as its id")]
    Id,
    /// What it says of itself does not do.
    #[error("{0}")]
    Metadata(&'static str),
    /// A redirect URI that nobody should be sent to.
    #[error("`{0}` is no redirect URI: use https, or http on this machine, or a scheme of your own")]
    RedirectUri(String),
}

/// What a client says of itself, in its document or its registration (RFC 7591). More than this is ignored.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    client_name: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_method: Option<String>,
}

/// What is in the id of a registered client.
#[derive(Serialize, Deserialize)]
struct Registered {
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "r")]
    redirect_uris: Vec<String>,
}

impl McpClient {
    /// The client of a registration.
    ///
    /// # Errors
    /// It would be one that needs a secret, or has no redirect URI that will do.
    pub(super) fn register(said: Said) -> Result<Self, ClientError> {
        let (name, redirect_uris) = checked(said)?;
        let registered = Registered { name: name.clone(), redirect_uris: redirect_uris.clone() };
        let json = serde_json::to_vec(&registered).map_err(|_| ClientError::Id)?;
        let id = format!("{REGISTERED}{}", base64url_encode(&json));
        if id.len() > LONGEST_ID {
            return Err(ClientError::Metadata("the registration is too long"));
        }
        Ok(Self { id, name, redirect_uris })
    }

    /// The client of this id.
    ///
    /// # Errors
    /// There is none, or its document could not be had or does not do.
    pub(super) async fn find(id: &str, resolver: &Resolver) -> Result<Self, ClientError> {
        if id.len() > LONGEST_ID {
            return Err(ClientError::Id);
        }
        if let Some(registration) = id.strip_prefix(REGISTERED) {
            let json = base64url_decode(registration).ok_or(ClientError::Id)?;
            let registered: Registered = serde_json::from_slice(&json).map_err(|_| ClientError::Id)?;
            // Nobody signed it: it is held against the same rules each time.
            let said = Said {
                client_id: None,
                client_name: Some(registered.name),
                redirect_uris: registered.redirect_uris,
                token_endpoint_auth_method: None,
            };
            let client = Self::register(said)?;
            return if client.id == id { Ok(client) } else { Err(ClientError::Id) };
        }
        let url = Url::parse(id).ok().filter(|url| url.path() != "/" && url.fragment().is_none());
        let url = url.filter(|url| matches!(url.scheme(), "https" | "http")).ok_or(ClientError::Id)?;
        let fetched = resolver.fetch_client_document(&url).await;
        let bytes = fetched.map_err(|error| ClientError::Fetch(error.to_string()))?;
        let said: Said = serde_json::from_slice(&bytes)
            .map_err(|_| ClientError::Metadata("the document is not a client's"))?;
        if said.client_id.as_deref() != Some(id) {
            return Err(ClientError::Metadata("the document has another `client_id` than its address"));
        }
        let (name, redirect_uris) = checked(said)?;
        Ok(Self { id: id.to_owned(), name, redirect_uris })
    }

    /// The redirect URI that a request names, if it is one of the client's. On this machine any port will do (RFC 8252
    /// section 7.3).
    pub(super) fn redirect_uri(&self, named: Option<&str>) -> Option<Url> {
        let named = match (named, self.redirect_uris.as_slice()) {
            (Some(named), _) => named,
            (None, [only]) => only,
            (None, _) => return None,
        };
        let url = Url::parse(named).ok()?;
        let is_own = self.redirect_uris.iter().any(|own| {
            own == named
                || is_loopback(&url)
                    && Url::parse(own).is_ok_and(|mut own| {
                        is_loopback(&own) && own.set_port(url.port()).is_ok() && own == url
                    })
        });
        is_own.then_some(url)
    }

    /// Its redirect URIs.
    pub(super) fn redirect_uris(&self) -> &[String] {
        &self.redirect_uris
    }
}

fn checked(said: Said) -> Result<(String, Vec<String>), ClientError> {
    if said.token_endpoint_auth_method.as_deref().is_some_and(|method| method != "none") {
        return Err(ClientError::Metadata(
            "clients have no secret here: `token_endpoint_auth_method` is `none`",
        ));
    }
    if said.redirect_uris.is_empty() || said.redirect_uris.len() > MOST_URIS {
        return Err(ClientError::Metadata("a client has 1 to 16 `redirect_uris`"));
    }
    for uri in &said.redirect_uris {
        if !is_redirect_uri(uri) {
            return Err(ClientError::RedirectUri(uri.chars().take(200).collect()));
        }
    }
    let name: String = said.client_name.unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    Ok((name.trim().to_owned(), said.redirect_uris))
}

/// Whether somebody may be sent there with a code: nowhere that a network sees it, and nothing that a browser runs.
fn is_redirect_uri(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_clean = text.len() <= LONGEST_URI
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let is_safe = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(&url),
        "javascript" | "data" | "file" | "blob" | "about" | "vbscript" | "ftp" | "ws" | "wss" => false,
        _ => true,
    };
    is_clean && is_safe
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(uris: &[&str]) -> Said {
        Said {
            client_id: None,
            client_name: Some("  Notes\u{7} ".to_owned()),
            redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
            token_endpoint_auth_method: None,
        }
    }

    #[test]
    fn a_registration_is_its_id() {
        let client = McpClient::register(said(&["http://127.0.0.1:1/cb", "cursor://anysphere/cb"])).unwrap();
        assert_eq!(client.name, "Notes");
        let registration = client.id.strip_prefix(REGISTERED).unwrap();
        let again: Registered = serde_json::from_slice(&base64url_decode(registration).unwrap()).unwrap();
        assert_eq!(again.redirect_uris, client.redirect_uris);
    }

    #[test]
    fn nobody_is_sent_where_a_code_is_seen_or_run() {
        for uri in ["https://app.example.com/cb", "http://localhost/cb", "http://[::1]:9/cb", "vscode://x/cb"]
        {
            assert!(is_redirect_uri(uri), "{uri}");
        }
        for uri in [
            "http://app.example.com/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "https://app.example.com/cb#x",
            "https://user@app.example.com/cb",
            "/cb",
            "",
        ] {
            assert!(!is_redirect_uri(uri), "{uri}");
            assert!(McpClient::register(said(&[uri])).is_err(), "{uri}");
        }
        assert!(McpClient::register(said(&[])).is_err());
        let secret = Said {
            token_endpoint_auth_method: Some("client_secret_post".to_owned()),
            ..said(&["https://a.example/cb"])
        };
        assert!(McpClient::register(secret).is_err());
    }

    #[test]
    fn a_redirect_uri_is_one_of_its_own() {
        let client =
            McpClient::register(said(&["http://127.0.0.1/cb", "https://app.example.com/cb"])).unwrap();
        for (named, is_own) in [
            ("http://127.0.0.1:4711/cb", true),
            ("https://app.example.com/cb", true),
            ("https://app.example.com:444/cb", false),
            ("https://app.example.com/cb/", false),
            ("http://127.0.0.1:4711/other", false),
            ("http://127.0.0.2:4711/cb", false),
            ("https://evil.example.com/cb", false),
        ] {
            assert_eq!(client.redirect_uri(Some(named)).is_some(), is_own, "{named}");
        }
        assert_eq!(client.redirect_uri(None), None, "which of the two?");
    }
}

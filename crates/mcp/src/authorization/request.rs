//! What an MCP client asks for.

use gatewright_protocol::oauth::pkce::CodeChallenge;
use gatewright_protocol::scope::Scopes;
use serde::{Deserialize, Serialize};
use url::Url;

use super::clients::{ClientError, McpClient};
use super::{Authorization, SCOPES};

/// A request, checked. It is remembered with the sign-in at the person's host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) client_id: String,
    pub(super) client_name: String,
    pub(super) redirect_uri: Url,
    pub(super) challenge: CodeChallenge,
    pub(super) state: Option<String>,
    pub(super) scope: Scopes,
}

/// The parameters as they come, in a query or carried along by the form.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Parameters {
    #[serde(default)]
    pub(super) response_type: Option<String>,
    #[serde(default)]
    pub(super) client_id: Option<String>,
    #[serde(default)]
    pub(super) redirect_uri: Option<String>,
    #[serde(default)]
    pub(super) code_challenge: Option<String>,
    #[serde(default)]
    pub(super) code_challenge_method: Option<String>,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) scope: Option<String>,
    #[serde(default)]
    pub(super) resource: Option<String>,
}

/// What is wrong with a request.
#[derive(Debug)]
pub(super) enum BadRequest {
    /// Nobody can be told but the person.
    Page(ClientError),
    /// The client is told, at its redirect URI.
    Back { to: Box<Url>, state: Option<String>, error: &'static str, description: String },
}

/// The longest `state`.
const LONGEST_STATE: usize = 2048;

impl Request {
    /// Reads and checks the parameters.
    pub(super) async fn read(server: &Authorization, said: &Parameters) -> Result<Self, BadRequest> {
        let id = said.client_id.as_deref().unwrap_or_default();
        let resolver = server.0.client.sessions().resolver();
        let client = McpClient::find(id, resolver).await.map_err(BadRequest::Page)?;
        let redirect_uri = client.redirect_uri(said.redirect_uri.as_deref()).ok_or_else(|| {
            let named = said.redirect_uri.as_deref().unwrap_or_default();
            BadRequest::Page(ClientError::RedirectUri(named.chars().take(200).collect()))
        })?;
        let state = said.state.clone().filter(|state| state.len() <= LONGEST_STATE);
        let back = |error, description: &str| BadRequest::Back {
            to: Box::new(redirect_uri.clone()),
            state: state.clone(),
            error,
            description: description.to_owned(),
        };
        if state.is_none() && said.state.is_some() {
            return Err(back("invalid_request", "`state` is too long"));
        }
        if said.response_type.as_deref() != Some("code") {
            return Err(back("unsupported_response_type", "`response_type` is `code`"));
        }
        if said.code_challenge_method.as_deref() != Some("S256") {
            return Err(back("invalid_request", "PKCE is needed: `code_challenge_method` is `S256`"));
        }
        let challenge = said.code_challenge.as_deref().unwrap_or_default().parse();
        let challenge =
            challenge.map_err(|_| back("invalid_request", "`code_challenge` is missing or malformed"))?;
        if said.resource.as_deref().is_some_and(|resource| !server.is_resource(resource)) {
            return Err(back(
                "invalid_target",
                "tokens of this server are good for its own MCP endpoint alone",
            ));
        }
        let scope = read_scope(said.scope.as_deref())
            .map_err(|scope| back("invalid_scope", &format!("`{scope}` is not among `scopes_supported`")))?;
        Ok(Self { client_id: client.id, client_name: client.name, redirect_uri, challenge, state, scope })
    }
}

/// The scopes that are asked for; `atproto`, which writes nothing, is always among them. The first that nobody can have,
/// if there is one.
fn read_scope(text: Option<&str>) -> Result<Scopes, String> {
    let asked: Vec<&str> = text.unwrap_or_default().split(' ').filter(|scope| !scope.is_empty()).collect();
    if let Some(unknown) = asked.iter().find(|scope| !SCOPES.contains(scope)) {
        return Err(unknown.chars().take(100).collect());
    }
    Scopes::from_tokens(SCOPES.iter().filter(|scope| **scope == "atproto" || asked.contains(scope)))
        .map_err(|_| String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_tools_need_can_be_asked_for() {
        assert_eq!(read_scope(None).unwrap().as_str(), "atproto");
        assert_eq!(
            read_scope(Some("blob:*/* repo:*?action=create")).unwrap().as_str(),
            "atproto repo:*?action=create blob:*/*"
        );
        assert_eq!(read_scope(Some("atproto identity:*")).unwrap_err(), "identity:*");
    }
}

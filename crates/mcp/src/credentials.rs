//! Whose call it is: decided anew for each call, from that call alone.

use gatewright_client::Session;
use gatewright_client::per_request::{Caller, Refused};
use http::request::Parts;
use rmcp::RoleServer;
use rmcp::service::RequestContext;

use crate::tools::ToolError;
use crate::{Tools, Who};

/// The repository that reads are about where a call names none.
const REPO: &str = "x-atproto-repo";

/// One call, with what came along.
pub(crate) struct Call<'a> {
    tools: &'a Tools,
    /// The HTTP request that it came in; none on standard input.
    parts: Option<&'a Parts>,
}

impl<'a> Call<'a> {
    /// The call of this context.
    pub(crate) fn of(tools: &'a Tools, context: &'a RequestContext<RoleServer>) -> Self {
        Self { tools, parts: context.extensions.get() }
    }

    /// What tools use.
    pub(crate) fn tools(&self) -> &'a Tools {
        self.tools
    }

    /// The session of whoever calls; `doing` is what they need it for.
    pub(crate) async fn session(&self, doing: &'static str) -> Result<Session, ToolError> {
        self.caller().await?.ok_or(ToolError::Anonymous { doing, over_http: self.parts.is_some() })
    }

    /// The session of whoever calls, if they said who they are.
    pub(crate) async fn caller(&self) -> Result<Option<Session>, ToolError> {
        match (&self.tools.0.who, self.parts) {
            (Who::Own { session, .. }, None) => Ok(session.clone()),
            (Who::PerRequest(per_request), Some(parts)) => {
                if let Some(caller) = parts.extensions.get::<Caller>() {
                    return session_of(caller);
                }
                let caller = per_request.caller(&parts.headers, &parts.method, &parts.uri).await?;
                session_of(&caller)
            }
            // What the program was started with is lent to nobody who asks over a network.
            (Who::Own { .. }, Some(_)) | (Who::PerRequest(_), None) => Ok(None),
        }
    }

    /// The repository that a read is about.
    pub(crate) fn repo(&self, named: Option<&str>) -> Option<String> {
        let named = named.map(str::trim).filter(|repo| !repo.is_empty());
        let usual = || match (&self.tools.0.who, self.parts) {
            (Who::Own { repo, .. }, None) => repo.clone(),
            (_, Some(parts)) => {
                let value = parts.headers.get(REPO).and_then(|value| value.to_str().ok());
                value.map(str::trim).filter(|repo| !repo.is_empty()).map(str::to_owned)
            }
            _ => None,
        };
        named.map(str::to_owned).or_else(usual)
    }
}

fn session_of(caller: &Caller) -> Result<Option<Session>, ToolError> {
    match caller {
        Caller::Anonymous => Ok(None),
        other => match other.session() {
            Some(session) => Ok(Some(session.clone())),
            None => Err(Refused::NoSession.into()),
        },
    }
}

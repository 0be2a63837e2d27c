//! Any method that reads.

use gatewright_client::Call as XrpcCall;
use gatewright_protocol::syntax::Nsid;
use gatewright_resolve::FetchError;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::{Read, ToolError, bounded};
use crate::credentials::Call;
use crate::repo::{Asked, Repo, ask};

/// Where a method of the application is asked, unless somebody says otherwise.
const APPLICATION_VIEW: &str = "https://api.bsky.app";
/// What a caller may be asked about themselves. Everything else is asked without credentials: what a model reads is not
/// always what its owner wanted it to.
const OWN: [&str; 2] = ["app.bsky.notification.getUnreadCount", "app.bsky.notification.listNotifications"];

#[derive(Deserialize)]
pub(super) struct Query {
    nsid: String,
    #[serde(default)]
    params: Option<Map<String, Value>>,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    repo: Option<String>,
    #[serde(default)]
    select: Option<String>,
}

pub(super) async fn query(call: &Call<'_>, arguments: Read<Query>) -> Result<Value, ToolError> {
    let Query { nsid, params, host, repo, select } = arguments?;
    let named =
        |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let (host, repo) = (named(host), named(repo));
    if host.is_some() && repo.is_some() {
        return Err(ToolError::Said("name a `repo` or a `host`, not both".to_owned()));
    }
    if nsid.parse::<Nsid>().is_err() {
        let message = format!("`{nsid}` is not the name of a method, such as com.atproto.sync.listRepos");
        return Ok(json!({ "error": "invalid_nsid", "message": message }));
    }
    let params = flat(&params.unwrap_or_default());
    let cursor = params.iter().find(|(name, _)| name == "cursor").map(|(_, value)| value.clone());
    let answer = if OWN.contains(&nsid.as_str()) {
        own(call, &nsid, &params, host.as_deref(), repo.as_deref()).await?
    } else {
        let borrowed: Vec<(&str, &str)> =
            params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let asked = match (&repo, &host) {
            (Some(repo), _) => {
                let resolver = call.tools().resolver();
                let found = Repo::find(resolver, repo).await?;
                ask(resolver.fetcher(), &found.host, &nsid, &borrowed).await
            }
            (None, host) => {
                let base = base(host.as_deref().unwrap_or(APPLICATION_VIEW))?;
                ask(call.tools().outside().fetcher(), &base, &nsid, &borrowed).await
            }
        };
        match asked {
            Ok(Asked::Json(value)) => value,
            Ok(Asked::NotJson) => {
                let message = format!("{nsid} did not answer with JSON; a file needs another tool");
                return Ok(json!({ "error": "non_json_response", "message": message }));
            }
            Ok(Asked::Refused { status, text, url }) => {
                return Ok(
                    json!({ "error": "http_status", "status": status.as_u16(), "url": url, "message": text }),
                );
            }
            Err(FetchError::NotPublic | FetchError::Url(_)) => {
                return Err(not_public(host.as_deref().unwrap_or_default()));
            }
            Err(error) => return Ok(json!({ "error": "transport", "message": error.to_string() })),
        }
    };
    let Some(program) = select else { return Ok(bounded(answer, cursor.as_deref())) };
    match call.tools().selector().select(&program, answer).await {
        Ok(mut outputs) if outputs.len() == 1 && outputs.first().is_some_and(Value::is_object) => {
            Ok(bounded(outputs.remove(0), cursor.as_deref()))
        }
        Ok(outputs) => Ok(bounded(outputs.into(), cursor.as_deref())),
        Err(why) => Ok(json!({ "error": "bad_select", "message": format!("jq: {why}") })),
    }
}

/// What a caller asks about themselves, at their own host.
async fn own(
    call: &Call<'_>,
    nsid: &str,
    params: &[(String, String)],
    host: Option<&str>,
    repo: Option<&str>,
) -> Result<Value, ToolError> {
    let session = call.session("an authenticated query").await?;
    let own = session.host().unwrap_or_default();
    let asked = match (repo, host) {
        (Some(repo), _) => Some(Repo::find(call.tools().resolver(), repo).await?.host),
        (None, Some(host)) => Some(base(host)?),
        (None, None) => None,
    };
    if asked.is_some_and(|asked| asked.trim_end_matches('/') != own.trim_end_matches('/')) {
        return Err(ToolError::Said("authenticated queries must target the caller's PDS".to_owned()));
    }
    let question =
        params.iter().fold(XrpcCall::query(nsid), |question, (name, value)| question.param(name, value));
    let answer = session.call(&question).await?;
    serde_json::from_slice(&answer.body)
        .map_err(|_| ToolError::Said("the host did not answer with JSON".to_owned()))
}

/// Parameters as a query has them: a list is one parameter several times.
fn flat(params: &Map<String, Value>) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    for (name, value) in params {
        let one = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        match value {
            Value::Array(values) => {
                flat.extend(values.iter().filter_map(one).map(|value| (name.clone(), value)));
            }
            value => flat.extend(one(value).map(|value| (name.clone(), value))),
        }
    }
    flat
}

/// The origin of a host that a caller names; `https://` unless it says something else.
fn base(host: &str) -> Result<String, ToolError> {
    let text = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
    let url = Url::parse(&text).map_err(|_| ToolError::Said(format!("`{host}` is no host")))?;
    let is_name = match url.host() {
        // Lower case already, as the URL parser writes it.
        Some(url::Host::Domain(name)) => {
            name.contains('.') && ![".localhost", ".internal", ".local"].iter().any(|end| name.ends_with(end))
        }
        _ => false,
    };
    let is_address = matches!(url.host(), Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)));
    // Plain HTTP reaches nothing that is public; addresses are judged where they are dialled.
    if url.scheme() != "https" || !(is_name || is_address) {
        return Err(not_public(host));
    }
    Ok(url.origin().ascii_serialization())
}

fn not_public(host: &str) -> ToolError {
    ToolError::Said(format!(
        "refusing to query non-public host `{host}`: name one that is reached by https on the public internet"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_public_or_refused() {
        assert_eq!(base("pds.example.com").unwrap(), "https://pds.example.com");
        assert_eq!(base("https://pds.example.com/x?y").unwrap(), "https://pds.example.com");
        for host in [
            "localhost",
            "http://pds.example.com",
            "http://127.0.0.1:2583",
            "pds.local",
            "a.localhost",
            "metadata.google.internal",
            "file:///etc/passwd",
        ] {
            let refused = base(host).unwrap_err().to_string();
            assert!(
                refused.contains("refusing to query non-public host") || refused.contains("is no host"),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_list_is_one_parameter_several_times() {
        let params = json!({ "uris": ["at://a", "at://b"], "limit": 3, "none": null });
        let flat = flat(params.as_object().unwrap());
        let text: Vec<String> = flat.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(text, ["uris=at://a", "uris=at://b", "limit=3"]);
    }
}

//! What a host behind this server is asked and told.

use base64ct::{Base64, Encoding as _};
use bytes::Bytes;
use gatewright_protocol::json;
use gatewright_protocol::plc::Operation;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::FetchError;
use gatewright_resolve::fetch::{Get, Request};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Entryway, HostBehind};

/// The most that is read of an answer: a DID document is the largest thing in any.
const MAX_ANSWER: usize = 64 * 1024;

/// A host behind this server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// It cannot be asked. It may have done it all the same.
    #[error("the host {host} cannot be reached")]
    Unreachable {
        /// Which.
        host: Did,
        /// Why.
        #[source]
        source: FetchError,
    },
    /// It said no.
    #[error("the host {host} refused {method} with status {status} ({reason})")]
    Refused {
        /// Which.
        host: Did,
        /// What it was asked.
        method: &'static str,
        /// What it answered with.
        status: u16,
        /// What it says is wrong.
        reason: String,
    },
    /// The configuration names no such host.
    #[error("the host {host} of the account is not in the configuration")]
    Unknown {
        /// Which.
        host: Did,
    },
    /// What it answered is not what the method answers.
    #[error("the host {host} answered {method} with something else than that method answers")]
    Unreadable {
        /// Which.
        host: Did,
        /// What it was asked.
        method: &'static str,
    },
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    /// Nobody in particular.
    Anybody,
    /// The operator there.
    Operator,
}

impl Entryway {
    /// A new signing key that waits there for an account: its public half, as `did:key`.
    pub(crate) async fn reserve_signing_key(&self, host: &HostBehind) -> Result<String, HostError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Output {
            signing_key: String,
        }
        const METHOD: &str = "com.atproto.server.reserveSigningKey";
        let answer = self.ask(host, As::Anybody, METHOD, &json!({})).await?;
        let output: Result<Output, _> = json::from_slice(&answer);
        output
            .map(|output| output.signing_key)
            .map_err(|_| HostError::Unreadable { host: host.service.clone(), method: METHOD })
    }

    /// Makes the account there: its repository, with the key that was reserved. The host hands the operation in at the
    /// directory.
    pub(crate) async fn create_account(
        &self,
        host: &HostBehind,
        did: &Did,
        handle: &Handle,
        operation: &Operation,
    ) -> Result<(), HostError> {
        let input = json!({"did": did, "handle": handle, "plcOp": operation});
        self.ask(host, As::Anybody, "com.atproto.server.createAccount", &input).await.map(drop)
    }

    /// Tells of a new handle, which the account's document has already: the host looks.
    pub(crate) async fn update_handle(
        &self,
        host: &HostBehind,
        did: &Did,
        handle: &Handle,
    ) -> Result<(), HostError> {
        let input = json!({"did": did, "handle": handle});
        self.ask(host, As::Operator, "com.atproto.admin.updateAccountHandle", &input).await.map(drop)
    }

    /// Tells whether the account is at rest.
    pub(crate) async fn set_deactivated(
        &self,
        host: &HostBehind,
        did: &Did,
        deactivated: bool,
    ) -> Result<(), HostError> {
        self.set_status(host, did, "deactivated", deactivated).await
    }

    /// Tells whether the operator took the account down.
    pub(crate) async fn set_taken_down(
        &self,
        host: &HostBehind,
        did: &Did,
        taken_down: bool,
    ) -> Result<(), HostError> {
        self.set_status(host, did, "takedown", taken_down).await
    }

    async fn set_status(
        &self,
        host: &HostBehind,
        did: &Did,
        status: &str,
        applied: bool,
    ) -> Result<(), HostError> {
        let subject = json!({"$type": "com.atproto.admin.defs#repoRef", "did": did});
        let input = json!({"subject": subject, status: {"applied": applied}});
        self.ask(host, As::Operator, "com.atproto.admin.updateSubjectStatus", &input).await.map(drop)
    }

    /// Deletes the account there with its records. One that is not there is deleted already.
    pub(crate) async fn delete_account(&self, host: &HostBehind, did: &Did) -> Result<(), HostError> {
        let input = json!({"did": did});
        match self.ask(host, As::Operator, "com.atproto.admin.deleteAccount", &input).await {
            // Some versions fail over what is gone already.
            Err(HostError::Refused { .. }) if self.is_gone(host, did).await => Ok(()),
            answered => answered.map(drop),
        }
    }

    /// Whether the host knows no such account.
    async fn is_gone(&self, host: &HostBehind, did: &Did) -> bool {
        let mut url = host.origin.clone();
        url.set_path("/xrpc/com.atproto.sync.getRepoStatus");
        url.query_pairs_mut().append_pair("did", did.as_str());
        matches!(self.fetcher.get(Get::json(&url)).await, Err(FetchError::Status(400)))
    }

    async fn ask(
        &self,
        host: &HostBehind,
        who: As,
        method: &'static str,
        input: &impl Serialize,
    ) -> Result<Bytes, HostError> {
        let mut url = host.origin.clone();
        url.set_path(&format!("/xrpc/{method}"));
        let mut headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        if who == As::Operator {
            headers.insert(AUTHORIZATION, basic(host));
        }
        let body = serde_json::to_vec(input).expect("what is sent are texts and maps, which are always JSON");
        let request =
            Request { method: Method::POST, url: &url, headers, body: body.into(), most: MAX_ANSWER };
        let answer = self.fetcher.send(request, None).await;
        let answer =
            answer.map_err(|source| HostError::Unreachable { host: host.service.clone(), source })?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        Err(HostError::Refused {
            host: host.service.clone(),
            method,
            status: answer.status.as_u16(),
            reason: reason(&answer.body),
        })
    }
}

/// What the host says is wrong, as far as it fits a line.
fn reason(body: &[u8]) -> String {
    const LONGEST: usize = 200;
    #[derive(Deserialize)]
    struct Body {
        error: String,
        #[serde(default)]
        message: String,
    }
    let Ok(Body { error, message }) = json::from_slice::<Body>(body) else { return "no reason".to_owned() };
    let line = if message.is_empty() { error } else { format!("{error}: {message}") };
    line.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

fn basic(host: &HostBehind) -> HeaderValue {
    let word = Base64::encode_string(format!("admin:{}", host.admin_password.expose()).as_bytes());
    let mut value =
        HeaderValue::from_str(&format!("Basic {word}")).expect("base64 is what a header can hold");
    value.set_sensitive(true);
    value
}

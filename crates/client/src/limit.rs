//! Less than a session is granted: what a handle on it may be used for. Each call is held against it before it is sent.

use gatewright_protocol::scope::{BlobNeed, Need, Permissions, RepoAction, RepoNeed, RpcNeed, Scopes};
use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::call::{Call, PROXY};
use crate::error::CallError;

/// What everybody may ask a host, and what a session tells of itself.
const OPEN: [&str; 7] = [
    "com.atproto.identity.resolveHandle",
    "com.atproto.repo.describeRepo",
    "com.atproto.repo.getRecord",
    "com.atproto.repo.listRecords",
    "com.atproto.server.checkAccountStatus",
    "com.atproto.server.describeServer",
    "com.atproto.server.getSession",
];

/// Scopes that a handle is held to, beside what the session is granted.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) scopes: Scopes,
    held: Permissions,
}

impl Limit {
    pub(crate) fn of(scopes: Scopes) -> Self {
        Self { held: Permissions::of(&scopes), scopes }
    }

    /// # Errors
    /// [`ScopeMissing`](CallError::ScopeMissing): a call that needs more, or one of which it cannot be told what it needs.
    pub(crate) fn check(&self, call: &Call, nsid: &str) -> Result<(), CallError> {
        let headers = call.headers.as_ref().map_err(CallError::clone)?;
        if let Some(proxy) = headers.get(PROXY) {
            let aud = proxy.to_str().map_err(|_| unknown())?;
            return self.require(&Need::Rpc(RpcNeed { lxm: nsid, aud }));
        }
        match nsid {
            "com.atproto.repo.applyWrites"
            | "com.atproto.repo.createRecord"
            | "com.atproto.repo.deleteRecord"
            | "com.atproto.repo.putRecord" => self.check_write(call, nsid),
            "com.atproto.repo.uploadBlob" => {
                let mime =
                    headers.get(CONTENT_TYPE).and_then(|mime| mime.to_str().ok()).ok_or_else(unknown)?;
                self.require(&Need::Blob(BlobNeed { mime }))
            }
            "com.atproto.server.getServiceAuth" => {
                let param = |name| call.params.iter().find(|(key, _)| key == name).map(|(_, value)| &**value);
                let (lxm, aud) = (param("lxm").unwrap_or("*"), param("aud").ok_or_else(unknown)?);
                self.require(&Need::Rpc(RpcNeed { lxm, aud }))
            }
            open if call.method == Method::GET
                && (OPEN.contains(&open) || open.starts_with("com.atproto.sync.")) =>
            {
                Ok(())
            }
            // What looks after an account is for nobody but its owner.
            own if own.to_ascii_lowercase().starts_with("com.atproto.") => Err(unknown()),
            // The host passes it on to a service of its own choice.
            other => self.require(&Need::Rpc(RpcNeed { lxm: other, aud: "*" })),
        }
    }

    fn check_write(&self, call: &Call, nsid: &str) -> Result<(), CallError> {
        use RepoAction::{Create, Delete, Update};
        let body = call.body.bytes().ok_or_else(unknown)?;
        let input: Value = serde_json::from_slice(body).map_err(|_| unknown())?;
        match nsid {
            "com.atproto.repo.createRecord" => self.require_repo(&input, &[Create]),
            "com.atproto.repo.deleteRecord" => self.require_repo(&input, &[Delete]),
            "com.atproto.repo.putRecord" => self.require_repo(&input, &[Create, Update]),
            _ => {
                let writes = input.get("writes").and_then(Value::as_array).ok_or_else(unknown)?;
                writes.iter().try_for_each(|write| {
                    let kind = write.get("$type").and_then(Value::as_str).unwrap_or_default();
                    let action = match kind.rsplit('#').next() {
                        Some("create") => Create,
                        Some("update") => Update,
                        Some("delete") => Delete,
                        _ => return Err(unknown()),
                    };
                    self.require_repo(write, &[action])
                })
            }
        }
    }

    fn require_repo(&self, input: &Value, actions: &[RepoAction]) -> Result<(), CallError> {
        let collection = input.get("collection").and_then(Value::as_str).ok_or_else(unknown)?;
        actions.iter().try_for_each(|&action| self.require(&Need::Repo(RepoNeed { collection, action })))
    }

    fn require(&self, need: &Need<'_>) -> Result<(), CallError> {
        if self.held.allows(need) {
            Ok(())
        } else {
            Err(CallError::ScopeMissing { scope: Some(need.to_string()) })
        }
    }
}

const fn unknown() -> CallError {
    CallError::ScopeMissing { scope: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Body;

    fn missing(scopes: &str, call: &Call) -> Option<String> {
        let limit = Limit::of(scopes.parse().unwrap());
        match limit.check(call, call.nsid.as_ref().unwrap().as_str()) {
            Ok(()) => None,
            Err(CallError::ScopeMissing { scope }) => Some(scope.unwrap_or_else(|| "?".to_owned())),
            Err(other) => panic!("{other}"),
        }
    }

    fn write(nsid: &str, input: &Value) -> Call {
        Call::procedure(nsid).json(input)
    }

    #[test]
    fn writes_need_what_they_write() {
        let note = json!({"repo": "x", "collection": "com.example.note"});
        let create = "atproto repo:com.example.note?action=create";
        assert_eq!(missing(create, &write("com.atproto.repo.createRecord", &note)), None);
        for nsid in ["deleteRecord", "putRecord"] {
            let call = write(&format!("com.atproto.repo.{nsid}"), &note);
            assert!(missing(create, &call).is_some(), "{nsid}");
            assert_eq!(missing("atproto repo:com.example.note", &call), None, "{nsid}");
        }
        let other = json!({"repo": "x", "collection": "com.example.other"});
        assert!(missing(create, &write("com.atproto.repo.createRecord", &other)).is_some());
        let both = json!({"writes": [
            {"$type": "com.atproto.repo.applyWrites#create", "collection": "com.example.note"},
            {"$type": "com.atproto.repo.applyWrites#delete", "collection": "com.example.note"},
        ]});
        let call = write("com.atproto.repo.applyWrites", &both);
        assert_eq!(missing(create, &call).as_deref(), Some("repo:com.example.note?action=delete"));
        assert_eq!(missing("repo:com.example.note", &call), None);
        let odd = json!({"writes": [{"$type": "other", "collection": "com.example.note"}]});
        assert!(missing("repo:*", &write("com.atproto.repo.applyWrites", &odd)).is_some());
        let unread =
            Call::procedure("com.atproto.repo.createRecord").body("application/json", Body::file("a"));
        assert_eq!(missing("repo:*", &unread).as_deref(), Some("?"));
    }

    #[test]
    fn blobs_and_calls_need_theirs() {
        let upload = |mime| Call::procedure("com.atproto.repo.uploadBlob").body(mime, Body::default());
        assert_eq!(missing("blob:image/*", &upload("image/png")), None);
        assert!(missing("blob:image/*", &upload("video/mp4")).is_some());
        let rpc = "rpc:com.example.search?aud=did:web:api.example.com%23notes";
        let call = Call::query("com.example.search");
        assert_eq!(missing(rpc, &call.clone().proxied_to("did:web:api.example.com#notes")), None);
        assert!(missing(rpc, &call.clone().proxied_to("did:web:other.example.com#notes")).is_some());
        assert!(missing(rpc, &call).is_some(), "nobody knows where it goes");
        assert_eq!(missing("rpc:com.example.search?aud=*", &call), None);
    }

    #[test]
    fn reading_is_open_and_looking_after_the_account_is_not() {
        for open in
            ["com.atproto.server.getSession", "com.atproto.repo.getRecord", "com.atproto.sync.getRepo"]
        {
            assert_eq!(missing("atproto", &Call::query(open)), None, "{open}");
        }
        for closed in [
            Call::procedure("com.atproto.server.createAppPassword"),
            Call::procedure("com.atproto.identity.updateHandle"),
            Call::procedure("com.atproto.server.getSession"),
            Call::query("com.atproto.server.listAppPasswords"),
            Call::query("COM.atproto.server.listAppPasswords"),
            Call::query("com.atproto.server.getServiceAuth").param("aud", "did:web:a.net"),
        ] {
            assert!(missing("atproto repo:* blob:*/*", &closed).is_some(), "{closed:?}");
        }
    }
}

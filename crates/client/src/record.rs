//! What is kept of a session, as it is written before it is sealed. Versioned: a newer program reads what an older one
//! wrote, an older one says that it cannot.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::sessions::SessionStoreError;

/// What this program writes.
const VERSION: u32 = 1;
/// The longest name of a session.
const MAX_ID: usize = 4096;
/// What the names begin with of sessions that callers bring credentials for with each request.
const CALLER: &str = "caller ";

/// The name of a session: what an application keeps to come back to it. It is no secret, but whoever may name one to
/// an application acts by it, so it belongs on the server's side.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SessionId(String);

impl SessionId {
    pub(crate) fn generate(random: &dyn Random) -> Self {
        Self(base64url_encode(&random_bytes::<16>(random)))
    }

    /// The session that belongs to an identifier at a host: bots come back to it with nothing else at hand.
    pub(crate) fn of_bot(service: Option<&str>, identifier: &str) -> Self {
        Self(format!("bot {} {identifier}", service.unwrap_or("-")))
    }

    /// The session of what somebody presents with each request, by a keyed hash of it.
    pub(crate) fn of_caller(hash: &[u8; 32]) -> Self {
        Self(format!("{CALLER}{}", base64url_encode(hash)))
    }

    /// Is it the session of what somebody presents with each request?
    pub(crate) fn is_of_caller(&self) -> bool {
        self.0.starts_with(CALLER)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not the name of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a session")]
pub struct InvalidSessionId;

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, InvalidSessionId> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for SessionId {
    type Error = InvalidSessionId;

    fn try_from(text: String) -> Result<Self, InvalidSessionId> {
        let sound = !text.is_empty() && text.len() <= MAX_ID && !text.contains(char::is_control);
        if sound { Ok(Self(text)) } else { Err(InvalidSessionId) }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({})", self.0)
    }
}

/// How a session came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// With an app password.
    AppPassword,
    /// By OAuth.
    Oauth,
}

impl Kind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppPassword => "app-password",
            Self::Oauth => "oauth",
        }
    }
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Ended {
    /// Its time is over, and nothing is left to renew it with.
    #[error("its time is over")]
    Expired,
    /// The account is kept under another authorization server now.
    #[error("the account has moved to another host")]
    HostMoved,
    /// The server takes its tokens no more.
    #[error("the server has ended it")]
    Revoked,
}

/// A session as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(rename = "v")]
    pub(crate) version: u32,
    pub(crate) id: SessionId,
    pub(crate) did: Did,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) handle: Option<Handle>,
    /// The origin of the host that is called.
    pub(crate) host: String,
    pub(crate) created: UnixTime,
    pub(crate) updated: UnixTime,
    pub(crate) grant: Grant,
}

/// What a session can do, while it can.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Grant {
    AppPassword(AppPasswordGrant),
    /// Over: no secret is kept of it.
    Ended {
        was: Kind,
        cause: Ended,
        /// What was asked for, so that signing in again can ask for the same.
        #[serde(default)]
        asked: Scopes,
    },
    Oauth(OauthGrant),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OauthGrant {
    pub(crate) client_id: String,
    pub(crate) issuer: String,
    /// What was asked for, includes as they are.
    pub(crate) asked: Scopes,
    /// What was granted.
    pub(crate) scope: Scopes,
    pub(crate) tokens: Tokens,
    /// The private half of the proof key, base64url.
    pub(crate) key: Secret,
    /// The name of the key that the client proved itself with, if it did (CL-31).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_key: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AppPasswordGrant {
    pub(crate) tokens: Tokens,
}

/// A pair of tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh: Option<Secret>,
    pub(crate) obtained: UnixTime,
    /// When the access token is over, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<UnixTime>,
}

impl Tokens {
    /// How long the access token lasts in all.
    pub(crate) fn life(&self) -> Option<Duration> {
        self.expires.map(|expires| expires.since(self.obtained))
    }
}

impl Record {
    pub(crate) fn new(id: SessionId, did: Did, host: String, now: UnixTime, grant: Grant) -> Self {
        Self { version: VERSION, id, did, handle: None, host, created: now, updated: now, grant }
    }

    pub(crate) fn tokens(&self) -> Option<&Tokens> {
        match &self.grant {
            Grant::AppPassword(grant) => Some(&grant.tokens),
            Grant::Ended { .. } => None,
            Grant::Oauth(grant) => Some(&grant.tokens),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match &self.grant {
            Grant::AppPassword(_) => Kind::AppPassword,
            Grant::Ended { was, .. } => *was,
            Grant::Oauth(_) => Kind::Oauth,
        }
    }

    /// What was asked for, and what is granted.
    pub(crate) fn scopes(&self) -> (Scopes, Scopes) {
        match &self.grant {
            Grant::AppPassword(_) => (Scopes::empty(), Scopes::empty()),
            Grant::Ended { asked, .. } => (asked.clone(), Scopes::empty()),
            Grant::Oauth(grant) => (grant.asked.clone(), grant.scope.clone()),
        }
    }

    /// The same, over. Who it was stays, so that signing in again need not ask.
    pub(crate) fn ended(&self, cause: Ended, now: UnixTime) -> Self {
        let grant = Grant::Ended { was: self.kind(), cause, asked: self.scopes().0 };
        Self { grant, updated: now, ..self.clone() }
    }

    pub(crate) fn to_json(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let json = serde_json::to_vec(self).expect("a record is a plain struct, which is always JSON");
        zeroize::Zeroizing::new(json)
    }

    pub(crate) fn from_json(json: &[u8]) -> Result<Self, SessionStoreError> {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        let version: Version = serde_json::from_slice(json).map_err(|_| SessionStoreError::Damaged)?;
        if version.v > VERSION {
            return Err(SessionStoreError::Newer);
        }
        serde_json::from_slice(json).map_err(|_| SessionStoreError::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_and_a_newer_one_says_so() {
        let tokens = Tokens {
            access: "a".into(),
            refresh: Some("r".into()),
            obtained: UnixTime::from_seconds(10),
            expires: Some(UnixTime::from_seconds(70)),
        };
        assert_eq!(tokens.life(), Some(Duration::from_mins(1)));
        let did: Did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap();
        let grant = Grant::AppPassword(AppPasswordGrant { tokens });
        let id = SessionId::of_bot(None, "alice.test");
        let record = Record::new(id, did, "https://pds.client.net".into(), UnixTime::from_seconds(10), grant);
        let json = record.to_json();
        let again = Record::from_json(&json).unwrap();
        assert_eq!(again.to_json(), json);
        let ended = again.ended(Ended::Revoked, UnixTime::from_seconds(20));
        assert!(!String::from_utf8_lossy(&ended.to_json()).contains("access"), "nothing secret is kept");
        assert_eq!((ended.kind(), ended.tokens().is_none()), (Kind::AppPassword, true));
        let newer = String::from_utf8_lossy(&json).replacen("\"v\":1", "\"v\":2", 1);
        assert!(matches!(Record::from_json(newer.as_bytes()), Err(SessionStoreError::Newer)));
        assert!(matches!(Record::from_json(b"{}"), Err(SessionStoreError::Damaged)));
    }

    #[test]
    fn names_of_sessions_are_printable_texts() {
        assert!("abc".parse::<SessionId>().is_ok());
        for text in ["", "a\nb", &"x".repeat(5000)] {
            assert!(text.parse::<SessionId>().is_err(), "{text}");
        }
    }
}

//! Sessions as text: the Python SDK's string for app passwords, a sealed one of our own for any (CL-42, B2).

use gatewright_protocol::jose::{base64url_decode, base64url_encode};
use gatewright_protocol::syntax::{Did, Handle};

use crate::app_password::origin_of;
use crate::client::Client;
use crate::error::CallError;
use crate::event::Event;
use crate::keep::{Sessions, over};
use crate::record::{AppPasswordGrant, Grant, Record, SessionId, Tokens};
use crate::secret::Secret;
use crate::session::Session;
use crate::sessions::SessionStoreError;
use crate::tokens::Age;

/// What a sealed session begins with.
const PREFIX: &str = "gatewright_session_1.";
const PLACE: &[u8] = b"session in transit";
const SEPARATOR: &str = ":::";
/// Where a string of the old form, which names no host, belongs.
const OLD_HOST: &str = "https://bsky.social";
/// The longest text that is read.
const LONGEST: usize = 64 * 1024;

impl Session {
    /// The session as the Python SDK writes it: `handle:::did:::accessJwt:::refreshJwt:::pdsEndpoint`. The text is as
    /// good as a password. App passwords only: the SDK knows no proof of possession.
    ///
    /// # Errors
    /// It is a session of OAuth, or is over.
    pub fn export_sdk(&self) -> Result<zeroize::Zeroizing<String>, CallError> {
        let record = self.0.current()?.record.clone();
        let (Grant::AppPassword(AppPasswordGrant { tokens }), Some(refresh)) =
            (&record.grant, record.tokens().and_then(|tokens| tokens.refresh.as_ref()))
        else {
            return Err(CallError::Request("this form is for sessions of app passwords"));
        };
        let handle = record.handle.as_ref().map_or("handle.invalid", Handle::as_str);
        let fields =
            [handle, record.did.as_str(), tokens.access.expose(), refresh.expose(), record.host.as_str()];
        Ok(zeroize::Zeroizing::new(fields.join(SEPARATOR)))
    }

    /// The session as a text that the same key ring opens, on this machine or another. Whoever imports it and whoever
    /// exported it hold one session: only one of them should go on with it.
    ///
    /// # Errors
    /// The session is over.
    pub fn export_sealed(&self) -> Result<String, CallError> {
        let sessions = &self.0.sessions;
        let record = self.0.current()?.record.clone();
        let sealed = sessions.ring().seal(PLACE, &record.to_json(), sessions.random());
        Ok(format!("{PREFIX}{}", base64url_encode(&sealed)))
    }
}

impl Sessions {
    /// Keeps a session that the Python SDK exported: five fields, or four of an older one. The host is asked nothing yet.
    ///
    /// # Errors
    /// It has another number of fields, or they are not what they should be. The store cannot be written.
    pub async fn import_sdk(&self, text: &str) -> Result<Session, CallError> {
        let bad = CallError::Request(
            "this is no session string: handle:::did:::accessJwt:::refreshJwt:::pdsEndpoint",
        );
        if text.len() > LONGEST {
            return Err(bad);
        }
        let fields: Vec<&str> = text.trim().split(SEPARATOR).collect();
        let (handle, did, access, refresh, host) = match fields.as_slice() {
            [handle, did, access, refresh] => (handle, did, access, refresh, &OLD_HOST),
            [handle, did, access, refresh, host] => (handle, did, access, refresh, host),
            _ => return Err(bad),
        };
        let did: Did = did.parse().map_err(|_| bad.clone())?;
        if access.is_empty() || refresh.is_empty() || !did.is_atproto() {
            return Err(bad);
        }
        let tokens = Tokens::of_pair(Secret::from(*access), Secret::from(*refresh), self.now(), Age::Unknown);
        let grant = Grant::AppPassword(AppPasswordGrant { tokens });
        let mut record =
            Record::new(SessionId::generate(self.random()), did, origin_of(host)?, self.now(), grant);
        record.handle = handle.parse().ok();
        self.put_record(&record).await?;
        self.tell(&Event::Imported(record.subject()));
        Ok(Session::share_app_password(self, record, None))
    }

    /// Keeps a session of an app password that [`Session::export_sealed`] made, under the name that it had.
    ///
    /// # Errors
    /// As [`Client::import_sealed`].
    pub async fn import_sealed(&self, text: &str) -> Result<Session, CallError> {
        let record = self.open_text(text)?;
        if !matches!(record.grant, Grant::AppPassword(_)) {
            return Err(CallError::Client("it is a session of OAuth: import it with its client"));
        }
        self.put_record(&record).await?;
        self.tell(&Event::Imported(record.subject()));
        let session = Session::share_app_password(self, record.clone(), None);
        let _ = session.0.adopt(record);
        Ok(session)
    }

    fn open_text(&self, text: &str) -> Result<Record, CallError> {
        let bad = CallError::Request("this is no sealed session");
        let text = text.trim();
        let body = text.strip_prefix(PREFIX).filter(|_| text.len() <= LONGEST).ok_or_else(|| bad.clone())?;
        let sealed = base64url_decode(body).ok_or(bad)?;
        let record = Record::from_json(&self.ring().open(PLACE, &sealed)?)?;
        match over(&record) {
            Some(error) => Err(error),
            None if record.tokens().is_some() => Ok(record),
            None => Err(SessionStoreError::Damaged.into()),
        }
    }
}

impl Client {
    /// Keeps a session that [`Session::export_sealed`] made, under the name that it had.
    ///
    /// # Errors
    /// The text is none, was sealed with a key that is not in the ring, or is another client's session. The store cannot
    /// be written.
    pub async fn import_sealed(&self, text: &str) -> Result<Session, CallError> {
        let sessions = self.sessions();
        let record = sessions.open_text(text)?;
        match &record.grant {
            Grant::Oauth(grant) if grant.client_id != self.client_id() => {
                return Err(CallError::Client("it belongs to another client id"));
            }
            Grant::Oauth(_) => {}
            _ => return sessions.import_sealed(text).await,
        }
        sessions.put_record(&record).await?;
        sessions.tell(&Event::Imported(record.subject()));
        Ok(Session::adopt_oauth(self, record))
    }
}

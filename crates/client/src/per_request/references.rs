//! Session references ("developer tokens"): what a program sends in the place of a person who has signed in at this
//! service. Opaque, recognisable, with scopes and an end of their own; kept as a keyed hash; listed and revocable.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use gatewright_protocol::jose::{base64url_decode, base64url_encode};
use gatewright_protocol::scope::{InvalidScopes, Permission, Permissions, Scopes};
use gatewright_protocol::secret::SessionReference;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use super::Refused;
use super::cache::{Begun, Cache};
use crate::client::Client;
use crate::error::CallError;
use crate::limit::Limit;
use crate::record::{Kind, SessionId};
use crate::scope::covers;
use crate::session::Session;
use crate::sessions::{Keep, RowKey, RowKind, SessionStoreError};

/// What this program writes.
const VERSION: u32 = 1;
/// How long it is remembered that a reference has ended, so that whoever still sends it is told so.
const MEMORY_OF_THE_ENDED: Duration = Duration::from_hours(24 * 30);
/// The longest that a reference may last.
const LONGEST: Duration = Duration::from_hours(24 * 366);
/// The longest name.
const LONGEST_NAME: usize = 64;
/// How many rows are read at once.
const PAGE: usize = 100;
/// How long a session is at hand before it is read again.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// References to the sessions of one client. Cheap to clone.
///
/// ```no_run
/// use std::time::Duration;
/// use gatewright_client::per_request::{NewReference, References};
/// # async fn example(client: gatewright_client::Client, session: gatewright_client::Session) -> Result<(), Box<dyn std::error::Error>> {
/// let references = References::new(client);
/// let new = NewReference::new("laptop", "atproto repo:com.example.note?action=create", Duration::from_hours(24 * 90))?;
/// let minted = references.mint(&session, new).await?;
/// println!("shown once: {}", minted.token.expose());
/// references.revoke(session.account(), &minted.reference.id).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct References {
    client: Client,
}

/// A reference to be made.
#[derive(Clone, Debug)]
pub struct NewReference {
    name: String,
    scopes: Scopes,
    lasts: Duration,
}

impl NewReference {
    /// What its owner calls it (1 to 64 characters), what it opens, and how long it lasts (a year at most).
    ///
    /// # Errors
    /// One of the three is not as it has to be.
    pub fn new(name: &str, scopes: &str, lasts: Duration) -> Result<Self, ReferenceError> {
        let name = name.trim();
        let length = name.chars().count();
        if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(ReferenceError::Name);
        }
        if lasts.is_zero() || lasts > LONGEST {
            return Err(ReferenceError::Lasts);
        }
        Ok(Self { name: name.to_owned(), scopes: scopes.parse()?, lasts })
    }
}

/// A reference that was just made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Minted {
    /// What the program has to send. It is shown to its owner now, and cannot be shown again.
    pub token: SessionReference,
    /// What is known of it from now on.
    pub reference: Reference,
}

/// What its owner can be told of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// What it is revoked by. It opens nothing.
    pub id: ReferenceId,
    /// What its owner calls it.
    pub name: String,
    /// Whose account it acts for.
    pub account: Did,
    /// What it opens, as long as the session behind it is granted that.
    pub scopes: Scopes,
    /// When it was made.
    pub created: UnixTime,
    /// When it ends.
    pub expires: UnixTime,
    /// Whether it was revoked.
    pub is_revoked: bool,
}

/// The name of a reference: made of the keyed hash that it is kept under, so it tells nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReferenceId(RowKey);

impl FromStr for ReferenceId {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let bytes = base64url_decode(text).ok_or(ReferenceError::Unknown)?;
        let hash: [u8; 32] = bytes.as_slice().try_into().map_err(|_| ReferenceError::Unknown)?;
        Ok(Self(RowKey::new(RowKind::Reference, hash)))
    }
}

impl fmt::Display for ReferenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url_encode(self.0.as_bytes().get(1..).unwrap_or_default()))
    }
}

impl fmt::Debug for ReferenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReferenceId({self})")
    }
}

/// A reference cannot be made or revoked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The session did not come by OAuth, or belongs to another client.
    #[error("references are made of sessions that came by OAuth with the same client")]
    Kind,
    /// It would last too long, or not at all.
    #[error("a reference lasts longer than no time and a year at most")]
    Lasts,
    /// Its name is not 1 to 64 printable characters.
    #[error("the name of a reference has 1 to 64 printable characters")]
    Name,
    /// The scopes are none.
    #[error("the scopes of the reference cannot be read: {0}")]
    Scopes(#[from] InvalidScopes),
    /// Sessions cannot be kept or read just now.
    #[error(transparent)]
    Store(#[from] SessionStoreError),
    /// There is no such reference of this account.
    #[error("this account has no such reference")]
    Unknown,
    /// It would open more than the session is granted.
    #[error("the session is not granted {0}, so a reference to it cannot be either")]
    Wider(Scopes),
}

/// A reference as it is kept, sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(rename = "v")]
    version: u32,
    session: SessionId,
    account: Did,
    name: String,
    scopes: Scopes,
    created: UnixTime,
    expires: UnixTime,
    #[serde(default)]
    revoked: bool,
}

impl References {
    /// References to the sessions that this client signs in.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// Makes a reference to a session. Its scopes are no wider than what the session is granted.
    ///
    /// # Errors
    /// See [`ReferenceError`].
    pub async fn mint(&self, session: &Session, new: NewReference) -> Result<Minted, ReferenceError> {
        let sessions = self.client.sessions();
        if session.kind() != Kind::Oauth {
            return Err(ReferenceError::Kind);
        }
        let wider = not_within(&new.scopes, &session.granted());
        if !wider.is_empty() {
            return Err(ReferenceError::Wider(wider));
        }
        let token = SessionReference::generate(sessions.random());
        let created = sessions.now();
        let kept = Kept {
            version: VERSION,
            session: session.id().clone(),
            account: session.account().clone(),
            name: new.name,
            scopes: new.scopes,
            created,
            expires: created.plus(new.lasts),
            revoked: false,
        };
        let key = self.key(token.expose());
        self.put(&key, &kept).await?;
        Ok(Minted { token, reference: kept.into_reference(key) })
    }

    /// The references of an account, those that ended lately too, the newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn list(&self, account: &Did) -> Result<Vec<Reference>, SessionStoreError> {
        let sessions = self.client.sessions();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page =
                sessions.store().list(RowKind::Reference, after.as_ref(), PAGE, sessions.now()).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (key, sealed) in &page {
                match self.open(key, sealed) {
                    Ok(kept) if kept.account == *account => found.push(kept.into_reference(*key)),
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "a kept session reference is passed over"),
                }
            }
        }
        found.sort_by_key(|reference| std::cmp::Reverse(reference.created));
        Ok(found)
    }

    /// Revokes a reference of an account: from the next request on it opens nothing, in every process that shares the
    /// store. The session behind it goes on.
    ///
    /// # Errors
    /// There is none, or the store cannot be written.
    pub async fn revoke(&self, account: &Did, id: &ReferenceId) -> Result<(), ReferenceError> {
        let kept = self.find(&id.0).await?.filter(|kept| kept.account == *account);
        let mut kept = kept.ok_or(ReferenceError::Unknown)?;
        kept.revoked = true;
        Ok(self.put(&id.0, &kept).await?)
    }

    /// Ends a reference for whoever holds it: what a service does at a token revocation endpoint. One that is unknown
    /// here is as ended as its holder wants it.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn end(&self, token: &str) -> Result<(), SessionStoreError> {
        let Ok(reference) = SessionReference::parse(token) else { return Ok(()) };
        let key = self.key(reference.expose());
        match self.find(&key).await? {
            Some(kept) => self.put(&key, &Kept { revoked: true, ..kept }).await,
            None => Ok(()),
        }
    }

    /// The session behind a reference, with no more than the reference opens. The row is read for every request, so
    /// that a revocation counts at once.
    pub(super) async fn session(&self, cache: &Cache, token: &str) -> Result<Session, Refused> {
        let reference = SessionReference::parse(token).map_err(|_| Refused::ReferenceUnknown)?;
        if !reference.is_well_formed() {
            return Err(Refused::ReferenceUnknown);
        }
        let key = self.key(reference.expose());
        let found = self.find(&key).await.map_err(CallError::Store)?;
        let kept = found.ok_or(Refused::ReferenceUnknown)?;
        let hash = self.client.sessions().ring().lookup(&[b"per-request reference", key.as_bytes()]);
        let over = match (kept.revoked, kept.expires <= self.client.sessions().now()) {
            (true, _) => Some(Refused::ReferenceRevoked),
            (_, true) => Some(Refused::ReferenceExpired),
            _ => None,
        };
        if let Some(over) = over {
            cache.forget(&hash);
            return Err(over);
        }
        let client = self.client.clone();
        cache.session(hash, || begin(client, kept)).await
    }

    fn key(&self, token: &str) -> RowKey {
        self.client.sessions().ring().row_key(RowKind::Reference, token)
    }

    fn open(&self, key: &RowKey, sealed: &[u8]) -> Result<Kept, SessionStoreError> {
        let json = self.client.sessions().ring().open(key.as_bytes(), sealed)?;
        let kept: Kept = serde_json::from_slice(&json).map_err(|_| SessionStoreError::Damaged)?;
        if kept.version > VERSION { Err(SessionStoreError::Newer) } else { Ok(kept) }
    }

    async fn find(&self, key: &RowKey) -> Result<Option<Kept>, SessionStoreError> {
        let sessions = self.client.sessions();
        let sealed = sessions.store().find(key, sessions.now()).await?;
        sealed.map(|sealed| self.open(key, &sealed)).transpose()
    }

    async fn put(&self, key: &RowKey, kept: &Kept) -> Result<(), SessionStoreError> {
        let sessions = self.client.sessions();
        let json = serde_json::to_vec(kept).map_err(|_| SessionStoreError::Damaged)?;
        let sealed = sessions.ring().seal(key.as_bytes(), &json, sessions.random());
        let until = Some(kept.expires.plus(MEMORY_OF_THE_ENDED));
        sessions.store().put(key, Keep { sealed: &sealed, until }, sessions.now()).await
    }
}

async fn begin(client: Client, kept: Kept) -> Result<Begun, Refused> {
    let session = client.resume(&kept.session).await?;
    // The name of a session is used again for the same account only; but it is somebody's account that is at stake.
    if *session.account() != kept.account || session.kind() != Kind::Oauth {
        return Err(Refused::SessionOver);
    }
    let until = kept.expires.min(client.sessions().now().plus(LOOK_AGAIN));
    Ok(Begun { session: session.limited(Arc::new(Limit::of(kept.scopes))), until })
}

/// The scopes that are not covered by what was granted, and those that mean nothing: what nobody can judge is not given
/// out.
fn not_within(scopes: &Scopes, granted: &Scopes) -> Scopes {
    let held = Permissions::of(granted);
    scopes.filter(|scope| scope.parse::<Permission>().is_err() || !covers(&held, granted, scope))
}

impl Kept {
    fn into_reference(self, key: RowKey) -> Reference {
        Reference {
            id: ReferenceId(key),
            name: self.name,
            account: self.account,
            scopes: self.scopes,
            created: self.created,
            expires: self.expires,
            is_revoked: self.revoked,
        }
    }
}

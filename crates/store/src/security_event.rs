//! Security events: what an account's owner may want to look back at (AS-48, SEC-71).

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::legacy::LegacySessionId;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;
use crate::device::DeviceId;
use crate::token::TokenId;

/// Something that happened to an account, as its owner is told of it. Nothing in it opens anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    /// To which account.
    pub account: Did,
    /// When.
    pub at: UnixTime,
    /// What.
    pub kind: SecurityEventKind,
    /// In which session or browser, where it is known.
    pub session: Option<EventSession>,
    /// Through what: a client's id, the product that a program calls itself, or what a browser says of itself.
    pub client: Option<String>,
    /// What it was done with or to: the name of an app password, the `include:` of a permission set.
    pub subject: Option<String>,
    /// Scopes that it is about, at most [`LONGEST_SCOPE`] bytes of them.
    pub scope: Option<String>,
    /// Roughly from where: a network, never an address.
    pub place: Option<String>,
}

impl SecurityEvent {
    /// An event of which no more is known.
    pub const fn new(account: Did, kind: SecurityEventKind, at: UnixTime) -> Self {
        Self { account, at, kind, session: None, client: None, subject: None, scope: None, place: None }
    }

    /// In this session.
    #[must_use]
    pub fn session(self, session: impl Into<EventSession>) -> Self {
        Self { session: Some(session.into()), ..self }
    }

    /// Through this client.
    #[must_use]
    pub fn client(self, client: impl Into<String>) -> Self {
        Self { client: Some(client.into()), ..self }
    }

    /// With or to this.
    #[must_use]
    pub fn subject(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }

    /// About these scopes; a text that is longer than [`LONGEST_SCOPE`] is cut at a space.
    #[must_use]
    pub fn scope(self, scope: &str) -> Self {
        let scope = if scope.len() <= LONGEST_SCOPE {
            scope.to_owned()
        } else {
            let whole = scope.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST_SCOPE).last();
            let head = scope.get(..whole.unwrap_or(0)).unwrap_or_default();
            format!("{} …", head.rsplit_once(' ').map_or(head, |(head, _)| head))
        };
        Self { scope: Some(scope), ..self }
    }

    /// From this network.
    #[must_use]
    pub fn place(self, place: impl Into<String>) -> Self {
        Self { place: Some(place.into()), ..self }
    }

    /// Whether both tell of the same, whenever it was.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let Self { account, at: _, kind, session, client, subject, scope, place } = self;
        let with = (&other.account, &other.kind, &other.session, &other.client, &other.subject);
        (account, kind, session, client, subject) == with && (scope, place) == (&other.scope, &other.place)
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecurityEventKind {
    /// An app password was made.
    AppPasswordCreated,
    /// A program signed in with an app password.
    AppPasswordUsed,
    /// The e-mail address was changed.
    EmailChanged,
    /// A second factor was added.
    FactorAdded,
    /// A second factor was removed.
    FactorRemoved,
    /// The password was right, and the code of the second factor was not.
    FactorWrong,
    /// An application was given access.
    Grant,
    /// A session was renewed from a network that the log did not know it from.
    NewNetwork,
    /// The password was replaced.
    PasswordChanged,
    /// A program signed in with the password of the account.
    PasswordSession,
    /// A program tried what it is not allowed.
    ScopeRefused,
    /// Another version of a permission set changed what an application may do.
    SetChanged,
    /// Somebody signed in in a browser.
    SignIn,
}

impl SecurityEventKind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::AppPasswordCreated,
        Self::AppPasswordUsed,
        Self::EmailChanged,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::FactorWrong,
        Self::Grant,
        Self::NewNetwork,
        Self::PasswordChanged,
        Self::PasswordSession,
        Self::ScopeRefused,
        Self::SetChanged,
        Self::SignIn,
    ];

    /// As rows, messages and downloads call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AppPasswordCreated => "app-password-created",
            Self::AppPasswordUsed => "app-password-used",
            Self::EmailChanged => "email-changed",
            Self::FactorAdded => "factor-added",
            Self::FactorRemoved => "factor-removed",
            Self::FactorWrong => "factor-wrong",
            Self::Grant => "grant",
            Self::NewNetwork => "new-network",
            Self::PasswordChanged => "password-changed",
            Self::PasswordSession => "password-session",
            Self::ScopeRefused => "scope-refused",
            Self::SetChanged => "set-changed",
            Self::SignIn => "sign-in",
        }
    }

    /// What [`word`](Self::word) wrote.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A session that an event was in, of either kind, or the browser.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventSession(pub [u8; 16]);

impl From<TokenId> for EventSession {
    fn from(id: TokenId) -> Self {
        Self(id.0)
    }
}

impl From<&DeviceId> for EventSession {
    /// What is done in one browser, be its name and network whatever they are.
    fn from(id: &DeviceId) -> Self {
        let mut first = [0; 16];
        for (byte, digest) in first.iter_mut().zip(sha256(format!("event {}", id.0).as_bytes())) {
            *byte = digest;
        }
        Self(first)
    }
}

impl From<LegacySessionId> for EventSession {
    fn from(id: LegacySessionId) -> Self {
        Self(id.0)
    }
}

impl fmt::Debug for EventSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventSession(…)")
    }
}

/// Of each kind this many events of an account are kept, the newest ones: many of one kind push out no other.
pub const MOST_EVENTS: usize = 200;

/// An event is forgotten this long after it happened.
pub const EVENT_MEMORY: Duration = Duration::from_hours(180 * 24);

/// What happens again within this time of when it was noted is not noted again.
pub const EVENT_REPEAT: Duration = Duration::from_hours(1);

/// The longest text of scopes that is kept with an event, in bytes.
pub const LONGEST_SCOPE: usize = 2000;

/// Events.
#[async_trait]
pub trait SecurityEventStore: Send + Sync {
    /// Notes an event, unless one like it was noted less than [`EVENT_REPEAT`] before. A
    /// [`NewNetwork`](SecurityEventKind::NewNetwork) is noted only if no event that is kept was in the same session from
    /// the same place. Asked for on each refresh: what is noted already costs no write.
    async fn note_security_event(&self, event: SecurityEvent) -> Result<(), StoreError>;
    /// The events of an account, newest first.
    async fn list_security_events(&self, account: &Did) -> Result<Vec<SecurityEvent>, StoreError>;
}

/// What was noted lately, so that what happens again and again is not even looked up.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Debug, Default)]
pub(crate) struct NotedEvents {
    noted: parking_lot::Mutex<std::collections::HashMap<u64, UnixTime>>,
    hasher: std::collections::hash_map::RandomState,
}

/// Half of them are forgotten when there are so many.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
const MOST_NOTED: usize = 16_384;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl NotedEvents {
    /// Whether it is certain that the event need not be noted.
    pub(crate) fn has(&self, event: &SecurityEvent) -> bool {
        let noted = self.noted.lock().get(&self.key(event)).copied();
        noted.is_some_and(|at| {
            event.kind == SecurityEventKind::NewNetwork || event.at.since(at) < EVENT_REPEAT
        })
    }

    /// Remembers that an event is noted, since this time.
    pub(crate) fn put(&self, event: &SecurityEvent, at: UnixTime) {
        let mut noted = self.noted.lock();
        if noted.len() >= MOST_NOTED {
            let mut keep = false;
            noted.retain(|_, _| {
                keep = !keep;
                keep
            });
        }
        noted.insert(self.key(event), at);
    }

    fn key(&self, event: &SecurityEvent) -> u64 {
        use std::hash::BuildHasher as _;
        let SecurityEvent { account, at: _, kind, session, client, subject, scope, place } = event;
        if *kind == SecurityEventKind::NewNetwork {
            return self.hasher.hash_one((kind, session, place));
        }
        self.hasher.hash_one((account.as_str(), kind, session, client, subject, scope, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_word_of_its_own() {
        for kind in SecurityEventKind::ALL {
            assert_eq!(SecurityEventKind::read(kind.word()), Some(kind));
        }
        assert_eq!(SecurityEventKind::read("nothing"), None);
    }

    #[test]
    fn long_scopes_are_cut_between_two() {
        let event = |scope: &str| {
            let account = "did:web:a.example.com".parse().unwrap();
            SecurityEvent::new(account, SecurityEventKind::Grant, UnixTime::from_seconds(1))
                .scope(scope)
                .scope
        };
        assert_eq!(event("atproto repo:*").as_deref(), Some("atproto repo:*"));
        let long = format!("atproto {}", "repo:com.example.ü ".repeat(300));
        let cut = event(&long).unwrap();
        assert!(cut.len() <= LONGEST_SCOPE + 4 && cut.ends_with("repo:com.example.ü …"), "{cut}");
        assert_eq!(event(&"x".repeat(3000)).map(|scope| scope.len()), Some(LONGEST_SCOPE + 4));
    }
}

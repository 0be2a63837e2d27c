//! What an embedder decides: who the server is, how long things live, how much strangers may send.

use std::collections::HashSet;
use std::time::Duration;

use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::scope::{AccountAction, NsidOrAny, Permission, Transition};
use gatewright_protocol::syntax::Did;
use ipnet::IpNet;
use url::Url;

pub use gatewright_guard::rate::Rate;

pub use crate::pages::brand::{Brand, Colour, NotAColour};

/// What the server is told once, when it is built.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of an operator, not a state")]
#[non_exhaustive]
pub struct Settings {
    /// Who the server is, and where browsers and clients reach it.
    pub issuer: Issuer,
    /// Relaxes what only a network on loopback needs: plain HTTP, client metadata on localhost (CM-37).
    pub development: bool,
    /// The resource servers that tokens are made for; the first is the one of accounts that name none.
    pub audiences: Vec<Audience>,
    /// The DID of this server, where it is the entryway of hosts: what the refresh tokens of their password sessions are
    /// for. [`Builder::entryway`](crate::Builder::entryway) sets it.
    pub entryway: Option<Did>,
    /// How long things live (spec.md 0.1).
    pub lifetimes: Lifetimes,
    /// How much strangers may send.
    pub limits: Limits,
    /// The name and colours of the pages.
    pub brand: Brand,
    /// Clients whose name and picture are shown, and whom consent may be remembered for (CM-11).
    pub trusted_clients: HashSet<ClientId>,
    /// Whether sessions of trusted public clients live as long as those of confidential ones.
    pub long_sessions_for_trusted_clients: bool,
    /// Whether `native` clients may be confidential (CM-12, P10). It is for the [`Resolver`](gatewright_resolve::Resolver)
    /// that a server makes itself; one that is given by [`Builder::clients`](crate::Builder::clients) has it
    /// from its own builder.
    pub confidential_native_clients: bool,
    /// Whether a client assertion without `exp` counts as ending 60 s after its `iat` (CM-27).
    pub tolerate_absent_assertion_expiry: bool,
    /// Whether a request without `state` is taken.
    pub tolerate_absent_state: bool,
    /// What a permission set that gives more than before means for the sessions it was approved for (PS-23).
    pub set_changes: SetChanges,
    /// When people prove themselves once more.
    pub step_up: StepUp,
    /// How long a sign-in takes at least, so that its time tells nothing (AS-37).
    pub sign_in_floor: Duration,
    /// Proxies in front of the server, whose word about the address of a browser is taken.
    pub trusted_proxies: Vec<IpNet>,
}

impl Settings {
    /// The defaults of a production server.
    pub fn new(issuer: Issuer) -> Self {
        Self {
            issuer,
            development: false,
            audiences: Vec::new(),
            entryway: None,
            lifetimes: Lifetimes::default(),
            limits: Limits::default(),
            brand: Brand::default(),
            trusted_clients: HashSet::new(),
            long_sessions_for_trusted_clients: false,
            confidential_native_clients: false,
            tolerate_absent_assertion_expiry: false,
            tolerate_absent_state: false,
            set_changes: SetChanges::default(),
            step_up: StepUp::default(),
            sign_in_floor: Duration::from_millis(400),
            trusted_proxies: Vec::new(),
        }
    }

    /// The resource server of this DID, if tokens are made for it.
    pub fn audience(&self, service: &Did) -> Option<&Audience> {
        self.audiences.iter().find(|audience| audience.service == *service)
    }

    /// The resource server of an account that is kept at this one, or at none by name.
    pub fn audience_of(&self, host: Option<&Did>) -> Option<&Audience> {
        host.map_or_else(|| self.audiences.first(), |host| self.audience(host))
    }

    /// Whether the operator vouches for this client (CM-11).
    pub fn trusts(&self, client: &ClientId) -> bool {
        self.trusted_clients.contains(client)
    }

    /// How long the session of a client lives, and its refresh token between two rotations.
    pub fn session(&self, client: &ClientId, auth: &ClientAuth) -> SessionLifetime {
        let confidential = match auth {
            ClientAuth::None => self.long_sessions_for_trusted_clients && self.trusts(client),
            ClientAuth::PrivateKeyJwt { .. } => true,
        };
        if confidential { self.lifetimes.confidential } else { self.lifetimes.public }
    }
}

/// The identifier of the authorization server: an origin in canonical form, without a trailing slash (ID-21).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Issuer {
    text: String,
    secure: bool,
}

impl Issuer {
    /// Reads an issuer. `http` is for the hosts of the own machine only, and there only in `development`.
    ///
    /// # Errors
    /// It is not an origin in canonical form, or not one that may be served.
    pub fn parse(text: &str, development: bool) -> Result<Self, InvalidIssuer> {
        let url = Url::parse(text).map_err(|_| InvalidIssuer::NotOrigin)?;
        if url.origin().ascii_serialization() != text {
            return Err(InvalidIssuer::NotOrigin);
        }
        match url.scheme() {
            "https" => Ok(Self { text: text.to_owned(), secure: true }),
            "http" if development && is_loopback(&url) => Ok(Self { text: text.to_owned(), secure: false }),
            _ => Err(InvalidIssuer::NotSecure),
        }
    }

    /// What stands in settings until the issuer is known.
    pub(crate) fn placeholder() -> Self {
        Self { text: String::new(), secure: true }
    }

    /// The origin as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is reached by TLS: cookies are `Secure` then, and HSTS is sent (SEC-70).
    pub const fn is_secure(&self) -> bool {
        self.secure
    }
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// A text that cannot be an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidIssuer {
    /// It has a path, a default port, capitals, or is no URL at all.
    #[error("an issuer is an origin like https://auth.example.com, without path or trailing slash")]
    NotOrigin,
    /// It is not reached by TLS.
    #[error("an issuer is https; http is for localhost in development only")]
    NotSecure,
}

/// A resource server that tokens are made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Its public origin, as its metadata says it: what `protected_resources` lists (AS-14).
    pub origin: String,
    /// Its DID: the `aud` of its tokens.
    pub service: Did,
    /// How it checks them.
    pub verification: Verification,
}

/// How a resource server checks access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// By one key that its operator gave it (`PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX`), as stock hosts do whose
    /// entryway this server is: that key signs their access tokens, which carry their scope, and their password
    /// sessions, too.
    Entryway,
    /// By the key set alone: tokens carry their scope, and live shorter.
    Jwks,
    /// It shares the store: every request looks the token up, so that a revocation is effective at once.
    Shared,
}

/// What a permission set that gives more than before means for the sessions it was approved for (PS-23). What a set does
/// not give any more is gone at the next refresh whatever this is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SetChanges {
    /// They have it from their next refresh, as the specification has it. The account page tells.
    #[default]
    Follow,
    /// They do not have it until the person approves it, on the account page or when the client asks again.
    Hold,
    /// As `Follow`, and the person is told by mail.
    Notify,
}

/// When people prove themselves once more: with their second factor, or their password where they have none.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StepUp {
    /// Whoever proved themselves on the same device so lately is not asked again.
    pub fresh: Duration,
    /// What is granted to nobody without it. Making an app password and changing a factor always ask.
    pub scopes: Vec<BroadScope>,
}

impl Default for StepUp {
    fn default() -> Self {
        Self { fresh: 10 * MINUTE, scopes: BroadScope::ALL.to_vec() }
    }
}

/// Scopes that open so much that granting them may ask for a fresh proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroadScope {
    /// `account:*?action=manage`: changing anything about the account.
    AccountManage,
    /// `identity:*`: changing the handle, or all of the identity.
    Identity,
    /// `repo:*`: writing to every collection.
    RepoAny,
    /// `transition:generic`: all that an app password could do.
    TransitionGeneric,
}

impl BroadScope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::AccountManage, Self::Identity, Self::RepoAny, Self::TransitionGeneric];

    /// As a configuration writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountManage => "account:*?action=manage",
            Self::Identity => "identity:*",
            Self::RepoAny => "repo:*",
            Self::TransitionGeneric => "transition:generic",
        }
    }

    /// Reads what a configuration writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    /// Whether this permission is one of these.
    pub fn covers(self, permission: &Permission) -> bool {
        match (self, permission) {
            (Self::AccountManage, Permission::Account(account)) => {
                account.action.contains(&AccountAction::Manage)
            }
            (Self::Identity, Permission::Identity(_))
            | (Self::TransitionGeneric, Permission::Transition(Transition::Generic)) => true,
            (Self::RepoAny, Permission::Repo(repo)) => repo.collection.contains(&NsidOrAny::Any),
            _ => false,
        }
    }
}

/// How long things live (spec.md 0.1).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Lifetimes {
    /// Access tokens for an audience that shares the store.
    pub access_shared: Duration,
    /// Access tokens for an audience that has the key set, or one key, only.
    pub access_jwks: Duration,
    /// Sessions of public clients.
    pub public: SessionLifetime,
    /// Sessions of confidential clients.
    pub confidential: SessionLifetime,
    /// From approval to the end of the code.
    pub code: Duration,
    /// From a push, or the last time the page was opened, to the end of the request.
    pub request: Duration,
    /// From a push to the end of the request, however often the page is opened.
    pub request_cap: Duration,
    /// How long a code challenge may not come again (AS-29).
    pub challenge: Duration,
    /// How long a remembered sign-in is good without the password (AS-37).
    pub remembered_sign_in: Duration,
    /// How long a sign-in for one request is good (AS-37).
    pub request_sign_in: Duration,
    /// How long a sign-in whose password was right waits for its second factor.
    pub waiting_sign_in: Duration,
    /// After this long the secret of a device is replaced (AS-36).
    pub device_secret: Duration,
    /// How long the secret before that is taken still (AS-36).
    pub device_grace: Duration,
    /// How long a lost answer can be asked for again (AS-57).
    pub recovery: Duration,
    /// Devices are forgotten this long after they last came.
    pub device: Duration,
    /// Access tokens of password sessions. Clients refresh 15 minutes before the end, so they live clearly longer
    /// (SESS-14).
    pub legacy_access: Duration,
    /// The same for an account at a host whose entryway this server is: such a host does not ask whether the session was
    /// ended, so they live no longer than clients need to refresh in time.
    pub legacy_access_entryway: Duration,
    /// Refresh tokens of password sessions.
    pub legacy_refresh: Duration,
    /// How long a used refresh token of a password session gives the same next one (SESS-16).
    pub legacy_grace: Duration,
}

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetime {
    /// From the exchange of the code.
    pub session: Duration,
    /// From the last rotation.
    pub refresh: Duration,
}

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_shared: 15 * MINUTE,
            access_jwks: 5 * MINUTE,
            public: SessionLifetime { session: 14 * DAY, refresh: 14 * DAY },
            confidential: SessionLifetime { session: 730 * DAY, refresh: 90 * DAY },
            code: MINUTE,
            request: 5 * MINUTE,
            request_cap: 15 * MINUTE,
            challenge: DAY,
            remembered_sign_in: 7 * DAY,
            request_sign_in: 15 * MINUTE,
            waiting_sign_in: 5 * MINUTE,
            device_secret: 5 * MINUTE,
            device_grace: Duration::from_secs(5),
            recovery: MINUTE,
            device: 90 * DAY,
            legacy_access: 120 * MINUTE,
            legacy_access_entryway: 30 * MINUTE,
            legacy_refresh: 90 * DAY,
            legacy_grace: 120 * MINUTE,
        }
    }
}

impl Lifetimes {
    /// Of an access token for this kind of audience.
    pub const fn access(&self, verification: Verification) -> Duration {
        match verification {
            Verification::Entryway | Verification::Jwks => self.access_jwks,
            Verification::Shared => self.access_shared,
        }
    }
}

/// How much strangers may send (AS-49). What passes a limit is answered 429 and changes nothing.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Whether requests are counted at all.
    pub enabled: bool,
    /// Sign-ins for one identifier from one network.
    pub sign_in: Rate,
    /// The same over a day.
    pub sign_in_daily: Rate,
    /// Sign-ins from one network, whoever is named.
    pub sign_in_network: Rate,
    /// Attempts to make an account from one network.
    pub sign_up: Rate,
    /// Wrong codes for the second factor of one account, wherever they come from.
    pub wrong_codes: Rate,
    /// Pushed requests of public clients from one network.
    pub push_public: Rate,
    /// Pushed requests of one confidential client.
    pub push_confidential: Rate,
    /// Refreshes of one session.
    pub session: Rate,
    /// Refused requests to PAR, token and revoke from one network.
    pub refused: Rate,
    /// Revocations from one network that ended nothing.
    pub revoked_nothing: Rate,
    /// Opened authorization pages from one network.
    pub open: Rate,
    /// How long the permission sets of one request may take to be looked up, all together (PS-27).
    pub set_resolution: Duration,
    /// Calls of methods from one network.
    pub calls: Rate,
    /// Mail that strangers ask for from one network.
    pub mail: Rate,
    /// The same over a day.
    pub mail_daily: Rate,
    /// Mail that one account asks for.
    pub mail_account: Rate,
    /// The same over a day.
    pub mail_account_daily: Rate,
    /// Codes of mail that are tried from one network.
    pub mail_codes: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        const FIVE: Duration = Duration::from_mins(5);
        const HOUR: Duration = Duration::from_hours(1);
        Self {
            enabled: true,
            sign_in: Rate { count: 30, window: FIVE },
            sign_in_daily: Rate { count: 300, window: DAY },
            sign_in_network: Rate { count: 300, window: FIVE },
            sign_up: Rate { count: 100, window: FIVE },
            wrong_codes: Rate { count: 50, window: DAY },
            push_public: Rate { count: 100, window: FIVE },
            push_confidential: Rate { count: 3000, window: FIVE },
            session: Rate { count: 30, window: FIVE },
            refused: Rate { count: 300, window: FIVE },
            revoked_nothing: Rate { count: 300, window: FIVE },
            open: Rate { count: 600, window: FIVE },
            set_resolution: Duration::from_secs(8),
            calls: Rate { count: 3000, window: FIVE },
            mail: Rate { count: 15, window: HOUR },
            mail_daily: Rate { count: 50, window: DAY },
            mail_account: Rate { count: 5, window: HOUR },
            mail_account_daily: Rate { count: 15, window: DAY },
            mail_codes: Rate { count: 50, window: FIVE },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broad_scopes_are_those_that_open_much() {
        let all = BroadScope::ALL;
        assert!(all.iter().all(|scope| BroadScope::parse(scope.as_str()) == Some(*scope)));
        for (text, expected) in [
            ("identity:*", Some(BroadScope::Identity)),
            ("identity:handle", Some(BroadScope::Identity)),
            ("repo:*", Some(BroadScope::RepoAny)),
            ("repo:*?action=delete", Some(BroadScope::RepoAny)),
            ("repo?collection=com.example.note&collection=*", Some(BroadScope::RepoAny)),
            ("account:email?action=manage", Some(BroadScope::AccountManage)),
            ("account:repo?action=manage", Some(BroadScope::AccountManage)),
            ("transition:generic", Some(BroadScope::TransitionGeneric)),
            ("transition:email", None),
            ("account:email", None),
            ("repo:com.example.note", None),
            ("rpc:*?aud=did:web:a.example%23b", None),
            ("blob:*/*", None),
            ("atproto", None),
        ] {
            let permission: Permission = text.parse().expect(text);
            let covering: Vec<BroadScope> =
                all.into_iter().filter(|scope| scope.covers(&permission)).collect();
            assert_eq!(covering, Vec::from_iter(expected), "{text}");
        }
    }

    #[test]
    fn sec_70_issuers_without_tls_are_for_development_on_loopback_only() {
        for (text, production, development) in [
            ("https://auth.example.com", true, true),
            ("https://auth.example.com:8443", true, true),
            ("http://localhost:2583", false, true),
            ("http://127.0.0.1:2583", false, true),
            ("http://auth.example.com", false, false),
            ("https://auth.example.com/", false, false),
            ("https://auth.example.com:443", false, false),
            ("https://auth.example.com/path", false, false),
            ("https://Auth.example.com", false, false),
            ("https://me@auth.example.com", false, false),
            ("ftp://auth.example.com", false, false),
        ] {
            assert_eq!(Issuer::parse(text, false).is_ok(), production, "{text}");
            assert_eq!(Issuer::parse(text, true).is_ok(), development, "{text}");
        }
    }
}

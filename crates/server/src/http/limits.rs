//! How much strangers may send (AS-49): what is counted, and by what.

use gatewright_guard::rate::{Budget, Counter, TooMany};
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use super::extract::peer::Network;
use crate::operations::ProvenClient;
use crate::settings::Limits;

/// The counters of one server. Their memory is bounded (SEC-72).
#[derive(Debug)]
pub(crate) struct RateLimits {
    enabled: bool,
    sign_in: Counter,
    sign_in_daily: Counter,
    sign_in_network: Counter,
    sign_up: Counter,
    push_public: Counter,
    push_confidential: Counter,
    refused: Counter,
    insistent: Counter,
    revoked_nothing: Counter,
    open: Counter,
    calls: Counter,
    mail: Counter,
    mail_daily: Counter,
    mail_account: Counter,
    mail_account_daily: Counter,
    mail_codes: Counter,
}

impl RateLimits {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            enabled: limits.enabled,
            sign_in: Counter::new(limits.sign_in),
            sign_in_daily: Counter::new(limits.sign_in_daily),
            sign_in_network: Counter::new(limits.sign_in_network),
            sign_up: Counter::new(limits.sign_up),
            push_public: Counter::new(limits.push_public),
            push_confidential: Counter::new(limits.push_confidential),
            refused: Counter::new(limits.refused),
            insistent: Counter::new(limits.refused),
            revoked_nothing: Counter::new(limits.revoked_nothing),
            open: Counter::new(limits.open),
            calls: Counter::new(limits.calls),
            mail: Counter::new(limits.mail),
            mail_daily: Counter::new(limits.mail_daily),
            mail_account: Counter::new(limits.mail_account),
            mail_account_daily: Counter::new(limits.mail_account_daily),
            mail_codes: Counter::new(limits.mail_codes),
        }
    }

    /// A sign-in, be it on a page or by `createSession` (SESS-9). The identifier is part of the key, so that nobody can
    /// lock a victim out from elsewhere (SEC-63). What is left, where anything is counted.
    pub(crate) fn sign_in(
        &self,
        network: Network,
        identifier: &str,
        now: UnixTime,
    ) -> Result<Option<Budget>, TooMany> {
        if !self.enabled {
            return Ok(None);
        }
        let identifier = identifier.trim().trim_start_matches('@').to_lowercase();
        self.sign_in_network.check(network, now)?;
        self.sign_in_daily.check((network, &identifier), now)?;
        let short = self.sign_in.spend((network, &identifier), 1, now)?;
        let daily = self.sign_in_daily.spend((network, &identifier), 1, now)?;
        let all = self.sign_in_network.spend(network, 1, now)?;
        Ok(Some(short.tighter(daily).tighter(all)))
    }

    /// An attempt to make an account, on a page or by `createAccount`: it may cost a password's hash and an identity.
    pub(crate) fn sign_up(&self, network: Network, now: UnixTime) -> Result<Option<Budget>, TooMany> {
        if self.enabled { self.sign_up.spend(network, 1, now).map(Some) } else { Ok(None) }
    }

    /// A call of a method (RS-12). What is left, where anything is counted.
    pub(crate) fn call(&self, network: Network, now: UnixTime) -> Result<Option<Budget>, TooMany> {
        if self.enabled { self.calls.spend(network, 1, now).map(Some) } else { Ok(None) }
    }

    /// Mail that a stranger asks for, in whoever's name.
    pub(crate) fn mail(&self, network: Network, now: UnixTime) -> Result<(), TooMany> {
        if !self.enabled {
            return Ok(());
        }
        self.mail_daily.check(network, now)?;
        self.mail.count(network, now)?;
        self.mail_daily.count(network, now)
    }

    /// Mail that an account asks for, for itself.
    pub(crate) fn mail_account(&self, account: &Did, now: UnixTime) -> Result<(), TooMany> {
        if !self.enabled {
            return Ok(());
        }
        self.mail_account_daily.check(account, now)?;
        self.mail_account.count(account, now)?;
        self.mail_account_daily.count(account, now)
    }

    /// A code of mail that is tried.
    pub(crate) fn mail_code(&self, network: Network, now: UnixTime) -> Result<(), TooMany> {
        if self.enabled { self.mail_codes.count(network, now) } else { Ok(()) }
    }

    /// A pushed request: public clients are anybody, so their networks are counted; others by their name.
    pub(crate) fn push(&self, network: Network, client: &ProvenClient, now: UnixTime) -> Result<(), TooMany> {
        if !self.enabled {
            return Ok(());
        }
        match client.auth {
            ClientAuth::None => self.push_public.count(network, now),
            ClientAuth::PrivateKeyJwt { .. } => {
                self.push_confidential.count(client.metadata.client_id.as_str(), now)
            }
        }
    }

    /// An authorization page that is opened.
    pub(crate) fn open(&self, network: Network, now: UnixTime) -> Result<(), TooMany> {
        if self.enabled { self.open.count(network, now) } else { Ok(()) }
    }

    /// Whether a network was refused too often. Only failures are counted: one back end refreshes thousands of sessions
    /// from one address.
    pub(crate) fn check_refused(&self, network: Network, now: UnixTime) -> Result<(), TooMany> {
        if self.enabled { self.refused.check(network, now) } else { Ok(()) }
    }

    /// A client was told to wait, and had its proof checked and remembered for that. Whoever goes on all the same is
    /// refused sooner, so that nobody fills the memory of proofs or assertions (SEC-72): a public client, whose name
    /// anybody can use, with its network; a confidential one by itself.
    pub(crate) fn count_insistent(&self, network: Network, client: &ProvenClient, now: UnixTime) {
        if let ClientAuth::None = client.auth {
            return self.count_refused(network, now);
        }
        if self.enabled {
            let _ = self.insistent.count((network, client.metadata.client_id.as_str()), now);
        }
    }

    /// Whether a client went on all the same too often.
    pub(crate) fn check_insistent(
        &self,
        network: Network,
        client: &str,
        now: UnixTime,
    ) -> Result<(), TooMany> {
        if self.enabled { self.insistent.check((network, client), now) } else { Ok(()) }
    }

    /// Whether a network revoked nothing too often: such requests are no refusals (AS-64), but cost as much.
    pub(crate) fn check_revoked_nothing(&self, network: Network, now: UnixTime) -> Result<(), TooMany> {
        if self.enabled { self.revoked_nothing.check(network, now) } else { Ok(()) }
    }

    /// A revocation ended nothing.
    pub(crate) fn count_revoked_nothing(&self, network: Network, now: UnixTime) {
        if self.enabled {
            // Being over the limit shows at the next request.
            let _ = self.revoked_nothing.count(network, now);
        }
    }

    /// A network was refused.
    pub(crate) fn count_refused(&self, network: Network, now: UnixTime) {
        if self.enabled {
            // Being over the limit shows at the next request.
            let _ = self.refused.count(network, now);
        }
    }
}

//! Names, addresses and sockets of a test's own making.
//!
//! Only with the feature `testing`, which no released binary has. Every check stays in force: a scripted name is
//! given the address that the test wants judged, and once that has passed, a socket on this machine answers for it
//! (without TLS, which a test has no certificates for).

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::time::{Clock, UnixTime};
use parking_lot::Mutex;
use url::Url;

use crate::dns::{Dns, DnsError};

/// An internet in one struct. Unknown names do not exist.
#[derive(Debug, Default)]
pub struct Scripted(Mutex<Names>);

#[derive(Debug, Default)]
struct Names {
    txt: HashMap<String, Vec<String>>,
    addresses: HashMap<String, Vec<IpAddr>>,
    sockets: HashMap<String, SocketAddr>,
    failing: bool,
    lookups: usize,
}

impl Scripted {
    /// With no names at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the TXT values of `name`.
    pub fn set_txt(&self, name: &str, values: &[&str]) {
        self.0.lock().txt.insert(name.to_owned(), values.iter().map(|&value| value.to_owned()).collect());
    }

    /// Sets the addresses that `name` is looked up to, for the checks to judge.
    pub fn set_addresses(&self, name: &str, addresses: &[IpAddr]) {
        self.0.lock().addresses.insert(name.to_owned(), addresses.to_vec());
    }

    /// `https://{name}` is answered by plain HTTP at `socket`; the name gets a public address.
    pub fn set_server(&self, name: &str, socket: SocketAddr) {
        let mut names = self.0.lock();
        names.sockets.insert(name.to_owned(), socket);
        names.addresses.entry(name.to_owned()).or_insert_with(|| vec![IpAddr::from([9, 9, 9, 9])]);
    }

    /// Whether the name servers answer nothing but failures.
    pub fn set_failing(&self, failing: bool) {
        self.0.lock().failing = failing;
    }

    /// How many names were looked up to addresses so far.
    pub fn lookups(&self) -> usize {
        self.0.lock().lookups
    }

    pub(crate) fn sockets(&self, name: &str) -> Vec<SocketAddr> {
        self.0.lock().sockets.get(name).copied().into_iter().collect()
    }

    /// The URL under which reqwest speaks plain HTTP to the scripted socket of the host.
    pub(crate) fn without_tls(url: &Url) -> Url {
        let mut url = url.clone();
        if url.scheme() == "https" {
            url.set_scheme("http").expect("http is as special as https");
        }
        url
    }
}

#[async_trait]
impl Dns for Scripted {
    async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let names = self.0.lock();
        if names.failing {
            Err(DnsError::Failed)
        } else {
            Ok(names.txt.get(name).cloned().unwrap_or_default())
        }
    }

    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        let mut names = self.0.lock();
        names.lookups += 1;
        if names.failing {
            return Err(DnsError::Failed);
        }
        Ok(names.addresses.get(name).cloned().unwrap_or_default())
    }
}

/// A clock that only a test moves.
#[derive(Debug)]
pub struct TestClock(Mutex<UnixTime>);

impl TestClock {
    /// At some fixed time.
    pub fn new() -> Self {
        Self(Mutex::new(UnixTime::from_seconds(1_790_000_000)))
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock();
        *now = now.plus(by);
    }

    /// Sets it, forward or back.
    pub fn set(&self, to: UnixTime) {
        *self.0.lock() = to;
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        *self.0.lock()
    }
}

//! Codes: each is good once, for a minute, and only for who began.

use std::collections::HashMap;
use std::time::Duration;

use gatewright_client::Session;
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::time::UnixTime;
use parking_lot::Mutex;

use super::request::Request;

/// How long a code is good.
const LIFE: Duration = Duration::from_mins(1);
/// More of them are never open: the oldest makes room.
const MOST: usize = 10_000;

/// What a code is exchanged for.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) request: Request,
    pub(super) session: Session,
    /// What of it the person granted.
    pub(super) scope: Scopes,
}

/// The codes that are open, by their hash.
#[derive(Debug, Default)]
pub(super) struct Codes(Mutex<HashMap<[u8; 32], (UnixTime, Grant)>>);

impl Codes {
    /// A code for this.
    pub(super) fn make(&self, grant: Grant, random: &dyn Random, now: UnixTime) -> String {
        let code = base64url_encode(&random_bytes::<32>(random));
        let mut open = self.0.lock();
        open.retain(|_, (made, _)| now.since(*made) < LIFE);
        if open.len() >= MOST
            && let Some(oldest) = open.iter().min_by_key(|(_, (made, _))| *made).map(|(hash, _)| *hash)
        {
            open.remove(&oldest);
        }
        open.insert(sha256(code.as_bytes()), (now, grant));
        code
    }

    /// What the code is good for. It is good for nothing after that, whatever comes of it.
    pub(super) fn take(&self, code: &str, now: UnixTime) -> Option<Grant> {
        let mut open = self.0.lock();
        let (made, grant) = open.remove(&sha256(code.as_bytes()))?;
        (now.since(made) < LIFE).then_some(grant)
    }
}

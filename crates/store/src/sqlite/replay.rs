//! Replay memory.

use async_trait::async_trait;
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::time::UnixTime;
use rusqlite::params;

use super::writer::Write;
use super::{Sqlite, full, statements};
use crate::StoreError;
use crate::replay::{Namespace, ReplayStore};

#[async_trait]
impl ReplayStore for Sqlite {
    async fn remember(
        &self,
        namespace: Namespace,
        key: [u8; 32],
        until: UnixTime,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let key = match namespace {
            Namespace::Proof => return self.proofs.remember(key, until, now),
            Namespace::Assertion => key,
            Namespace::PasskeyQuestion => labelled(b"passkey question", key),
            Namespace::ServiceToken => labelled(b"service token", key),
        };
        self.write(move |write| remember_in(write, key, until, now)).await
    }
}

/// All that survives a restart shares the table of assertions; so that the same bytes are two uses, they are other bytes
/// there.
fn labelled(label: &[u8], key: [u8; 32]) -> [u8; 32] {
    sha256(&[label, key.as_slice()].concat())
}

fn remember_in(
    write: &mut Write<'_>,
    key: [u8; 32],
    until: UnixTime,
    now: UnixTime,
) -> Result<bool, StoreError> {
    if write.execute(INSERT, params![key, until.millis()])? == 0 {
        return Ok(write.execute(RENEW, params![key, until.millis(), now.millis()])? > 0);
    }
    if write.counts.assertions >= write.limits.assertions {
        return Err(full("assertions"));
    }
    write.counts.assertions += 1;
    Ok(true)
}

statements! {
    INSERT = "INSERT INTO assertion (key, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    /// One whose time is over and that was not swept yet.
    RENEW = "UPDATE assertion SET until = ?2 WHERE key = ?1 AND until <= ?3";
}

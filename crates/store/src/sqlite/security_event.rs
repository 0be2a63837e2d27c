//! Security events.

use async_trait::async_trait;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use rusqlite::{Row, params};

use super::account::{clamp, own};
use super::row::{Columns, all, one};
use super::writer::Write;
use super::{Sqlite, statements};
use crate::StoreError;
use crate::security_event::{
    EVENT_MEMORY, EVENT_REPEAT, EventSession, MOST_EVENTS, SecurityEvent, SecurityEventKind,
    SecurityEventStore,
};

#[async_trait]
impl SecurityEventStore for Sqlite {
    async fn note_security_event(&self, event: SecurityEvent) -> Result<(), StoreError> {
        if self.noted_events.has(&event) {
            return Ok(());
        }
        let noted = event.clone();
        let at = self.write(move |write| note_in(write, &event)).await?;
        self.noted_events.put(&noted, at);
        Ok(())
    }

    async fn list_security_events(&self, account: &Did) -> Result<Vec<SecurityEvent>, StoreError> {
        let account = account.clone();
        self.scan(move |connection| all(connection, LIST, [account.as_str()], read)).await
    }
}

/// Deletes up to `batch` events that are old; how many those were.
pub(super) fn sweep(write: &Write<'_>, now: UnixTime, batch: i64) -> Result<u64, StoreError> {
    Ok(write.execute(SWEEP, [now.minus(EVENT_MEMORY).millis(), batch])? as u64)
}

/// Since when it is noted: now, or since the one before it.
fn note_in(write: &mut Write<'_>, event: &SecurityEvent) -> Result<UnixTime, StoreError> {
    let SecurityEvent { account, at, kind, session, client, subject, scope, place } = event;
    let session = session.map(|session| session.0);
    let since = |row: &Row<'_>| Columns::new("security_event", row).time(1, "at");
    let known = match kind {
        SecurityEventKind::NewNetwork => one(write.connection, KNOWN, params![session, place], since)?,
        kind => {
            let after = at.minus(EVENT_REPEAT).millis();
            let like = params![account.as_str(), kind.word(), after, session, client, subject, scope, place];
            one(write.connection, LIKE, like, since)?
        }
    };
    if let Some(known) = known {
        return Ok(known);
    }
    own(write, account)?;
    insert(write, event)?;
    Ok(*at)
}

/// Notes an event that is known to be the first of its kind, as that of a session which begins: of an account that has
/// its owner's row.
pub(super) fn insert(write: &Write<'_>, event: &SecurityEvent) -> Result<(), StoreError> {
    let SecurityEvent { account, at, kind, session, client, subject, scope, place } = event;
    let session = session.map(|session| session.0);
    let row = params![account.as_str(), at.millis(), kind.word(), session, client, subject, scope, place];
    write.execute(INSERT, row)?;
    write.execute(TRIM, params![account.as_str(), kind.word(), clamp(MOST_EVENTS)])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<SecurityEvent, StoreError> {
    let columns = Columns::new("security_event", row);
    let kind = SecurityEventKind::read(columns.text(3, "kind")?);
    Ok(SecurityEvent {
        account: columns.parse(1, "account")?,
        at: columns.time(2, "at")?,
        kind: columns.read("kind", kind)?,
        session: columns.value::<Option<[u8; 16]>>(4, "session")?.map(EventSession),
        client: columns.value(5, "client")?,
        subject: columns.value(6, "subject")?,
        scope: columns.value(7, "scope")?,
        place: columns.value(8, "place")?,
    })
}

statements! {
    LIST = "SELECT number, account, at, kind, session, client, subject, scope, place FROM security_event \
        WHERE account = ?1 ORDER BY at DESC, number DESC";
    KNOWN = "SELECT number, at FROM security_event WHERE session = ?1 AND place IS ?2 LIMIT 1";
    LIKE = "SELECT number, at FROM security_event WHERE account = ?1 AND kind = ?2 AND at > ?3 AND session IS ?4 \
        AND client IS ?5 AND subject IS ?6 AND scope IS ?7 AND place IS ?8 ORDER BY at DESC LIMIT 1";
    INSERT = "INSERT INTO security_event (account, at, kind, session, client, subject, scope, place) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    /// The newest ones stay.
    TRIM = "DELETE FROM security_event WHERE number IN (SELECT number FROM security_event \
        WHERE account = ?1 AND kind = ?2 ORDER BY at DESC, number DESC LIMIT -1 OFFSET ?3)";
    SWEEP = "DELETE FROM security_event WHERE number IN \
        (SELECT number FROM security_event WHERE at <= ?1 LIMIT ?2)";
}

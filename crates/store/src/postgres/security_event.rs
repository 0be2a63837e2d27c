//! Security events.

use async_trait::async_trait;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::PgRow;

use super::account::{clamp, own};
use super::row::{Columns, Params, all, one, params};
use super::writer::{Write, atomic};
use super::{Postgres, read, statements};
use crate::StoreError;
use crate::security_event::{
    EVENT_MEMORY, EVENT_REPEAT, EventSession, MOST_EVENTS, SecurityEvent, SecurityEventKind,
    SecurityEventStore,
};

#[async_trait]
impl SecurityEventStore for Postgres {
    async fn note_security_event(&self, event: SecurityEvent) -> Result<(), StoreError> {
        if self.noted_events.has(&event) {
            return Ok(());
        }
        let noted = event.clone();
        let at = atomic!(self, write => note_in(write, &event).await)?;
        self.noted_events.put(&noted, at);
        Ok(())
    }

    async fn list_security_events(&self, account: &Did) -> Result<Vec<SecurityEvent>, StoreError> {
        read!(self, connection => all(connection, LIST, params![account.as_str()], read).await)
    }
}

/// Deletes up to `batch` events that are old; how many those were.
pub(super) async fn sweep(write: &mut Write, now: UnixTime, batch: i64) -> Result<u64, StoreError> {
    Ok(write.execute(SWEEP, params![now.minus(EVENT_MEMORY).millis(), batch]).await? as u64)
}

/// Since when it is noted: now, or since the one before it.
async fn note_in(write: &mut Write, event: &SecurityEvent) -> Result<UnixTime, StoreError> {
    let SecurityEvent { account, at, kind, session, client, subject, scope, place } = event;
    let session = session.map(|session| session.0);
    let since = |row: &PgRow| Columns::new("security_event", row).time(1, "at");
    let known = match kind {
        SecurityEventKind::NewNetwork => {
            one(&mut write.connection, KNOWN, params![session, place], since).await?
        }
        kind => {
            let after = at.minus(EVENT_REPEAT).millis();
            let like = params![account.as_str(), kind.word(), after, session, client, subject, scope, place];
            one(&mut write.connection, LIKE, like, since).await?
        }
    };
    if let Some(known) = known {
        return Ok(known);
    }
    own(write, account).await?;
    insert(write, event).await?;
    Ok(*at)
}

/// Notes an event that is known to be the first of its kind, as that of a session which begins: of an account that has
/// its owner's row.
pub(super) async fn insert(write: &mut Write, event: &SecurityEvent) -> Result<(), StoreError> {
    let SecurityEvent { account, at, kind, session, client, subject, scope, place } = event;
    let session = session.map(|session| session.0);
    let row = params![account.as_str(), at.millis(), kind.word(), session, client, subject, scope, place];
    write.execute(INSERT, row).await?;
    write.execute(TRIM, params![account.as_str(), kind.word(), clamp(MOST_EVENTS)]).await?;
    Ok(())
}

/// These values, and those of an event's columns after its account, all null without one; then how many stay beside it.
pub(super) fn params_of(params: Params, event: Option<&SecurityEvent>) -> Params {
    let text = |of: fn(&SecurityEvent) -> &Option<String>| event.and_then(|event| of(event).clone());
    params
        .with(&event.map(|event| event.at.millis()))
        .with(&event.map(|event| event.kind.word()))
        .with(&event.and_then(|event| event.session).map(|session| session.0))
        .with(&text(|event| &event.client))
        .with(&text(|event| &event.subject))
        .with(&text(|event| &event.scope))
        .with(&text(|event| &event.place))
        .with(&clamp(MOST_EVENTS - 1))
}

fn read(row: &PgRow) -> Result<SecurityEvent, StoreError> {
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
        WHERE account = $1 ORDER BY at DESC, number DESC";
    KNOWN = "SELECT number, at FROM security_event WHERE session = $1 AND place IS NOT DISTINCT FROM $2 LIMIT 1";
    LIKE = "SELECT number, at FROM security_event WHERE account = $1 AND kind = $2 AND at > $3 AND session IS NOT DISTINCT FROM $4 \
        AND client IS NOT DISTINCT FROM $5 AND subject IS NOT DISTINCT FROM $6 AND scope IS NOT DISTINCT FROM $7 AND place IS NOT DISTINCT FROM $8 ORDER BY at DESC LIMIT 1";
    INSERT = "INSERT INTO security_event (account, at, kind, session, client, subject, scope, place) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// The newest ones stay.
    TRIM = "DELETE FROM security_event WHERE number IN (SELECT number FROM security_event \
        WHERE account = $1 AND kind = $2 ORDER BY at DESC, number DESC OFFSET $3)";
    SWEEP = "DELETE FROM security_event WHERE number IN \
        (SELECT number FROM security_event WHERE at <= $1 LIMIT $2)";
}

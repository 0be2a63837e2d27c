//! Lexicons.

use async_trait::async_trait;
use bytes::Bytes;
use cid::Cid;
use gatewright_protocol::syntax::{Did, Nsid, Tid};
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::PgRow;

use super::account::clamp;
use super::room::{Kind, signed};
use super::row::{Columns, all, one, params};
use super::writer::{Write, atomic};
use super::{Postgres, full, read, statements};
use crate::StoreError;
use crate::lexicon::{
    CurrentLexicon, LexiconKept, LexiconStore, LexiconVersion, MOST_AUTHORITIES, MOST_VERSIONS,
};

#[async_trait]
impl LexiconStore for Postgres {
    async fn find_lexicon(&self, nsid: &Nsid) -> Result<Option<CurrentLexicon>, StoreError> {
        let current = |row: &PgRow| {
            let checked_at = Columns::new("lexicon", row).time(6, "checked_at")?;
            Ok(CurrentLexicon { version: read(row)?, checked_at })
        };
        read!(self, connection => one(connection, FIND, params![nsid.as_str()], current).await)
    }

    async fn keep_lexicon(&self, resolved: LexiconVersion) -> Result<LexiconKept, StoreError> {
        let is_full = self.is_full(Kind::LexiconVersions).await?;
        atomic!(self, write => keep_in(write, &resolved, is_full).await)
    }

    async fn find_lexicon_at(
        &self,
        nsid: &Nsid,
        time: UnixTime,
    ) -> Result<Option<LexiconVersion>, StoreError> {
        read!(self, connection => one(connection, FIND_AT, params![nsid.as_str(), time.millis()], read).await)
    }

    async fn list_lexicon_versions(
        &self,
        nsid: &Nsid,
        limit: usize,
    ) -> Result<Vec<LexiconVersion>, StoreError> {
        read!(self, connection => all(connection, LIST, params![nsid.as_str(), clamp(limit)], read).await)
    }
}

async fn keep_in(
    write: &mut Write,
    resolved: &LexiconVersion,
    is_full: bool,
) -> Result<LexiconKept, StoreError> {
    let (nsid, did) = (resolved.nsid.as_str(), resolved.did.as_str());
    let seen = one(&mut write.connection, FIND_SEEN, params![nsid, did], |row| {
        let columns = Columns::new("lexicon_authority", row);
        Ok((columns.parse::<Tid>(0, "rev")?, cid(&columns, 1)?))
    })
    .await?;
    if seen.is_some_and(|(rev, cid)| resolved.rev < rev || (resolved.rev == rev && resolved.cid != cid)) {
        return Ok(LexiconKept::RolledBack);
    }
    let current = one(&mut write.connection, FIND_NEWEST, params![nsid], |row| {
        let columns = Columns::new("lexicon_version", row);
        Ok((columns.parse::<Did>(0, "did")?, cid(&columns, 1)?))
    })
    .await?;
    if current.is_none() && is_full {
        return Err(full("lexicons"));
    }
    let now = resolved.resolved_at.millis();
    let address = resolved.cid.to_bytes();
    write.execute(CHECK, params![nsid, now]).await?;
    write.execute(SEE, params![nsid, did, resolved.rev.as_str(), address, now]).await?;
    write.execute(FORGET_AUTHORITIES, params![nsid, did, clamp(MOST_AUTHORITIES - 1)]).await?;
    if current.is_some_and(|(of, cid)| of == resolved.did && cid == resolved.cid) {
        return Ok(LexiconKept::Unchanged);
    }
    let document: &[u8] = &resolved.document;
    write.execute(INSERT, params![nsid, did, address, resolved.rev.as_str(), document, now]).await?;
    let forgotten = if is_full {
        write.execute(FORGET_OLDEST, params![nsid]).await?
    } else {
        write.execute(FORGET_VERSIONS, params![nsid, clamp(MOST_VERSIONS)]).await?
    };
    write.grew(Kind::LexiconVersions, 1 - signed(forgotten));
    Ok(LexiconKept::New)
}

/// Forgets up to `batch` lexicons that were last seen at this time or before; how many those were.
pub(super) async fn sweep_in(write: &mut Write, seen_by: UnixTime, batch: usize) -> Result<u64, StoreError> {
    let old = |row: &PgRow| Columns::new("lexicon", row).value::<String>(0, "nsid");
    let names = all(&mut write.connection, LIST_UNSEEN, params![seen_by.millis(), clamp(batch)], old).await?;
    for name in &names {
        let versions = write.execute(DELETE_VERSIONS, params![name]).await?;
        write.grew(Kind::LexiconVersions, -signed(versions));
        write.execute(DELETE, params![name]).await?;
    }
    Ok(names.len() as u64)
}

fn read(row: &PgRow) -> Result<LexiconVersion, StoreError> {
    let columns = Columns::new("lexicon_version", row);
    Ok(LexiconVersion {
        nsid: columns.parse(0, "nsid")?,
        did: columns.parse(1, "did")?,
        cid: cid(&columns, 2)?,
        rev: columns.parse(3, "rev")?,
        document: Bytes::copy_from_slice(columns.bytes(4, "document")?),
        resolved_at: columns.time(5, "resolved_at")?,
    })
}

fn cid(columns: &Columns<'_>, at: usize) -> Result<Cid, StoreError> {
    columns.read("cid", Cid::try_from(columns.bytes(at, "cid")?).ok())
}

statements! {
    FIND = "SELECT nsid, did, cid, rev, document, resolved_at, \
        (SELECT checked_at FROM lexicon WHERE lexicon.nsid = lexicon_version.nsid) \
        FROM lexicon_version WHERE nsid = $1 ORDER BY number DESC LIMIT 1";
    FIND_AT = "SELECT nsid, did, cid, rev, document, resolved_at FROM lexicon_version \
        WHERE nsid = $1 AND resolved_at <= $2 ORDER BY number DESC LIMIT 1";
    FIND_NEWEST = "SELECT did, cid FROM lexicon_version WHERE nsid = $1 ORDER BY number DESC LIMIT 1";
    FIND_SEEN = "SELECT rev, cid FROM lexicon_authority WHERE nsid = $1 AND did = $2";
    LIST = "SELECT nsid, did, cid, rev, document, resolved_at FROM lexicon_version \
        WHERE nsid = $1 ORDER BY number DESC LIMIT $2";
    CHECK = "INSERT INTO lexicon (nsid, checked_at) VALUES ($1, $2) \
        ON CONFLICT (nsid) DO UPDATE SET checked_at = excluded.checked_at";
    SEE = "INSERT INTO lexicon_authority (nsid, did, rev, cid, seen_at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (nsid, did) DO UPDATE SET rev = excluded.rev, cid = excluded.cid, seen_at = excluded.seen_at";
    INSERT = "INSERT INTO lexicon_version (nsid, did, cid, rev, document, resolved_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    LIST_UNSEEN = "SELECT nsid FROM lexicon WHERE checked_at <= $1 LIMIT $2";
    DELETE_VERSIONS = "DELETE FROM lexicon_version WHERE nsid = $1";
    DELETE = "DELETE FROM lexicon WHERE nsid = $1";
    FORGET_AUTHORITIES = "DELETE FROM lexicon_authority WHERE nsid = $1 AND did IN \
        (SELECT did FROM lexicon_authority WHERE nsid = $1 AND did <> $2 \
        ORDER BY seen_at DESC, did DESC OFFSET $3)";
    FORGET_VERSIONS = "DELETE FROM lexicon_version WHERE number IN \
        (SELECT number FROM lexicon_version WHERE nsid = $1 ORDER BY number DESC OFFSET $2)";
    FORGET_OLDEST = "DELETE FROM lexicon_version WHERE number = \
        (SELECT min(number) FROM lexicon_version WHERE nsid = $1)";
}

//! Deleting what has expired. What no index leads to is looked for by a reader; the thread that writes only deletes by
//! key, and looks again whether it has really expired.

use async_trait::async_trait;
use gatewright_protocol::time::UnixTime;
use rusqlite::{Row, params};

use super::account::clamp;
use super::row::{Columns, all};
use super::writer::Write;
use super::{
    Sqlite, app_password, factor, legacy_session, lexicon, mail_code, request, scope_reference,
    security_event, statements, token,
};
use crate::StoreError;
use crate::device::{ACCOUNT_PAGES, ACCOUNT_PAGES_MEMORY, DeviceId};
use crate::request::USED_CODE_MEMORY;
use crate::sweep::{Horizon, Sweep, UNUSED_DEVICE};
use crate::token::TokenId;

#[async_trait]
impl Sweep for Sqlite {
    async fn sweep(&self, horizon: Horizon) -> Result<u64, StoreError> {
        let (tokens, devices) = self
            .scan(move |connection| {
                Ok((old_tokens(connection, &horizon)?, old_devices(connection, &horizon)?))
            })
            .await?;
        let rows = self.write(move |write| sweep_in(write, &horizon, tokens, devices)).await?;
        Ok(rows + self.proofs.sweep(horizon.now))
    }
}

fn old_tokens(connection: &rusqlite::Connection, horizon: &Horizon) -> Result<Vec<TokenId>, StoreError> {
    let before = |life| horizon.now.minus(life).millis();
    let params = params![
        before(horizon.public_session),
        before(horizon.public_refresh),
        before(horizon.confidential_session),
        before(horizon.confidential_refresh),
        clamp(horizon.batch)
    ];
    all(connection, OLD_TOKENS, params, |row: &Row<'_>| {
        Columns::new("token", row).value(0, "id").map(TokenId)
    })
}

fn old_devices(connection: &rusqlite::Connection, horizon: &Horizon) -> Result<Vec<DeviceId>, StoreError> {
    let (seen_by, unused_by) = device_horizon(horizon);
    let params = params![seen_by.millis(), unused_by.millis(), clamp(horizon.batch)];
    all(connection, OLD_DEVICES, params, |row: &Row<'_>| {
        Columns::new("device", row).value(0, "id").map(DeviceId)
    })
}

/// When a device must have come since, and one on which nobody signed in.
fn device_horizon(horizon: &Horizon) -> (UnixTime, UnixTime) {
    let seen_by = horizon.now.minus(horizon.device);
    (seen_by, seen_by.max(horizon.now.minus(UNUSED_DEVICE)))
}

fn sweep_in(
    write: &mut Write<'_>,
    horizon: &Horizon,
    tokens: Vec<TokenId>,
    devices: Vec<DeviceId>,
) -> Result<u64, StoreError> {
    let (now, batch) = (horizon.now.millis(), clamp(horizon.batch));
    let mut swept = request::delete_where(write, REQUESTS, [now, batch])?;
    let challenges = write.execute(CHALLENGES, [now, batch])? as u64;
    write.counts.challenges = write.counts.challenges.saturating_sub(challenges);
    let assertions = write.execute(ASSERTIONS, [now, batch])? as u64;
    write.counts.assertions = write.counts.assertions.saturating_sub(assertions);
    swept += challenges + assertions;
    let later = horizon.now.plus(USED_CODE_MEMORY).millis();
    write.execute(CODES_IN_USE, [now, batch, later])?;
    swept += write.execute(USED_CODES, [now, batch])? as u64;
    let account_pages = horizon.now.minus(ACCOUNT_PAGES_MEMORY).millis();
    swept += write.execute(SIGN_INS, params![batch, ACCOUNT_PAGES, account_pages])? as u64;
    swept += lexicon::sweep_in(write, horizon.unseen_lexicon(), horizon.batch)?;
    swept += legacy_session::sweep(write, now, batch)?;
    swept += app_password::sweep(write, now, batch)?;
    swept += factor::sweep(write, now, batch)?;
    swept += mail_code::sweep(write, now, batch)?;
    swept += scope_reference::sweep(write, now, batch)?;
    swept += security_event::sweep(write, horizon.now, batch)?;
    for id in tokens {
        let is_over = token::find(write.connection, id)?.is_some_and(|token| horizon.is_over(&token));
        swept += u64::from(is_over && token::end(write, id)?);
    }
    let (seen_by, unused_by) = device_horizon(horizon);
    for id in devices {
        let deleted = write.execute(DEVICE, params![id.0, seen_by.millis(), unused_by.millis()])? as u64;
        write.counts.devices = write.counts.devices.saturating_sub(deleted);
        swept += deleted;
    }
    Ok(swept)
}

statements! {
    OLD_TOKENS = "SELECT id FROM token WHERE CASE WHEN began_public \
        THEN created_at <= ?1 OR rotated_at <= ?2 ELSE created_at <= ?3 OR rotated_at <= ?4 END LIMIT ?5";
    OLD_DEVICES = "SELECT id FROM device WHERE seen_at <= ?1 OR (seen_at <= ?2 AND NOT EXISTS \
        (SELECT 1 FROM device_account WHERE device_account.device = device.id)) LIMIT ?3";
    DEVICE = "DELETE FROM device WHERE id = ?1 AND (seen_at <= ?2 OR (seen_at <= ?3 AND NOT EXISTS \
        (SELECT 1 FROM device_account WHERE device_account.device = device.id)))";
    REQUESTS = "DELETE FROM request WHERE number IN \
        (SELECT number FROM request WHERE coalesce(code_expires_at, expires_at) <= ?1 LIMIT ?2) RETURNING id";
    CHALLENGES = "DELETE FROM challenge WHERE challenge IN (SELECT challenge FROM challenge WHERE until <= ?1 LIMIT ?2)";
    ASSERTIONS = "DELETE FROM assertion WHERE key IN (SELECT key FROM assertion WHERE until <= ?1 LIMIT ?2)";
    /// Those of tokens that live are looked at again after a day, so that they cost no more than that.
    CODES_IN_USE = "UPDATE used_code SET until = ?3 WHERE code IN (SELECT code FROM used_code WHERE until <= ?1 \
        AND EXISTS (SELECT 1 FROM token WHERE token.id = used_code.token) LIMIT ?2)";
    USED_CODES = "DELETE FROM used_code WHERE code IN (SELECT code FROM used_code WHERE until <= ?1 \
        AND NOT EXISTS (SELECT 1 FROM token WHERE token.id = used_code.token) LIMIT ?2)";
    /// Sign-ins for a request that is gone, and old ones of the account pages.
    SIGN_INS = "DELETE FROM device_account WHERE request <> '' AND (device, account, request) IN \
        (SELECT device, account, request FROM device_account WHERE request <> '' AND NOT EXISTS \
        (SELECT 1 FROM request WHERE request.id = device_account.request) \
        AND (request <> ?2 OR signed_in_at <= ?3) LIMIT ?1)";
}

//! Deleting what has expired. What no index leads to is looked for outside of the step, which only deletes by key, and looks
//! again whether it has really expired. Every node sweeps; that two find the same is of no harm.

use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::{PgConnection, PgRow};

use super::account::clamp;
use super::room::{Grown, Kind, signed};
use super::row::{Columns, all, params};
use super::writer::{Write, atomic};
use super::{
    Postgres, app_password, factor, legacy_session, lexicon, mail_code, read, request, scope_reference,
    security_event, statements, token,
};
use crate::StoreError;
use crate::device::{ACCOUNT_PAGES, ACCOUNT_PAGES_MEMORY, DeviceId};
use crate::request::USED_CODE_MEMORY;
use crate::sweep::{Horizon, Sweep, UNUSED_DEVICE};
use crate::token::TokenId;

/// How far the clocks of two nodes may be apart. What may be used once is kept so much longer, for the node whose clock
/// shows less would take it still when another one sweeps.
const CLOCKS_APART: Duration = Duration::from_secs(90);

#[async_trait]
impl Sweep for Postgres {
    async fn sweep(&self, horizon: Horizon) -> Result<u64, StoreError> {
        let (tokens, devices) = read!(self, connection => {
            self.room.count(connection).await?;
            (old_tokens(connection, &horizon).await?, old_devices(connection, &horizon).await?)
        });
        let proofs = params![horizon.now.minus(CLOCKS_APART).millis(), clamp(horizon.batch)];
        let swept = read!(self, connection => all(connection, PROOFS, proofs, |_| Ok(())).await)?.len();
        self.room.apply(&Grown::of(Kind::Proofs, -signed(swept)));
        let rows = atomic!(self, write => sweep_in(write, &horizon, &tokens, &devices).await)?;
        Ok(rows + swept as u64)
    }
}

async fn old_tokens(connection: &mut PgConnection, horizon: &Horizon) -> Result<Vec<TokenId>, StoreError> {
    let before = |life| horizon.now.minus(life).millis();
    let params = params![
        before(horizon.public_session),
        before(horizon.public_refresh),
        before(horizon.confidential_session),
        before(horizon.confidential_refresh),
        clamp(horizon.batch)
    ];
    all(connection, OLD_TOKENS, params, |row: &PgRow| Columns::new("token", row).value(0, "id").map(TokenId))
        .await
}

async fn old_devices(connection: &mut PgConnection, horizon: &Horizon) -> Result<Vec<DeviceId>, StoreError> {
    let (seen_by, unused_by) = device_horizon(horizon);
    let params = params![seen_by.millis(), unused_by.millis(), clamp(horizon.batch)];
    all(connection, OLD_DEVICES, params, |row: &PgRow| {
        Columns::new("device", row).value(0, "id").map(DeviceId)
    })
    .await
}

/// When a device must have come since, and one on which nobody signed in.
fn device_horizon(horizon: &Horizon) -> (UnixTime, UnixTime) {
    let seen_by = horizon.now.minus(horizon.device);
    (seen_by, seen_by.max(horizon.now.minus(UNUSED_DEVICE)))
}

async fn sweep_in(
    write: &mut Write,
    horizon: &Horizon,
    tokens: &[TokenId],
    devices: &[DeviceId],
) -> Result<u64, StoreError> {
    let (now, batch) = (horizon.now.millis(), clamp(horizon.batch));
    let mut swept = request::delete_where(write, REQUESTS, params![now, batch]).await?;
    let used_by = horizon.now.minus(CLOCKS_APART).millis();
    for (sql, kind, by) in [(CHALLENGES, Kind::Challenges, now), (ASSERTIONS, Kind::Assertions, used_by)] {
        let rows = write.execute(sql, params![by, batch]).await?;
        write.grew(kind, -signed(rows));
        swept += rows as u64;
    }
    let later = horizon.now.plus(USED_CODE_MEMORY).millis();
    write.execute(CODES_IN_USE, params![now, batch, later]).await?;
    swept += write.execute(USED_CODES, params![now, batch]).await? as u64;
    let account_pages = horizon.now.minus(ACCOUNT_PAGES_MEMORY).millis();
    swept += write.execute(SIGN_INS, params![batch, ACCOUNT_PAGES, account_pages]).await? as u64;
    swept += lexicon::sweep_in(write, horizon.unseen_lexicon(), horizon.batch).await?;
    swept += legacy_session::sweep(write, now, batch).await?;
    swept += app_password::sweep(write, now, batch).await?;
    swept += factor::sweep(write, now, batch).await?;
    swept += mail_code::sweep(write, now, batch).await?;
    swept += scope_reference::sweep(write, now, batch).await?;
    swept += security_event::sweep(write, horizon.now, batch).await?;
    for id in tokens {
        let is_over =
            token::find(&mut write.connection, *id).await?.is_some_and(|token| horizon.is_over(&token));
        swept += u64::from(is_over && token::end(write, *id).await?);
    }
    let (seen_by, unused_by) = device_horizon(horizon);
    for id in devices {
        let deleted = write.execute(DEVICE, params![id.0, seen_by.millis(), unused_by.millis()]).await?;
        write.grew(Kind::Devices, -signed(deleted));
        swept += deleted as u64;
    }
    Ok(swept)
}

statements! {
    OLD_TOKENS = "SELECT id FROM token WHERE CASE WHEN began_public \
        THEN created_at <= $1 OR rotated_at <= $2 ELSE created_at <= $3 OR rotated_at <= $4 END LIMIT $5";
    OLD_DEVICES = "SELECT id FROM device WHERE seen_at <= $1 OR (seen_at <= $2 AND NOT EXISTS \
        (SELECT 1 FROM device_account WHERE device_account.device = device.id)) LIMIT $3";
    DEVICE = "DELETE FROM device WHERE id = $1 AND (seen_at <= $2 OR (seen_at <= $3 AND NOT EXISTS \
        (SELECT 1 FROM device_account WHERE device_account.device = device.id)))";
    REQUESTS = "DELETE FROM request WHERE number IN \
        (SELECT number FROM request WHERE coalesce(code_expires_at, expires_at) <= $1 LIMIT $2) RETURNING id";
    CHALLENGES = "DELETE FROM challenge WHERE challenge IN (SELECT challenge FROM challenge WHERE until <= $1 LIMIT $2)";
    PROOFS = "DELETE FROM proof WHERE key IN (SELECT key FROM proof WHERE until <= $1 LIMIT $2) RETURNING 1";
    ASSERTIONS = "DELETE FROM assertion WHERE key IN (SELECT key FROM assertion WHERE until <= $1 LIMIT $2)";
    /// Those of tokens that live are looked at again after a day, so that they cost no more than that.
    CODES_IN_USE = "UPDATE used_code SET until = $3 WHERE code IN (SELECT code FROM used_code WHERE until <= $1 \
        AND EXISTS (SELECT 1 FROM token WHERE token.id = used_code.token) LIMIT $2)";
    USED_CODES = "DELETE FROM used_code WHERE code IN (SELECT code FROM used_code WHERE until <= $1 \
        AND NOT EXISTS (SELECT 1 FROM token WHERE token.id = used_code.token) LIMIT $2)";
    /// Sign-ins for a request that is gone, and old ones of the account pages.
    SIGN_INS = "DELETE FROM device_account WHERE request <> '' AND (device, account, request) IN \
        (SELECT device, account, request FROM device_account WHERE request <> '' AND NOT EXISTS \
        (SELECT 1 FROM request WHERE request.id = device_account.request) \
        AND (request <> $2 OR signed_in_at <= $3) LIMIT $1)";
}

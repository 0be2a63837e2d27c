//! Second factors, and sign-ins that wait for one.

use async_trait::async_trait;
use gatewright_protocol::factor::OneTimeCodeHash;
use gatewright_protocol::secret::DeviceSecretHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::{PgConnection, PgRow};

use super::account::{has_password, own};
use super::device::{is_known, keep_sign_in, replace_secret};
use super::row::{self, Columns, one, params};
use super::writer::{Write, atomic};
use super::{Postgres, crowd, read, statements};
use crate::StoreError;
use crate::account::PasswordHash;
use crate::device::{ACCOUNT_PAGES, DeviceAccount, DeviceId};
use crate::factor::{
    Factor, FactorCreated, FactorId, FactorKind, FactorStore, FactorUse, MOST, NewFactor, WaitingSignIn,
};
use crate::request::RequestId;

#[async_trait]
impl FactorStore for Postgres {
    async fn create_factor(&self, new: NewFactor) -> Result<FactorCreated, StoreError> {
        atomic!(self, write => create_in(write, &new).await)
    }

    async fn find_factor(&self, id: FactorId) -> Result<Option<Factor>, StoreError> {
        read!(self, connection => one(connection, FIND, params![id.0], read).await)
    }

    async fn list_factors(&self, account: &Did) -> Result<Vec<Factor>, StoreError> {
        let pool = self.pool.clone();
        let ask = move |accounts| crowd::rows(pool.clone(), LIST, 1, accounts);
        self.factors.ask(account.to_string(), ask).await?.iter().map(read).collect()
    }

    async fn use_factor(&self, used: FactorUse) -> Result<bool, StoreError> {
        let FactorUse { id, counter, sealed, at } = used;
        atomic!(self, write => {
            Ok(write.execute(USE, params![id.0, count(counter), sealed, at.millis()]).await? > 0)
        })
    }

    async fn delete_factor(&self, account: &Did, id: FactorId) -> Result<bool, StoreError> {
        atomic!(self, write => {
            let deleted = write.execute(DELETE, params![id.0, account.as_str()]).await? > 0;
            if deleted && count_in(&mut write.connection, COUNT, account).await? == 0 {
                write.execute(DELETE_RECOVERY, params![account.as_str()]).await?;
            }
            Ok(deleted)
        })
    }

    async fn replace_recovery_codes(
        &self,
        account: &Did,
        codes: Vec<OneTimeCodeHash>,
    ) -> Result<bool, StoreError> {
        atomic!(self, write => {
            if count_in(&mut write.connection, COUNT, account).await? == 0 {
                return Ok(false);
            }
            replace_recovery(write, account, &codes).await?;
            Ok(true)
        })
    }

    async fn count_recovery_codes(&self, account: &Did) -> Result<usize, StoreError> {
        read!(self, connection => count_in(connection, COUNT_RECOVERY, account).await)
    }

    async fn consume_recovery_code(&self, account: &Did, code: OneTimeCodeHash) -> Result<bool, StoreError> {
        atomic!(self, write => {
            Ok(write.execute(CONSUME_RECOVERY, params![account.as_str(), code.0]).await? > 0)
        })
    }

    async fn await_factor(
        &self,
        waiting: WaitingSignIn,
        proven: Option<PasswordHash>,
    ) -> Result<bool, StoreError> {
        atomic!(self, write => {
            let account = &waiting.account;
            if let Some(password) = &proven
                && !has_password(write, account, password).await?
            {
                return Ok(false);
            }
            if !is_known(write, &waiting.device).await? {
                return Ok(false);
            }
            own(write, account).await?;
            let (device, request) = (waiting.device.0.as_str(), waiting.request.0.as_str());
            let (tries, ends_at) = (waiting.tries, waiting.ends_at.millis());
            write.execute(
                AWAIT,
                params![device, request, account.as_str(), waiting.remember, tries, ends_at]).await?;
            Ok(true)
        })
    }

    async fn find_waiting_sign_in(
        &self,
        device: &DeviceId,
        request: &RequestId,
        now: UnixTime,
    ) -> Result<Option<WaitingSignIn>, StoreError> {
        read!(self, connection => find_waiting(connection, device, request, now).await)
    }

    async fn try_waiting_sign_in(
        &self,
        device: &DeviceId,
        request: &RequestId,
        most: u32,
        now: UnixTime,
    ) -> Result<Option<WaitingSignIn>, StoreError> {
        atomic!(self, write => {
            let (at, of) = (device.0.as_str(), request.0.as_str());
            match find_waiting(&mut write.connection, device, request, now).await? {
                Some(waiting) if waiting.tries < most => {
                    write.execute(TRY, params![at, of]).await?;
                    Ok(Some(WaitingSignIn { tries: waiting.tries + 1, ..waiting }))
                }
                _ => {
                    write.execute(END, params![at, of]).await?;
                    Ok(None)
                }
            }
        })
    }

    async fn complete_waiting_sign_in(
        &self,
        waiting: &WaitingSignIn,
        rotate_to: DeviceSecretHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        atomic!(self, write => {
            let WaitingSignIn { device, request, account, .. } = waiting.clone();
            let found = find_waiting(&mut write.connection, &device, &request, now).await?;
            let Some(found) = found.filter(|found| found.account == account) else { return Ok(false) };
            if !request_is_open(&mut write.connection, &request).await?
                || !replace_secret(write, &device, rotate_to, now).await?
            {
                return Ok(false);
            }
            write.execute(END, params![device.0.as_str(), request.0.as_str()]).await?;
            let request = (!found.remember).then_some(request);
            let sign_in = DeviceAccount { device, account, signed_in_at: now, proven_at: now, request };
            keep_sign_in(write, &sign_in).await?;
            Ok(true)
        })
    }

    async fn prove_device(&self, device: &DeviceId, account: &Did, at: UnixTime) -> Result<bool, StoreError> {
        atomic!(self, write => {
            Ok(write.execute(PROVE, params![device.0, account.as_str(), at.millis()]).await? > 0)
        })
    }
}

/// Ends what is under way with the factors of an account: its password is another now.
pub(super) async fn end_waiting(write: &mut Write, account: &Did) -> Result<(), StoreError> {
    write.execute(END_WAITING, params![account.as_str()]).await.map(drop)
}

/// Deletes up to `batch` waiting sign-ins whose time has passed; how many rows those were.
pub(super) async fn sweep(write: &mut Write, now: i64, batch: i64) -> Result<u64, StoreError> {
    Ok(write.execute(SWEEP_WAITING, params![now, batch]).await? as u64)
}

async fn create_in(write: &mut Write, new: &NewFactor) -> Result<FactorCreated, StoreError> {
    let NewFactor { factor, recovery_codes, device } = new;
    let (account, kind) = (factor.account.as_str(), kind_column(factor.kind));
    let is_taken =
        one(&mut write.connection, IS_TAKEN, params![factor.id.0, account, kind], |_| Ok(())).await?;
    if is_taken.is_some() {
        return Ok(FactorCreated::Taken);
    }
    if count_in(&mut write.connection, COUNT, &factor.account).await? >= MOST {
        return Ok(FactorCreated::TooMany);
    }
    own(write, &factor.account).await?;
    write
        .execute(
            INSERT,
            params![
                factor.id.0,
                account,
                kind,
                factor.name,
                factor.sealed,
                count(factor.counter),
                factor.created_at.millis(),
                factor.used_at.map(UnixTime::millis)
            ],
        )
        .await?;
    if !recovery_codes.is_empty() {
        replace_recovery(write, &factor.account, recovery_codes).await?;
    }
    write.execute(UNPROVE_ELSEWHERE, params![device.0.as_str(), account]).await?;
    Ok(FactorCreated::Created)
}

async fn replace_recovery(
    write: &mut Write,
    account: &Did,
    codes: &[OneTimeCodeHash],
) -> Result<(), StoreError> {
    write.execute(DELETE_RECOVERY, params![account.as_str()]).await?;
    for code in codes {
        write.execute(INSERT_RECOVERY, params![account.as_str(), code.0]).await?;
    }
    Ok(())
}

async fn count_in(
    connection: &mut PgConnection,
    sql: &'static str,
    account: &Did,
) -> Result<usize, StoreError> {
    let rows = row::count(connection, sql, params![account.as_str()]).await?;
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

/// A request takes its sign-ins along when it goes: none is made for one that is gone.
async fn request_is_open(connection: &mut PgConnection, request: &RequestId) -> Result<bool, StoreError> {
    let is_open = |_: &PgRow| Ok(());
    Ok(request.0 == ACCOUNT_PAGES
        || one(connection, FIND_REQUEST, params![request.0.as_str()], is_open).await?.is_some())
}

async fn find_waiting(
    connection: &mut PgConnection,
    device: &DeviceId,
    request: &RequestId,
    now: UnixTime,
) -> Result<Option<WaitingSignIn>, StoreError> {
    one(connection, FIND_WAITING, params![device.0, request.0, now.millis()], read_waiting).await
}

/// PostgreSQL counts with signs.
fn count(counter: u64) -> i64 {
    i64::try_from(counter).unwrap_or(i64::MAX)
}

fn kind_column(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Email => "email",
        FactorKind::Passkey => "passkey",
        FactorKind::Totp => "totp",
    }
}

fn read(row: &PgRow) -> Result<Factor, StoreError> {
    let columns = Columns::new("factor", row);
    let kind = match columns.text(2, "kind")? {
        "email" => Some(FactorKind::Email),
        "passkey" => Some(FactorKind::Passkey),
        "totp" => Some(FactorKind::Totp),
        _ => None,
    };
    let counter: i64 = columns.value(5, "counter")?;
    Ok(Factor {
        id: FactorId(columns.value(0, "id")?),
        account: columns.parse(1, "account")?,
        kind: columns.read("kind", kind)?,
        name: columns.value(3, "name")?,
        sealed: columns.bytes(4, "sealed")?.to_vec(),
        counter: columns.read("counter", u64::try_from(counter).ok())?,
        created_at: columns.time(6, "created_at")?,
        used_at: columns.value::<Option<i64>>(7, "used_at")?.map(UnixTime::from_millis),
    })
}

fn read_waiting(row: &PgRow) -> Result<WaitingSignIn, StoreError> {
    let columns = Columns::new("waiting_sign_in", row);
    Ok(WaitingSignIn {
        device: DeviceId(columns.value(0, "device")?),
        request: RequestId(columns.value(1, "request")?),
        account: columns.parse(2, "account")?,
        remember: columns.value(3, "remember")?,
        tries: columns.value(4, "tries")?,
        ends_at: columns.time(5, "ends_at")?,
    })
}

macro_rules! columns {
    () => {
        "id, account, kind, name, sealed, counter, created_at, used_at"
    };
}

statements! {
    FIND = concat!("SELECT ", columns!(), " FROM factor WHERE id = $1");
    LIST = concat!("SELECT ", columns!(), " FROM factor WHERE account = ANY ($1) ORDER BY created_at, id");
    IS_TAKEN = "SELECT 1 FROM factor WHERE id = $1 OR (account = $2 AND kind = $3 AND kind <> 'passkey')";
    COUNT = "SELECT count(*) FROM factor WHERE account = $1";
    INSERT = concat!("INSERT INTO factor (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    USE = "UPDATE factor SET counter = $2, sealed = coalesce($3, sealed), used_at = $4 \
        WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0))";
    DELETE = "DELETE FROM factor WHERE id = $1 AND account = $2";
    UNPROVE_ELSEWHERE = "UPDATE device_account SET proven_at = 0 WHERE account = $2 AND device <> $1";
    INSERT_RECOVERY = "INSERT INTO recovery_code (account, hash) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    DELETE_RECOVERY = "DELETE FROM recovery_code WHERE account = $1";
    COUNT_RECOVERY = "SELECT count(*) FROM recovery_code WHERE account = $1";
    CONSUME_RECOVERY = "DELETE FROM recovery_code WHERE account = $1 AND hash = $2";
    AWAIT = "INSERT INTO waiting_sign_in (device, request, account, remember, tries, ends_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (device, request) DO UPDATE SET account = excluded.account, \
        remember = excluded.remember, tries = excluded.tries, ends_at = excluded.ends_at";
    FIND_WAITING = "SELECT device, request, account, remember, tries, ends_at FROM waiting_sign_in \
        WHERE device = $1 AND request = $2 AND ends_at > $3";
    FIND_REQUEST = "SELECT 1 FROM request WHERE id = $1";
    TRY = "UPDATE waiting_sign_in SET tries = tries + 1 WHERE device = $1 AND request = $2";
    END = "DELETE FROM waiting_sign_in WHERE device = $1 AND request = $2";
    END_WAITING = "DELETE FROM waiting_sign_in WHERE account = $1";
    SWEEP_WAITING = "DELETE FROM waiting_sign_in WHERE (device, request) IN \
        (SELECT device, request FROM waiting_sign_in WHERE ends_at <= $1 LIMIT $2)";
    PROVE = "UPDATE device_account SET proven_at = $3 WHERE device = $1 AND account = $2";
}

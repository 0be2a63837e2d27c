//! Devices and who signed in on them.

use async_trait::async_trait;
use gatewright_protocol::secret::DeviceSecretHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::PgRow;

use super::account::{has_password, own};
use super::room::{Kind, signed};
use super::row::{Columns, all, count, one, params};
use super::writer::{Write, atomic};
use super::{Postgres, full, read, statements};
use crate::StoreError;
use crate::account::PasswordHash;
use crate::device::{Device, DeviceAccount, DeviceId, DeviceStore};
use crate::request::RequestId;

#[async_trait]
impl DeviceStore for Postgres {
    async fn create_device(&self, device: Device) -> Result<(), StoreError> {
        let Some(place) = self.take(Kind::Devices).await? else { return Err(full("devices")) };
        atomic!(self, write => {
            let params = params![
                device.id.0,
                device.secret.as_bytes(),
                device.previous_secret.as_ref().map(DeviceSecretHash::as_bytes),
                device.rotated_at.millis(),
                device.fingerprint,
                device.user_agent,
                device.place,
                device.created_at.millis(),
                device.seen_at.millis()
            ];
            write.execute(INSERT, params).await.map(drop)
        })?;
        place.keep();
        Ok(())
    }

    async fn find_device(&self, id: &DeviceId) -> Result<Option<Device>, StoreError> {
        read!(self, connection => one(connection, FIND, params![&id.0], read).await)
    }

    async fn rotate_device(
        &self,
        id: &DeviceId,
        old: &DeviceSecretHash,
        new: &DeviceSecretHash,
        fingerprint: [u8; 32],
        place: Option<String>,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        atomic!(self, write => {
            let params = params![id.0, old.as_bytes(), new.as_bytes(), fingerprint, now.millis(), place];
            Ok(write.execute(ROTATE, params).await? > 0)
        })
    }

    async fn delete_device(&self, id: &DeviceId) -> Result<(), StoreError> {
        atomic!(self, write => {
            let deleted = write.execute(DELETE, params![id.0]).await?;
            write.grew(Kind::Devices, -signed(deleted));
            Ok(())
        })
    }

    async fn sign_in_device(
        &self,
        sign_in: DeviceAccount,
        proven: Option<PasswordHash>,
        rotate_to: Option<DeviceSecretHash>,
    ) -> Result<bool, StoreError> {
        atomic!(self, write => {
            if let Some(password) = &proven
                && !has_password(write, &sign_in.account, password).await?
            {
                return Ok(false);
            }
            let is_known = match rotate_to {
                Some(new) => replace_secret(write, &sign_in.device, new, sign_in.signed_in_at).await?,
                None => is_known(write, &sign_in.device).await?,
            };
            if !is_known {
                return Ok(false);
            }
            keep_sign_in(write, &sign_in).await?;
            Ok(true)
        })
    }

    async fn sign_out_device(&self, id: &DeviceId, account: &Did) -> Result<(), StoreError> {
        atomic!(self, write => sign_out(write, &id.0, account.as_str()).await)
    }

    async fn list_device_accounts(
        &self,
        id: &DeviceId,
        request: Option<&RequestId>,
    ) -> Result<Vec<DeviceAccount>, StoreError> {
        let request = request.map_or("", |request| request.0.as_str());
        read!(self, connection => all(connection, LIST_ACCOUNTS, params![id.0.as_str(), request], read_sign_in).await)
    }

    async fn sign_out_elsewhere(&self, id: &DeviceId, account: &Did) -> Result<u64, StoreError> {
        atomic!(self, write => {
            let (account, id) = (account.as_str(), id.0.as_str());
            let devices = count(&mut write.connection, COUNT_ELSEWHERE, params![account, id]).await?;
            write.execute(SIGN_OUT_ELSEWHERE, params![account, id]).await?;
            Ok(devices)
        })
    }

    async fn list_sign_ins(&self, account: &Did) -> Result<Vec<DeviceAccount>, StoreError> {
        read!(self, connection => all(connection, LIST_SIGN_INS, params![account.as_str()], read_sign_in).await)
    }

    async fn list_devices(&self, account: &Did) -> Result<Vec<Device>, StoreError> {
        read!(self, connection => all(connection, LIST, params![account.as_str()], read).await)
    }
}

/// Puts a new secret in the place of both that a device has; whether there is such a device.
pub(super) async fn replace_secret(
    write: &mut Write,
    device: &DeviceId,
    new: DeviceSecretHash,
    now: UnixTime,
) -> Result<bool, StoreError> {
    Ok(write.execute(REPLACE_SECRET, params![device.0, new.as_bytes(), now.millis()]).await? > 0)
}

/// Keeps a sign-in on a device that there is.
pub(super) async fn keep_sign_in(write: &mut Write, sign_in: &DeviceAccount) -> Result<(), StoreError> {
    own(write, &sign_in.account).await?;
    let request = sign_in.request.as_ref().map_or("", |request| request.0.as_str());
    let (signed_in_at, proven_at) = (sign_in.signed_in_at.millis(), sign_in.proven_at.millis());
    let account = sign_in.account.as_str();
    write
        .execute(SIGN_IN, params![sign_in.device.0, account, request, signed_in_at, proven_at])
        .await
        .map(drop)
}

/// Whether there is such a device.
pub(super) async fn is_known(write: &mut Write, device: &DeviceId) -> Result<bool, StoreError> {
    Ok(one(&mut write.connection, FIND, params![device.0.as_str()], |_| Ok(())).await?.is_some())
}

/// Forgets an account on one device.
pub(super) async fn sign_out(write: &mut Write, device: &str, account: &str) -> Result<(), StoreError> {
    write.execute(SIGN_OUT, params![device, account]).await.map(drop)
}

fn read(row: &PgRow) -> Result<Device, StoreError> {
    let columns = Columns::new("device", row);
    Ok(Device {
        id: DeviceId(columns.value(0, "id")?),
        secret: DeviceSecretHash(columns.value(1, "secret")?),
        previous_secret: columns.value::<Option<_>>(2, "previous_secret")?.map(DeviceSecretHash),
        rotated_at: columns.time(3, "rotated_at")?,
        fingerprint: columns.value(4, "fingerprint")?,
        user_agent: columns.value(5, "user_agent")?,
        place: columns.value(6, "place")?,
        created_at: columns.time(7, "created_at")?,
        seen_at: columns.time(8, "seen_at")?,
    })
}

fn read_sign_in(row: &PgRow) -> Result<DeviceAccount, StoreError> {
    let columns = Columns::new("device_account", row);
    let request = columns.text(2, "request")?;
    Ok(DeviceAccount {
        device: DeviceId(columns.value(0, "device")?),
        account: columns.parse(1, "account")?,
        request: (!request.is_empty()).then(|| RequestId(request.to_owned())),
        signed_in_at: columns.time(3, "signed_in_at")?,
        proven_at: columns.time(4, "proven_at")?,
    })
}

macro_rules! columns {
    () => {
        "id, secret, previous_secret, rotated_at, fingerprint, user_agent, place, created_at, seen_at"
    };
}

statements! {
    INSERT = concat!("INSERT INTO device (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    FIND = concat!("SELECT ", columns!(), " FROM device WHERE id = $1");
    ROTATE = "UPDATE device SET previous_secret = secret, secret = $3, fingerprint = $4, place = $6, rotated_at = $5, \
        seen_at = $5 WHERE id = $1 AND secret = $2";
    REPLACE_SECRET = "UPDATE device SET previous_secret = NULL, secret = $2, rotated_at = $3, seen_at = $3 \
        WHERE id = $1";
    DELETE = "DELETE FROM device WHERE id = $1";
    SIGN_IN = "INSERT INTO device_account (device, account, request, signed_in_at, proven_at) \
        VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (device, account, request) DO UPDATE SET signed_in_at = excluded.signed_in_at, proven_at = excluded.proven_at";
    SIGN_OUT = "DELETE FROM device_account WHERE device = $1 AND account = $2";
    COUNT_ELSEWHERE = "SELECT count(DISTINCT device) FROM device_account WHERE account = $1 AND device <> $2";
    SIGN_OUT_ELSEWHERE = "DELETE FROM device_account WHERE account = $1 AND device <> $2";
    LIST_SIGN_INS = "SELECT device, account, request, signed_in_at, proven_at FROM device_account \
        WHERE account = $1 ORDER BY signed_in_at DESC";
    LIST_ACCOUNTS = "SELECT device, account, request, signed_in_at, proven_at FROM device_account \
        WHERE device = $1 AND request IN ('', $2) ORDER BY signed_in_at DESC";
    LIST = concat!("SELECT ", columns!(), " FROM device WHERE id IN \
        (SELECT device FROM device_account WHERE account = $1 AND request = '') ORDER BY seen_at DESC");
}

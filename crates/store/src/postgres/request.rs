//! Requests and their codes.

use async_trait::async_trait;
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::secret::CodeHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::{PgConnection, PgRow};

use super::account::own;
use super::room::{Kind, signed};
use super::row::{Columns, Params, all, one, params};
use super::set_change::{sets, sets_column};
use super::token::{auth_column, client, client_auth};
use super::writer::{Write, atomic};
use super::{Postgres, consent, device, failed, read, statements, token};
use crate::StoreError;
use crate::consent::Consent;
use crate::device::DeviceId;
use crate::request::{
    CodeExchanged, Request, RequestCreated, RequestId, RequestOpened, RequestStore, Stage, USED_CODE_MEMORY,
};
use crate::token::{NewToken, TokenId};

#[async_trait]
impl RequestStore for Postgres {
    async fn create_request(
        &self,
        request: Request,
        challenge_until: UnixTime,
    ) -> Result<RequestCreated, StoreError> {
        let auth = auth_column(&request.client_auth)?;
        let parameters = serde_json::to_string(&request.parameters).map_err(failed)?;
        let (Some(place), Some(challenge)) =
            (self.take(Kind::Requests).await?, self.take(Kind::Challenges).await?)
        else {
            return Ok(RequestCreated::Full);
        };
        let created = atomic!(self, write => {
            create_in(write, &request, auth.as_deref(), &parameters, challenge_until).await
        })?;
        match created {
            Created::Request { is_new_challenge } => {
                place.keep();
                if is_new_challenge {
                    challenge.keep();
                }
                Ok(RequestCreated::Created)
            }
            Created::ChallengeUsed => Ok(RequestCreated::ChallengeUsed),
        }
    }

    async fn find_request(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        read!(self, connection => find(connection, id).await)
    }

    async fn open_request(
        &self,
        id: &RequestId,
        device: &DeviceId,
        now: UnixTime,
        expires_at: UnixTime,
    ) -> Result<RequestOpened, StoreError> {
        atomic!(self, write => open_in(write, id, device, now, expires_at).await)
    }

    async fn approve_request(
        &self,
        id: &RequestId,
        device: &DeviceId,
        stage: Stage,
        consent: Option<Consent>,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        atomic!(self, write => approve_in(write, id, device, &stage, consent.as_ref(), now).await)
    }

    async fn delete_request(&self, id: &RequestId) -> Result<bool, StoreError> {
        atomic!(self, write => delete(write, id).await)
    }

    async fn find_request_by_code(&self, code: &CodeHash) -> Result<Option<Request>, StoreError> {
        read!(self, connection => one(connection, FIND_BY_CODE, params![code.as_bytes()], read).await)
    }

    async fn exchange_code(&self, code: &CodeHash, new: NewToken) -> Result<CodeExchanged, StoreError> {
        atomic!(self, write => {
            let exchanged = use_in(write, code, Some(new.token.id), new.token.created_at).await?;
            if let CodeExchanged::Created = exchanged {
                token::insert(write, &new).await?;
            }
            Ok(exchanged)
        })
    }

    async fn consume_code(&self, code: &CodeHash, now: UnixTime) -> Result<CodeExchanged, StoreError> {
        atomic!(self, write => use_in(write, code, None, now).await)
    }
}

/// Forgets the unused codes of an account.
pub(super) async fn end_all(write: &mut Write, account: &Did) -> Result<(), StoreError> {
    delete_where(write, DELETE_BY_ACCOUNT, params![account.as_str()]).await.map(drop)
}

/// Forgets the requests that are open on a device on which the account is signed in.
pub(super) async fn end_open(write: &mut Write, account: &Did) -> Result<(), StoreError> {
    delete_where(write, DELETE_OPEN, params![account.as_str()]).await.map(drop)
}

/// Deletes requests; how many there were.
pub(super) async fn delete_where(
    write: &mut Write,
    sql: &'static str,
    params: Params,
) -> Result<u64, StoreError> {
    let id = |row: &PgRow| Columns::new("request", row).value(0, "id").map(RequestId);
    let deleted = all(&mut write.connection, sql, params, id).await?.len();
    write.grew(Kind::Requests, -signed(deleted));
    Ok(deleted as u64)
}

async fn delete(write: &mut Write, id: &RequestId) -> Result<bool, StoreError> {
    Ok(delete_where(write, DELETE, params![&id.0]).await? > 0)
}

async fn find(connection: &mut PgConnection, id: &RequestId) -> Result<Option<Request>, StoreError> {
    one(connection, FIND, params![&id.0], read).await
}

/// What became of a request for which there was room.
enum Created {
    ChallengeUsed,
    Request { is_new_challenge: bool },
}

async fn create_in(
    write: &mut Write,
    request: &Request,
    auth: Option<&str>,
    parameters: &str,
    challenge_until: UnixTime,
) -> Result<Created, StoreError> {
    let (challenge, until) = (request.parameters.code_challenge.as_str(), challenge_until.millis());
    let reserve = params![challenge, until, request.created_at.millis()];
    let is_new = |row: &PgRow| Columns::new("challenge", row).value::<bool>(0, "challenge");
    let Some(is_new_challenge) = one(&mut write.connection, RESERVE, reserve, is_new).await? else {
        return Ok(Created::ChallengeUsed);
    };
    write
        .execute(
            INSERT,
            params![
                request.id.0,
                request.client.as_str(),
                auth,
                request.dpop_jkt.as_bytes(),
                parameters,
                request.created_at.millis(),
                request.expires_at.millis(),
                request.device.as_ref().map(|device| device.0.as_str()),
            ],
        )
        .await?;
    Ok(Created::Request { is_new_challenge })
}

async fn open_in(
    write: &mut Write,
    id: &RequestId,
    device: &DeviceId,
    now: UnixTime,
    expires_at: UnixTime,
) -> Result<RequestOpened, StoreError> {
    let params = params![id.0, device.0, expires_at.millis(), now.millis()];
    if let Some(opened) = one(&mut write.connection, OPEN, params, read).await? {
        return Ok(RequestOpened::Opened(Box::new(opened)));
    }
    let Some(request) = find(&mut write.connection, id).await? else { return Ok(RequestOpened::Unknown) };
    if request.stage != Stage::Pushed {
        return Ok(RequestOpened::Approved(Box::new(request)));
    }
    delete(write, id).await?;
    if request.device.as_ref().is_some_and(|first| first != device) {
        return Ok(RequestOpened::OtherDevice);
    }
    Ok(RequestOpened::Expired(Box::new(request)))
}

async fn approve_in(
    write: &mut Write,
    id: &RequestId,
    device: &DeviceId,
    stage: &Stage,
    consent: Option<&Consent>,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let Stage::Approved { account, scope, sets, code, code_expires_at } = stage else { return Ok(false) };
    own(write, account).await?;
    let params = params![
        id.0,
        device.0,
        account.as_str(),
        scope.as_str(),
        code.as_bytes(),
        code_expires_at.millis(),
        now.millis(),
        sets_column(sets)?
    ];
    if write.execute(APPROVE, params).await? == 0 {
        return Ok(false);
    }
    if let Some(consent) = consent {
        consent::put(write, consent).await?;
    }
    Ok(true)
}

async fn use_in(
    write: &mut Write,
    code: &CodeHash,
    token: Option<TokenId>,
    now: UnixTime,
) -> Result<CodeExchanged, StoreError> {
    let used = one(&mut write.connection, USE_CODE, params![code.as_bytes()], |row| {
        let columns = Columns::new("request", row);
        Ok((columns.value::<String>(1, "account")?, columns.value::<Option<String>>(2, "device")?))
    })
    .await?;
    let Some((account, device)) = used else { return replay_in(write, code).await };
    write.grew(Kind::Requests, -1);
    let until = now.plus(USED_CODE_MEMORY).millis();
    write
        .execute(NOTE_USED, params![code.as_bytes(), account, device, token.map(|token| token.0), until])
        .await?;
    Ok(CodeExchanged::Created)
}

async fn replay_in(write: &mut Write, code: &CodeHash) -> Result<CodeExchanged, StoreError> {
    let used = one(&mut write.connection, FIND_USED, params![code.as_bytes()], |row| {
        let columns = Columns::new("used_code", row);
        let token = columns.value::<Option<[u8; 16]>>(2, "token")?.map(TokenId);
        Ok((columns.value::<String>(0, "account")?, columns.value::<Option<String>>(1, "device")?, token))
    })
    .await?;
    let Some((account, device, id)) = used else { return Ok(CodeExchanged::Unknown) };
    if let Some(device) = device {
        device::sign_out(write, &device, &account).await?;
    }
    let Some(id) = id else { return Ok(CodeExchanged::Replayed(None)) };
    let ended = token::find(&mut write.connection, id).await?;
    if ended.is_some() {
        token::end(write, id).await?;
    }
    Ok(CodeExchanged::Replayed(ended.map(Box::new)))
}

fn read(row: &PgRow) -> Result<Request, StoreError> {
    let columns = Columns::new("request", row);
    let stage = match columns.value::<Option<[u8; 32]>>(9, "code")? {
        None => Stage::Pushed,
        Some(code) => Stage::Approved {
            account: columns.parse(10, "account")?,
            scope: columns.parse(11, "scope")?,
            sets: sets(&columns, 13)?,
            code: CodeHash(code),
            code_expires_at: columns.time(12, "code_expires_at")?,
        },
    };
    Ok(Request {
        id: RequestId(columns.value(1, "id")?),
        client: client(&columns, 2)?,
        client_auth: client_auth(&columns, 3)?,
        dpop_jkt: Thumbprint(columns.value(4, "dpop_jkt")?),
        parameters: columns.read("parameters", serde_json::from_str(columns.text(5, "parameters")?).ok())?,
        created_at: columns.time(6, "created_at")?,
        expires_at: columns.time(7, "expires_at")?,
        device: columns.value::<Option<String>>(8, "device")?.map(DeviceId),
        stage,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " FROM request ", $rest)
    };
}

macro_rules! columns {
    () => {
        "number, id, client, client_auth, dpop_jkt, parameters, created_at, expires_at, device, code, account, scope, \
         code_expires_at, sets"
    };
}

statements! {
    /// Nothing comes back where it may not be used again; else whether its row is a new one, and not one whose time was over
    /// and that was not swept yet.
    RESERVE = "INSERT INTO challenge AS row (challenge, until) VALUES ($1, $2) ON CONFLICT (challenge) DO UPDATE \
        SET until = excluded.until WHERE row.until <= $3 RETURNING xmax = 0";
    INSERT = "INSERT INTO request (id, client, client_auth, dpop_jkt, parameters, created_at, expires_at, device) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    FIND = select!("WHERE id = $1");
    FIND_BY_CODE = select!("WHERE code = $1");
    OPEN = concat!("UPDATE request SET device = $2, expires_at = $3 \
        WHERE id = $1 AND code IS NULL AND coalesce(device, $2) = $2 AND expires_at > $4 RETURNING ", columns!());
    APPROVE = "UPDATE request SET account = $3, scope = $4, code = $5, code_expires_at = $6, sets = $8 \
        WHERE id = $1 AND code IS NULL AND device = $2 AND expires_at > $7";
    DELETE = "DELETE FROM request WHERE id = $1 RETURNING id";
    DELETE_BY_ACCOUNT = "DELETE FROM request WHERE account = $1 RETURNING id";
    /// Looks all requests through, as rarely as a password changes.
    DELETE_OPEN = "DELETE FROM request WHERE code IS NULL AND device IN \
        (SELECT device FROM device_account WHERE account = $1) RETURNING id";
    USE_CODE = "DELETE FROM request WHERE code = $1 RETURNING id, account, device";
    NOTE_USED = "INSERT INTO used_code (code, account, device, token, until) VALUES ($1, $2, $3, $4, $5)";
    FIND_USED = "SELECT account, device, token FROM used_code WHERE code = $1";
}

//! Requests and their codes.

use async_trait::async_trait;
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::secret::CodeHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::{PgConnection, PgRow};

use super::account::own;
use super::room::{Grown, Kind, signed};
use super::row::{Columns, Params, all, one, params};
use super::set_change::{sets, sets_column};
use super::token::{auth_column, client, client_auth};
use super::writer::{Write, at_once, atomic};
use super::{Postgres, consent, crowd, device, failed, read, security_event, statements, token};
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
        let params = params![
            request.parameters.code_challenge.as_str(),
            challenge_until.millis(),
            request.created_at.millis(),
            request.id.0,
            request.client.as_str(),
            auth,
            request.dpop_jkt.as_bytes(),
            parameters,
            request.expires_at.millis(),
            request.device.as_ref().map(|device| device.0.as_str()),
        ];
        let is_new = |row: &PgRow| Columns::new("challenge", row).value::<bool>(0, "challenge");
        // One statement is a step of its own.
        let created = read!(self, connection => one(connection, CREATE, params, is_new).await)?;
        let Some(is_new_challenge) = created else { return Ok(RequestCreated::ChallengeUsed) };
        place.keep();
        if is_new_challenge {
            challenge.keep();
        }
        Ok(RequestCreated::Created)
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
        let pool = self.pool.clone();
        let ask = move |codes| crowd::rows(pool.clone(), FIND_BY_CODES, 9, codes);
        let found = self.codes.ask(code.0, ask).await?;
        found.first().map(read).transpose()
    }

    async fn exchange_code(&self, code: &CodeHash, new: NewToken) -> Result<CodeExchanged, StoreError> {
        if self.exchange_at_once(code, &new).await? {
            return Ok(CodeExchanged::Created);
        }
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

impl Postgres {
    /// What most exchanges are, those without permission sets, in one statement, which is a step of its own. False if it is
    /// another case, or there is no such code, and nothing was done.
    async fn exchange_at_once(&self, code: &CodeHash, new: &NewToken) -> Result<bool, StoreError> {
        let NewToken { token, sets, event, .. } = new;
        let event = event.as_ref();
        if !sets.is_empty() || event.is_some_and(|event| event.account != token.account) {
            return Ok(false);
        }
        let until = token.created_at.plus(USED_CODE_MEMORY).millis();
        let params = token::params_of(params![code.as_bytes(), token.id.0, until], token)?;
        let params = security_event::params_of(params, event);
        let used =
            at_once(read!(self, connection => one(connection, EXCHANGE_AT_ONCE, params, |_| Ok(())).await))?;
        if used.is_some() {
            self.room.apply(&Grown::of(Kind::Requests, -1));
        }
        Ok(used.is_some())
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
    /// Nothing comes back where the challenge may not be used again; else whether its row is a new one, and not one whose time
    /// was over and that was not swept yet.
    CREATE = "WITH reserved AS (INSERT INTO challenge AS row (challenge, until) VALUES ($1, $2) \
        ON CONFLICT (challenge) DO UPDATE SET until = excluded.until WHERE row.until <= $3 RETURNING xmax = 0 AS is_new), \
        made AS (INSERT INTO request (id, client, client_auth, dpop_jkt, parameters, created_at, expires_at, device) \
            SELECT $4::text, $5::text, $6::text, $7::bytea, $8::text, $3, $9::bigint, $10::text FROM reserved) \
        SELECT is_new FROM reserved";
    /// A code that is used, the token that it is exchanged for, and what the log of its owner says of it.
    EXCHANGE_AT_ONCE = "WITH used AS (DELETE FROM request WHERE code = $1 RETURNING account, device), \
        noted AS (INSERT INTO used_code (code, account, device, token, until) \
            SELECT $1, account, device, $2::bytea, $3::bigint FROM used), \
        made AS (INSERT INTO token (id, account, client, client_auth, client_key, dpop_jkt, audience, approved, granted, \
            device, created_at, rotated_at, rotation, access_expires_at, refresh, previous_refresh, began_public) \
            SELECT $2, $4::text, $5::text, $6::text, $7::bytea, $8::bytea, $9::text, $10::text, $11::text, \
            $12::text, $13::bigint, $14::bigint, $15::bigint, $16::bigint, $17::bytea, $18::bytea, $19::boolean FROM used \
            RETURNING number), \
        kept AS (INSERT INTO refresh (hash, token) SELECT $17, number FROM made WHERE $17 IS NOT NULL), \
        said AS (INSERT INTO security_event (account, at, kind, session, client, subject, scope, place) \
            SELECT $4, $20::bigint, $21::text, $22::bytea, $23::text, $24::text, $25::text, $26::text FROM used \
            WHERE $21 IS NOT NULL), \
        trimmed AS (DELETE FROM security_event WHERE EXISTS (SELECT 1 FROM used) AND number IN \
            (SELECT number FROM security_event WHERE account = $4 AND kind = $21 \
            ORDER BY at DESC, number DESC OFFSET $27::bigint)) \
        SELECT account FROM used";
    FIND = select!("WHERE id = $1");
    FIND_BY_CODES = select!("WHERE code = ANY ($1)");
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

//! Requests and their codes.

use std::sync::Arc;

use async_trait::async_trait;
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::secret::CodeHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use rusqlite::{Connection, Row, params};

use super::account::own;
use super::cache::Change;
use super::row::{Columns, all, one};
use super::set_change::{sets, sets_column};
use super::token::{auth_column, client, client_auth};
use super::writer::Write;
use super::{Sqlite, consent, device, failed, statements, token};
use crate::StoreError;
use crate::consent::Consent;
use crate::device::DeviceId;
use crate::request::{
    CodeExchanged, Request, RequestCreated, RequestId, RequestOpened, RequestStore, Stage, USED_CODE_MEMORY,
};
use crate::token::{NewToken, TokenId};

#[async_trait]
impl RequestStore for Sqlite {
    async fn create_request(
        &self,
        request: Request,
        challenge_until: UnixTime,
    ) -> Result<RequestCreated, StoreError> {
        let auth = auth_column(&request.client_auth)?;
        let parameters = serde_json::to_string(&request.parameters).map_err(failed)?;
        self.write(move |write| create_in(write, request, auth.as_deref(), &parameters, challenge_until))
            .await
    }

    async fn find_request(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        let missed = match self.remembered.requests.find(id) {
            Ok(request) => return Ok(Some(Request::clone(&request))),
            Err(missed) => missed,
        };
        let found = self.point(|connection| find(connection, id)).await?;
        if let Some(request) = &found {
            self.remembered.note_code(request);
            self.remembered.requests.offer(id.clone(), Arc::new(request.clone()), missed);
        }
        Ok(found)
    }

    async fn open_request(
        &self,
        id: &RequestId,
        device: &DeviceId,
        now: UnixTime,
        expires_at: UnixTime,
    ) -> Result<RequestOpened, StoreError> {
        let (id, device) = (id.clone(), device.clone());
        self.write(move |write| open_in(write, &id, device, now, expires_at)).await
    }

    async fn approve_request(
        &self,
        id: &RequestId,
        device: &DeviceId,
        stage: Stage,
        consent: Option<Consent>,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let (id, device) = (id.clone(), device.clone());
        self.write(move |write| approve_in(write, &id, &device, stage, consent.as_ref(), now)).await
    }

    async fn delete_request(&self, id: &RequestId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |write| delete(write, &id)).await
    }

    async fn find_request_by_code(&self, code: &CodeHash) -> Result<Option<Request>, StoreError> {
        if let Ok(id) = self.remembered.by_code.find(code) {
            return Ok(self.find_request(&id).await?.filter(|request| has_code(request, code)));
        }
        self.point(|connection| one(connection, FIND_BY_CODE, [code.as_bytes()], read)).await
    }

    async fn exchange_code(&self, code: &CodeHash, new: NewToken) -> Result<CodeExchanged, StoreError> {
        let code = *code;
        let step = move |write: &mut Write<'_>| {
            let exchanged = use_in(write, &code, Some(new.token.id), new.token.created_at)?;
            if let CodeExchanged::Created = exchanged {
                token::insert(write, new)?;
            }
            Ok(exchanged)
        };
        self.write(step).await
    }

    async fn consume_code(&self, code: &CodeHash, now: UnixTime) -> Result<CodeExchanged, StoreError> {
        let code = *code;
        self.write(move |write| use_in(write, &code, None, now)).await
    }
}

/// Forgets the unused codes of an account.
pub(super) fn end_all(write: &mut Write<'_>, account: &Did) -> Result<(), StoreError> {
    delete_where(write, DELETE_BY_ACCOUNT, [account.as_str()]).map(drop)
}

/// Forgets the requests that are open on a device on which the account is signed in.
pub(super) fn end_open(write: &mut Write<'_>, account: &Did) -> Result<(), StoreError> {
    delete_where(write, DELETE_OPEN, [account.as_str()]).map(drop)
}

/// Deletes requests; how many there were.
pub(super) fn delete_where(
    write: &mut Write<'_>,
    sql: &'static str,
    params: impl rusqlite::Params,
) -> Result<u64, StoreError> {
    let id = |row: &Row<'_>| Columns::new("request", row).value(0, "id").map(RequestId);
    let ids = all(write.connection, sql, params, id)?;
    let deleted = ids.len() as u64;
    write.counts.requests = write.counts.requests.saturating_sub(deleted);
    for id in ids {
        write.change(Change::RequestGone(id));
    }
    Ok(deleted)
}

fn delete(write: &mut Write<'_>, id: &RequestId) -> Result<bool, StoreError> {
    Ok(delete_where(write, DELETE, [&id.0])? > 0)
}

fn find(connection: &Connection, id: &RequestId) -> Result<Option<Request>, StoreError> {
    one(connection, FIND, [&id.0], read)
}

fn has_code(request: &Request, code: &CodeHash) -> bool {
    matches!(&request.stage, Stage::Approved { code: own, .. } if own == code)
}

fn create_in(
    write: &mut Write<'_>,
    request: Request,
    auth: Option<&str>,
    parameters: &str,
    challenge_until: UnixTime,
) -> Result<RequestCreated, StoreError> {
    if write.counts.requests >= write.limits.open_requests
        || write.counts.challenges >= write.limits.challenges
    {
        return Ok(RequestCreated::Full);
    }
    let (challenge, until) = (request.parameters.code_challenge.as_str(), challenge_until.millis());
    if write.execute(RESERVE, params![challenge, until])? > 0 {
        write.counts.challenges += 1;
    } else if write.execute(RESERVE_AGAIN, params![challenge, until, request.created_at.millis()])? == 0 {
        return Ok(RequestCreated::ChallengeUsed);
    }
    write.execute(
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
    )?;
    write.counts.requests += 1;
    write.change(Change::Request(Arc::new(request)));
    Ok(RequestCreated::Created)
}

fn open_in(
    write: &mut Write<'_>,
    id: &RequestId,
    device: DeviceId,
    now: UnixTime,
    expires_at: UnixTime,
) -> Result<RequestOpened, StoreError> {
    if write.execute(OPEN, params![id.0, device.0, expires_at.millis(), now.millis()])? > 0 {
        let Some(request) = unchanging(write, id)? else { return Ok(RequestOpened::Unknown) };
        let opened = Request { device: Some(device), expires_at, stage: Stage::Pushed, ..request };
        write.change(Change::Request(Arc::new(opened.clone())));
        return Ok(RequestOpened::Opened(Box::new(opened)));
    }
    let Some(request) = find(write.connection, id)? else { return Ok(RequestOpened::Unknown) };
    if request.stage != Stage::Pushed {
        return Ok(RequestOpened::Approved(Box::new(request)));
    }
    delete(write, id)?;
    if request.device.as_ref().is_some_and(|first| *first != device) {
        return Ok(RequestOpened::OtherDevice);
    }
    Ok(RequestOpened::Expired(Box::new(request)))
}

fn approve_in(
    write: &mut Write<'_>,
    id: &RequestId,
    device: &DeviceId,
    stage: Stage,
    consent: Option<&Consent>,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let Stage::Approved { account, scope, sets, code, code_expires_at } = &stage else { return Ok(false) };
    own(write, account)?;
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
    let read_expiry = |row: &Row<'_>| Columns::new("request", row).time(0, "expires_at");
    let Some(expires_at) = one(write.connection, APPROVE, params, read_expiry)? else { return Ok(false) };
    if let Some(consent) = consent {
        consent::put(write, consent)?;
    }
    if let Some(request) = unchanging(write, id)? {
        let approved = Request { device: Some(device.clone()), expires_at, stage, ..request };
        write.change(Change::Request(Arc::new(approved)));
    }
    Ok(true)
}

/// A request of which only what never changes is to be relied on: device, expiry and stage may be changed by a step that
/// is not committed yet.
fn unchanging(write: &Write<'_>, id: &RequestId) -> Result<Option<Request>, StoreError> {
    match write.remembered.requests.find(id) {
        Ok(request) => Ok(Some(Request::clone(&request))),
        Err(_) => find(write.connection, id),
    }
}

fn use_in(
    write: &mut Write<'_>,
    code: &CodeHash,
    token: Option<TokenId>,
    now: UnixTime,
) -> Result<CodeExchanged, StoreError> {
    let used = one(write.connection, USE_CODE, [code.as_bytes()], |row| {
        let columns = Columns::new("request", row);
        let id = RequestId(columns.value(0, "id")?);
        Ok((id, columns.value::<String>(1, "account")?, columns.value::<Option<String>>(2, "device")?))
    })?;
    let Some((id, account, device)) = used else { return replay_in(write, code) };
    write.counts.requests = write.counts.requests.saturating_sub(1);
    write.change(Change::RequestGone(id));
    let until = now.plus(USED_CODE_MEMORY).millis();
    write.execute(NOTE_USED, params![code.as_bytes(), account, device, token.map(|token| token.0), until])?;
    Ok(CodeExchanged::Created)
}

fn replay_in(write: &mut Write<'_>, code: &CodeHash) -> Result<CodeExchanged, StoreError> {
    let used = one(write.connection, FIND_USED, [code.as_bytes()], |row| {
        let columns = Columns::new("used_code", row);
        let token = columns.value::<Option<[u8; 16]>>(2, "token")?.map(TokenId);
        Ok((columns.value::<String>(0, "account")?, columns.value::<Option<String>>(1, "device")?, token))
    })?;
    let Some((account, device, id)) = used else { return Ok(CodeExchanged::Unknown) };
    if let Some(device) = device {
        device::sign_out(write, &device, &account)?;
    }
    let Some(id) = id else { return Ok(CodeExchanged::Replayed(None)) };
    let ended = token::find(write.connection, id)?;
    if ended.is_some() {
        token::end(write, id)?;
    }
    Ok(CodeExchanged::Replayed(ended.map(Box::new)))
}

fn read(row: &Row<'_>) -> Result<Request, StoreError> {
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
        concat!(
            "SELECT number, id, client, client_auth, dpop_jkt, parameters, created_at, expires_at, device, code, \
             account, scope, code_expires_at, sets FROM request ",
            $rest
        )
    };
}

statements! {
    RESERVE = "INSERT INTO challenge (challenge, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    /// One whose time is over and that was not swept yet.
    RESERVE_AGAIN = "UPDATE challenge SET until = ?2 WHERE challenge = ?1 AND until <= ?3";
    INSERT = "INSERT INTO request (id, client, client_auth, dpop_jkt, parameters, created_at, expires_at, device) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    FIND = select!("WHERE id = ?1");
    FIND_BY_CODE = select!("WHERE code = ?1");
    OPEN = "UPDATE request SET device = ?2, expires_at = ?3 \
        WHERE id = ?1 AND code IS NULL AND coalesce(device, ?2) = ?2 AND expires_at > ?4";
    APPROVE = "UPDATE request SET account = ?3, scope = ?4, code = ?5, code_expires_at = ?6, sets = ?8 \
        WHERE id = ?1 AND code IS NULL AND device = ?2 AND expires_at > ?7 RETURNING expires_at";
    DELETE = "DELETE FROM request WHERE id = ?1 RETURNING id";
    DELETE_BY_ACCOUNT = "DELETE FROM request WHERE account = ?1 RETURNING id";
    /// Looks all requests through, as rarely as a password changes.
    DELETE_OPEN = "DELETE FROM request WHERE code IS NULL AND device IN \
        (SELECT device FROM device_account WHERE account = ?1) RETURNING id";
    USE_CODE = "DELETE FROM request WHERE code = ?1 RETURNING id, account, device";
    NOTE_USED = "INSERT INTO used_code (code, account, device, token, until) VALUES (?1, ?2, ?3, ?4, ?5)";
    FIND_USED = "SELECT account, device, token FROM used_code WHERE code = ?1";
}

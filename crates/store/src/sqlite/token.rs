//! Tokens and their refresh tokens.

use async_trait::async_trait;
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::secret::RefreshTokenHash;
use gatewright_protocol::syntax::Did;
use rusqlite::{Connection, Row, params};

use super::cache::Change;
use super::row::{Columns, all, one};
use super::writer::Write;
use super::{Sqlite, failed, security_event, set_change, statements};
use crate::StoreError;
use crate::device::DeviceId;
use crate::token::{NewToken, RotateToken, Rotation, Token, TokenId, TokenStore};

#[async_trait]
impl TokenStore for Sqlite {
    async fn find_token(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        let missed = match self.remembered.tokens.find(&id) {
            Ok(kept) => return Ok(Some(kept.token(id))),
            Err(missed) => missed,
        };
        let mut found = self.point(|connection| find(connection, id)).await?;
        if let Some(token) = &mut found {
            self.remembered.share(token);
            self.remembered.note_refresh(token);
            self.remembered.tokens.offer(id, self.remembered.kept(token.clone()), missed);
        }
        Ok(found)
    }

    async fn find_token_by_refresh(&self, refresh: &RefreshTokenHash) -> Result<Option<Token>, StoreError> {
        if let Ok(id) = self.remembered.by_refresh.find(refresh) {
            return self.find_token(id).await;
        }
        let hash = refresh.as_bytes();
        let id = self.point(|connection| one(connection, FIND_BY_REFRESH, [hash], id_of)).await?;
        match id {
            Some(id) => self.find_token(id).await,
            None => Ok(None),
        }
    }

    async fn rotate_token(&self, rotate: RotateToken) -> Result<Rotation, StoreError> {
        self.write(move |write| rotate_in(write, rotate)).await
    }

    async fn revoke_token(&self, id: TokenId) -> Result<bool, StoreError> {
        self.write(move |write| end(write, id)).await
    }

    async fn revoke_tokens(&self, account: &Did) -> Result<u64, StoreError> {
        let account = account.clone();
        self.write(move |write| end_all(write, &account)).await
    }

    async fn list_tokens(&self, account: &Did) -> Result<Vec<Token>, StoreError> {
        let account = account.clone();
        self.scan(move |connection| all(connection, LIST, [account.as_str()], read)).await
    }

    async fn list_bound_keys(&self) -> Result<Vec<(ClientId, Thumbprint)>, StoreError> {
        let bound = |row: &Row<'_>| {
            let columns = Columns::new("token", row);
            Ok((client(&columns, 0)?, Thumbprint(columns.value(1, "client_key")?)))
        };
        self.scan(move |connection| all(connection, LIST_BOUND_KEYS, [], bound)).await
    }

    async fn revoke_tokens_by_key(&self, client: &ClientId, key: &Thumbprint) -> Result<u64, StoreError> {
        let (client, key) = (client.clone(), *key);
        self.write(move |write| end_where(write, END_BY_KEY, params![client.as_str(), key.as_bytes()])).await
    }
}

/// The token of this name, as the file has it.
pub(super) fn find(connection: &Connection, id: TokenId) -> Result<Option<Token>, StoreError> {
    one(connection, FIND, [id.0], read)
}

/// Keeps a new token.
pub(super) fn insert(write: &mut Write<'_>, new: NewToken) -> Result<(), StoreError> {
    let NewToken { mut token, sets, changes, event } = new;
    write.remembered.share(&mut token);
    write.execute(
        INSERT,
        params![
            token.id.0,
            token.account.as_str(),
            token.client.as_str(),
            auth_column(&token.client_auth)?,
            token.client_auth.thumbprint().map(Thumbprint::as_bytes),
            token.dpop_jkt.as_bytes(),
            token.audience.as_str(),
            token.approved.as_str(),
            token.granted.as_str(),
            token.device.as_ref().map(|device| device.0.as_str()),
            token.created_at.millis(),
            token.rotated_at.millis(),
            token.rotation,
            token.access_expires_at.millis(),
            token.refresh.as_ref().map(RefreshTokenHash::as_bytes),
            token.previous_refresh.as_ref().map(RefreshTokenHash::as_bytes),
            token.began_public,
        ],
    )?;
    if let Some(refresh) = &token.refresh {
        write.execute(INSERT_REFRESH, params![refresh.as_bytes(), token.id.0])?;
    }
    if !sets.is_empty() {
        set_change::put(write, token.id, &sets)?;
        set_change::note(write, token.id, &changes)?;
    }
    if let Some(event) = &event {
        security_event::insert(write, event)?;
    }
    write.change(Change::Token(Box::new(token)));
    Ok(())
}

/// Ends a token; whether there was one.
pub(super) fn end(write: &mut Write<'_>, id: TokenId) -> Result<bool, StoreError> {
    let ended = write.execute(END, [id.0])? > 0;
    write.change(Change::TokenGone(id));
    Ok(ended)
}

/// Ends all tokens of an account; how many there were.
pub(super) fn end_all(write: &mut Write<'_>, account: &Did) -> Result<u64, StoreError> {
    end_where(write, END_BY_ACCOUNT, [account.as_str()])
}

fn end_where(
    write: &mut Write<'_>,
    sql: &'static str,
    params: impl rusqlite::Params,
) -> Result<u64, StoreError> {
    let ended = all(write.connection, sql, params, id_of)?;
    for id in &ended {
        write.change(Change::TokenGone(*id));
    }
    Ok(ended.len() as u64)
}

fn rotate_in(write: &mut Write<'_>, mut rotate: RotateToken) -> Result<Rotation, StoreError> {
    // A token that has this current refresh token is what the rotation that made it left, wherever it is read: the
    // statement that compares it makes sure that it is still current.
    let is_current = |token: &Token| token.refresh == Some(rotate.presented);
    let remembered = write.remembered.tokens.find(&rotate.id).ok().map(|kept| kept.token(rotate.id));
    let known = match remembered.filter(is_current) {
        Some(token) => Some(token),
        None => find(write.connection, rotate.id)?,
    };
    let Some(token) = known else { return Ok(Rotation::Gone) };
    if !is_current(&token) {
        return reuse_in(write, &token, &rotate);
    }
    let sets = rotate.sets.take();
    // Only this thread writes, so what is read here is what the step below replaces. A token that is gone has none,
    // and is told apart by the statement that rotates it.
    if let Some(sets) = &sets
        && set_change::find(write.connection, rotate.id)? != sets.before
        && one(write.connection, IS_CURRENT, params![rotate.id.0, rotate.presented.as_bytes()], |_| Ok(()))?
            .is_some()
    {
        return Ok(Rotation::SetsChanged);
    }
    let rotated = write.execute(
        ROTATE,
        params![
            rotate.id.0,
            rotate.presented.as_bytes(),
            rotate.successor.as_bytes(),
            rotate.granted.as_str(),
            rotate.now.millis(),
            rotate.access_expires_at.millis(),
        ],
    )?;
    if rotated == 0 {
        return match find(write.connection, rotate.id)? {
            Some(token) => reuse_in(write, &token, &rotate),
            None => Ok(Rotation::Gone),
        };
    }
    if token.client_auth != rotate.client_auth {
        let key = rotate.client_auth.thumbprint().map(Thumbprint::as_bytes);
        write.execute(BIND, params![rotate.id.0, auth_column(&rotate.client_auth)?, key])?;
    }
    write.execute(INSERT_REFRESH, params![rotate.successor.as_bytes(), rotate.id.0])?;
    if let Some(sets) = sets {
        set_change::put(write, rotate.id, &sets.after)?;
        set_change::note(write, rotate.id, &sets.changes)?;
    }
    let token = token.rotated(rotate);
    write.change(Change::Token(Box::new(token.clone())));
    Ok(Rotation::Rotated(Box::new(token)))
}

/// What becomes of a refresh token that is not current.
fn reuse_in(write: &mut Write<'_>, token: &Token, rotate: &RotateToken) -> Result<Rotation, StoreError> {
    if token.recovers(rotate) {
        return Ok(Rotation::Recovered(Box::new(token.clone())));
    }
    let owner = one(write.connection, FIND_BY_REFRESH, [rotate.presented.as_bytes()], id_of)?;
    if owner != Some(rotate.id) {
        return Ok(Rotation::Gone);
    }
    end(write, rotate.id)?;
    Ok(Rotation::Replayed(Box::new(token.clone())))
}

fn id_of(row: &Row<'_>) -> Result<TokenId, StoreError> {
    Columns::new("token", row).value(0, "id").map(TokenId)
}

fn read(row: &Row<'_>) -> Result<Token, StoreError> {
    let columns = Columns::new("token", row);
    let refresh =
        |at, column| columns.value::<Option<[u8; 32]>>(at, column).map(|hash| hash.map(RefreshTokenHash));
    Ok(Token {
        id: TokenId(columns.value(0, "id")?),
        account: columns.parse(1, "account")?,
        client: client(&columns, 2)?,
        client_auth: client_auth(&columns, 3)?,
        began_public: columns.value(15, "began_public")?,
        dpop_jkt: Thumbprint(columns.value(4, "dpop_jkt")?),
        audience: columns.parse(5, "audience")?,
        approved: columns.parse(6, "approved")?,
        granted: columns.parse(7, "granted")?,
        device: columns.optional_text(8, "device")?.map(|device| DeviceId(device.to_owned())),
        created_at: columns.time(9, "created_at")?,
        rotated_at: columns.time(10, "rotated_at")?,
        rotation: columns.value(11, "rotation")?,
        access_expires_at: columns.time(12, "access_expires_at")?,
        refresh: refresh(13, "refresh")?,
        previous_refresh: refresh(14, "previous_refresh")?,
    })
}

pub(super) fn client(columns: &Columns<'_, '_>, at: usize) -> Result<ClientId, StoreError> {
    columns.read("client", ClientId::from_stored(columns.text(at, "client")?).ok())
}

/// Null for a public client.
pub(super) fn client_auth(columns: &Columns<'_, '_>, at: usize) -> Result<ClientAuth, StoreError> {
    match columns.optional_text(at, "client_auth")? {
        None => Ok(ClientAuth::None),
        Some(json) => columns.read("client_auth", serde_json::from_str(json).ok()),
    }
}

pub(super) fn auth_column(client_auth: &ClientAuth) -> Result<Option<String>, StoreError> {
    match client_auth {
        ClientAuth::None => Ok(None),
        ClientAuth::PrivateKeyJwt { .. } => serde_json::to_string(client_auth).map(Some).map_err(failed),
    }
}

macro_rules! columns {
    () => {
        "id, account, client, client_auth, dpop_jkt, audience, approved, granted, device, created_at, rotated_at, \
         rotation, access_expires_at, refresh, previous_refresh, began_public"
    };
}

statements! {
    FIND = concat!("SELECT ", columns!(), " FROM token WHERE id = ?1");
    FIND_BY_REFRESH = "SELECT token.id FROM refresh JOIN token ON token.number = refresh.token WHERE hash = ?1";
    LIST = concat!("SELECT ", columns!(), " FROM token WHERE account = ?1 ORDER BY created_at DESC, id");
    LIST_BOUND_KEYS = "SELECT DISTINCT client, client_key FROM token WHERE client_key IS NOT NULL";
    INSERT = "INSERT INTO token (id, account, client, client_auth, client_key, dpop_jkt, audience, approved, granted, \
        device, created_at, rotated_at, rotation, access_expires_at, refresh, previous_refresh, began_public) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
    INSERT_REFRESH = "INSERT INTO refresh (hash, token) SELECT ?1, number FROM token WHERE id = ?2";
    ROTATE = "UPDATE token SET granted = ?4, rotated_at = ?5, rotation = rotation + 1, access_expires_at = ?6, \
        refresh = ?3, previous_refresh = ?2 WHERE id = ?1 AND refresh = ?2";
    IS_CURRENT = "SELECT number FROM token WHERE id = ?1 AND refresh = ?2";
    BIND = "UPDATE token SET client_auth = ?2, client_key = ?3 WHERE id = ?1";
    END = "DELETE FROM token WHERE id = ?1";
    END_BY_ACCOUNT = "DELETE FROM token WHERE account = ?1 RETURNING id";
    END_BY_KEY = "DELETE FROM token WHERE client = ?1 AND client_key = ?2 RETURNING id";
}

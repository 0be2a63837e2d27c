//! Tokens and their refresh tokens.

use async_trait::async_trait;
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::secret::RefreshTokenHash;
use gatewright_protocol::syntax::Did;
use sqlx::postgres::{PgConnection, PgRow};

use super::row::{Columns, Params, all, one, params};
use super::writer::{Write, at_once, atomic};
use super::{Postgres, crowd, failed, read, security_event, set_change, statements};
use crate::StoreError;
use crate::device::DeviceId;
use crate::token::{NewToken, RotateToken, Rotation, Token, TokenId, TokenStore};

#[async_trait]
impl TokenStore for Postgres {
    async fn find_token(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        let pool = self.pool.clone();
        let found = self.tokens.ask(id.0, move |ids| crowd::rows(pool.clone(), FIND_ALL, 0, ids)).await?;
        found.first().map(read).transpose()
    }

    async fn find_token_by_refresh(&self, refresh: &RefreshTokenHash) -> Result<Option<Token>, StoreError> {
        let pool = self.pool.clone();
        let ask = move |hashes| crowd::rows(pool.clone(), FIND_WITH_REFRESH, 16, hashes);
        let found = self.refreshes.ask(refresh.0, ask).await?;
        found.first().map(read).transpose()
    }

    async fn rotate_token(&self, rotate: RotateToken) -> Result<Rotation, StoreError> {
        if let Some(token) = self.rotate_at_once(&rotate).await? {
            return Ok(Rotation::Rotated(Box::new(token)));
        }
        atomic!(self, write => rotate_in(write, &rotate).await)
    }

    async fn revoke_token(&self, id: TokenId) -> Result<bool, StoreError> {
        atomic!(self, write => end(write, id).await)
    }

    async fn revoke_tokens(&self, account: &Did) -> Result<u64, StoreError> {
        atomic!(self, write => end_all(write, account).await)
    }

    async fn list_tokens(&self, account: &Did) -> Result<Vec<Token>, StoreError> {
        read!(self, connection => all(connection, LIST, params![account.as_str()], read).await)
    }

    async fn list_bound_keys(&self) -> Result<Vec<(ClientId, Thumbprint)>, StoreError> {
        let bound = |row: &PgRow| {
            let columns = Columns::new("token", row);
            Ok((client(&columns, 0)?, Thumbprint(columns.value(1, "client_key")?)))
        };
        read!(self, connection => all(connection, LIST_BOUND_KEYS, params![], bound).await)
    }

    async fn revoke_tokens_by_key(&self, client: &ClientId, key: &Thumbprint) -> Result<u64, StoreError> {
        atomic!(self, write => end_where(write, END_BY_KEY, params![client.as_str(), key.as_bytes()]).await)
    }
}

impl Postgres {
    /// What most rotations are, in one statement, which is a step of its own: the presented refresh token is current, and
    /// nothing else changes. None if it is another case, and nothing was done.
    async fn rotate_at_once(&self, rotate: &RotateToken) -> Result<Option<Token>, StoreError> {
        if rotate.sets.is_some() {
            return Ok(None);
        }
        let params = params![
            rotate.id.0,
            rotate.presented.as_bytes(),
            rotate.successor.as_bytes(),
            rotate.granted.as_str(),
            rotate.now.millis(),
            rotate.access_expires_at.millis(),
            auth_column(&rotate.client_auth)?,
        ];
        at_once(read!(self, connection => one(connection, ROTATE_AT_ONCE, params, read).await))
    }
}

/// The token of this name, as the database has it.
pub(super) async fn find(connection: &mut PgConnection, id: TokenId) -> Result<Option<Token>, StoreError> {
    one(connection, FIND, params![id.0], read).await
}

/// Keeps a new token.
pub(super) async fn insert(write: &mut Write, new: &NewToken) -> Result<(), StoreError> {
    let NewToken { token, sets, changes, event } = new;
    write.execute(INSERT, params_of(params![token.id.0], token)?).await?;
    if let Some(refresh) = &token.refresh {
        write.execute(INSERT_REFRESH, params![refresh.as_bytes(), token.id.0]).await?;
    }
    if !sets.is_empty() {
        set_change::put(write, token.id, sets).await?;
        set_change::note(write, token.id, changes).await?;
    }
    if let Some(event) = event {
        security_event::insert(write, event).await?;
    }
    Ok(())
}

/// These values, and those of a token's columns after its id.
pub(super) fn params_of(params: Params, token: &Token) -> Result<Params, StoreError> {
    Ok(params
        .with(&token.account.as_str())
        .with(&token.client.as_str())
        .with(&auth_column(&token.client_auth)?)
        .with(&token.client_auth.thumbprint().map(Thumbprint::as_bytes))
        .with(&token.dpop_jkt.as_bytes())
        .with(&token.audience.as_str())
        .with(&token.approved.as_str())
        .with(&token.granted.as_str())
        .with(&token.device.as_ref().map(|device| device.0.as_str()))
        .with(&token.created_at.millis())
        .with(&token.rotated_at.millis())
        .with(&token.rotation)
        .with(&token.access_expires_at.millis())
        .with(&token.refresh.as_ref().map(RefreshTokenHash::as_bytes))
        .with(&token.previous_refresh.as_ref().map(RefreshTokenHash::as_bytes))
        .with(&token.began_public))
}

/// Ends a token; whether there was one.
pub(super) async fn end(write: &mut Write, id: TokenId) -> Result<bool, StoreError> {
    Ok(write.execute(END, params![id.0]).await? > 0)
}

/// Ends all tokens of an account; how many there were.
pub(super) async fn end_all(write: &mut Write, account: &Did) -> Result<u64, StoreError> {
    end_where(write, END_BY_ACCOUNT, params![account.as_str()]).await
}

async fn end_where(write: &mut Write, sql: &'static str, params: Params) -> Result<u64, StoreError> {
    Ok(write.execute(sql, params).await? as u64)
}

async fn rotate_in(write: &mut Write, rotate: &RotateToken) -> Result<Rotation, StoreError> {
    let Some(token) = find(&mut write.connection, rotate.id).await? else { return Ok(Rotation::Gone) };
    if token.refresh != Some(rotate.presented) {
        return reuse_in(write, &token, rotate).await;
    }
    // What is read here is what is replaced below, or the step is begun again.
    if let Some(sets) = &rotate.sets
        && set_change::find(&mut write.connection, rotate.id).await? != sets.before
    {
        return Ok(Rotation::SetsChanged);
    }
    write
        .execute(
            ROTATE,
            params![
                rotate.id.0,
                rotate.presented.as_bytes(),
                rotate.successor.as_bytes(),
                rotate.granted.as_str(),
                rotate.now.millis(),
                rotate.access_expires_at.millis(),
            ],
        )
        .await?;
    if token.client_auth != rotate.client_auth {
        let key = rotate.client_auth.thumbprint().map(Thumbprint::as_bytes);
        write.execute(BIND, params![rotate.id.0, auth_column(&rotate.client_auth)?, key]).await?;
    }
    write.execute(INSERT_REFRESH, params![rotate.successor.as_bytes(), rotate.id.0]).await?;
    if let Some(sets) = &rotate.sets {
        set_change::put(write, rotate.id, &sets.after).await?;
        set_change::note(write, rotate.id, &sets.changes).await?;
    }
    let token = token.rotated(rotate.clone());
    Ok(Rotation::Rotated(Box::new(token)))
}

/// What becomes of a refresh token that is not current.
async fn reuse_in(write: &mut Write, token: &Token, rotate: &RotateToken) -> Result<Rotation, StoreError> {
    if token.recovers(rotate) {
        return Ok(Rotation::Recovered(Box::new(token.clone())));
    }
    let owner =
        one(&mut write.connection, FIND_BY_REFRESH, params![rotate.presented.as_bytes()], id_of).await?;
    if owner != Some(rotate.id) {
        return Ok(Rotation::Gone);
    }
    end(write, rotate.id).await?;
    Ok(Rotation::Replayed(Box::new(token.clone())))
}

fn id_of(row: &PgRow) -> Result<TokenId, StoreError> {
    Columns::new("token", row).value(0, "id").map(TokenId)
}

fn read(row: &PgRow) -> Result<Token, StoreError> {
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

pub(super) fn client(columns: &Columns<'_>, at: usize) -> Result<ClientId, StoreError> {
    columns.read("client", ClientId::from_stored(columns.text(at, "client")?).ok())
}

/// Null for a public client.
pub(super) fn client_auth(columns: &Columns<'_>, at: usize) -> Result<ClientAuth, StoreError> {
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
    FIND = concat!("SELECT ", columns!(), " FROM token WHERE id = $1");
    FIND_ALL = concat!("SELECT ", columns!(), " FROM token WHERE id = ANY ($1)");
    FIND_BY_REFRESH = "SELECT token.id FROM refresh JOIN token ON token.number = refresh.token WHERE hash = $1";
    FIND_WITH_REFRESH = concat!("SELECT ", columns!(), ", hash FROM refresh JOIN token ON token.number = refresh.token \
        WHERE hash = ANY ($1)");
    LIST = concat!("SELECT ", columns!(), " FROM token WHERE account = $1 ORDER BY created_at DESC, id");
    LIST_BOUND_KEYS = "SELECT DISTINCT client, client_key FROM token WHERE client_key IS NOT NULL";
    INSERT = "INSERT INTO token (id, account, client, client_auth, client_key, dpop_jkt, audience, approved, granted, \
        device, created_at, rotated_at, rotation, access_expires_at, refresh, previous_refresh, began_public) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    INSERT_REFRESH = "INSERT INTO refresh (hash, token) SELECT $1, number FROM token WHERE id = $2";
    ROTATE = "UPDATE token SET granted = $4, rotated_at = $5, rotation = rotation + 1, access_expires_at = $6, \
        refresh = $3, previous_refresh = $2 WHERE id = $1 AND refresh = $2";
    ROTATE_AT_ONCE = concat!(
        "WITH rotated AS (UPDATE token SET granted = $4, rotated_at = $5, rotation = rotation + 1, \
         access_expires_at = $6, refresh = $3, previous_refresh = $2 \
         WHERE id = $1 AND refresh = $2 AND client_auth IS NOT DISTINCT FROM $7 RETURNING number, ", columns!(), "), \
         kept AS (INSERT INTO refresh (hash, token) SELECT $3, number FROM rotated) SELECT ", columns!(), " FROM rotated"
    );
    BIND = "UPDATE token SET client_auth = $2, client_key = $3 WHERE id = $1";
    END = "DELETE FROM token WHERE id = $1";
    END_BY_ACCOUNT = "DELETE FROM token WHERE account = $1";
    END_BY_KEY = "DELETE FROM token WHERE client = $1 AND client_key = $2";
}

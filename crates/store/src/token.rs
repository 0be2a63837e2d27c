//! Tokens: each one grant to one client on one account, with its current access and refresh token.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::secret::RefreshTokenHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;
use crate::approved_set::ApprovedSet;
use crate::device::DeviceId;
use crate::security_event::SecurityEvent;
use crate::set_change::{ReplaceSets, SetChange};

/// Names a token for its whole life: 16 random bytes, `tok-` and 32 hexadecimal digits as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub [u8; 16]);

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tok-")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for TokenId {
    type Err = InvalidTokenId;

    fn from_str(text: &str) -> Result<Self, InvalidTokenId> {
        let digits =
            text.strip_prefix("tok-").filter(|d| d.len() == 32 && d.is_ascii()).ok_or(InvalidTokenId)?;
        let number = u128::from_str_radix(digits, 16).map_err(|_| InvalidTokenId)?;
        let id = Self(number.to_be_bytes());
        if id.to_string() == text { Ok(id) } else { Err(InvalidTokenId) }
    }
}

/// The text names no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a token")]
pub struct InvalidTokenId;

/// The `jti` of an access token: the token and how often it was rotated when the access token was made.
/// An access token of an earlier rotation no longer works where the token is looked up (AS-61).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccessTokenId {
    /// Which token.
    pub token: TokenId,
    /// Which rotation of it.
    pub rotation: u32,
}

impl fmt::Display for AccessTokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.token, self.rotation)
    }
}

impl FromStr for AccessTokenId {
    type Err = InvalidTokenId;

    fn from_str(text: &str) -> Result<Self, InvalidTokenId> {
        let (token, rotation) = text.rsplit_once('-').ok_or(InvalidTokenId)?;
        let id = Self { token: token.parse()?, rotation: rotation.parse().map_err(|_| InvalidTokenId)? };
        if id.to_string() == text { Ok(id) } else { Err(InvalidTokenId) }
    }
}

/// One grant to one client on one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name.
    pub id: TokenId,
    /// Whose account.
    pub account: Did,
    /// Which client.
    pub client: ClientId,
    /// How the client proves who it is, for the token's whole life (CM-30).
    pub client_auth: ClientAuth,
    /// Whether the client began it without proving who it is. It may prove itself since (CM-36), and keeps the shorter
    /// life that the session began with.
    pub began_public: bool,
    /// The key every proof must be made with.
    pub dpop_jkt: Thumbprint,
    /// Which resource server it is for.
    pub audience: Did,
    /// What was approved, as it was asked for (`include:` unexpanded).
    pub approved: Scopes,
    /// What the current access token may do (expanded; never `include:`).
    pub granted: Scopes,
    /// The browser in which it was approved.
    pub device: Option<DeviceId>,
    /// When the code was exchanged: the session's life counts from here.
    pub created_at: UnixTime,
    /// When the refresh token was last rotated (or made).
    pub rotated_at: UnixTime,
    /// How often it was rotated.
    pub rotation: u32,
    /// When the current access token ends.
    pub access_expires_at: UnixTime,
    /// Hash of the current refresh token; `None` where the client does not refresh.
    pub refresh: Option<RefreshTokenHash>,
    /// Hash of the refresh token before that: what AS-57 may answer again.
    pub previous_refresh: Option<RefreshTokenHash>,
}

impl Token {
    /// The `jti` of the current access token.
    pub fn access_id(&self) -> AccessTokenId {
        AccessTokenId { token: self.id, rotation: self.rotation }
    }

    /// How the client proved who it is when the session began: what its life is measured by (CM-36).
    pub fn began_as(&self) -> &ClientAuth {
        if self.began_public { &ClientAuth::None } else { &self.client_auth }
    }
}

impl Token {
    /// Whether this presentation of the direct predecessor is answered again (AS-57). A recovery is no rotation, so
    /// the 60 s are counted from the rotation however often it happens.
    pub(crate) fn recovers(&self, rotate: &RotateToken) -> bool {
        self.previous_refresh == Some(rotate.presented)
            && self.client_auth == rotate.client_auth
            && rotate.now.since(self.rotated_at) <= rotate.recovery
    }

    /// What a rotation makes of it.
    pub(crate) fn rotated(&self, rotate: RotateToken) -> Self {
        // The usual rotation grants what was granted before: the text is shared, not kept twice.
        let granted = if rotate.granted == self.granted { self.granted.clone() } else { rotate.granted };
        Self {
            client_auth: rotate.client_auth,
            granted,
            rotated_at: rotate.now,
            rotation: self.rotation.saturating_add(1),
            access_expires_at: rotate.access_expires_at,
            refresh: Some(rotate.successor),
            previous_refresh: Some(rotate.presented),
            ..self.clone()
        }
    }
}

/// A token that a code is exchanged for: rotation 0, made now.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The token.
    pub token: Token,
    /// What it has of the permission sets it was approved with.
    pub sets: Vec<ApprovedSet>,
    /// What changed in them between the approval and now.
    pub changes: Vec<SetChange>,
    /// What the log of its owner says of it, noted with it.
    pub event: Option<SecurityEvent>,
}

impl From<Token> for NewToken {
    /// One without permission sets, of which nothing is noted.
    fn from(token: Token) -> Self {
        Self { token, sets: Vec::new(), changes: Vec::new(), event: None }
    }
}

/// What a rotation puts in the place of what was.
#[derive(Clone, Debug)]
pub struct RotateToken {
    /// Which token.
    pub id: TokenId,
    /// Hash of the refresh token that was presented.
    pub presented: RefreshTokenHash,
    /// Hash of the refresh token that follows it.
    pub successor: RefreshTokenHash,
    /// How the client proved who it is this time: `none` may become a key (CM-36).
    pub client_auth: ClientAuth,
    /// What the new access token may do.
    pub granted: Scopes,
    /// What its permission sets give from now on, where that changed. Kept with the rotation or not at all.
    pub sets: Option<ReplaceSets>,
    /// When the new access token ends.
    pub access_expires_at: UnixTime,
    /// Now.
    pub now: UnixTime,
    /// Until when the direct predecessor is answered with the same successor again: 60 s after its rotation.
    pub recovery: std::time::Duration,
}

/// What became of a rotation.
#[derive(Clone, Debug)]
pub enum Rotation {
    /// There is no such token (any more).
    Gone,
    /// The presented one is the direct predecessor, its rotation is at most `recovery` ago and its successor was
    /// never used: this is the token as that rotation left it (AS-57). Nothing was changed. A successor that was
    /// presented and refused (too often, too wide a scope, a failure of ours) was not used: nothing was given out for it
    /// and no row changed.
    Recovered(Box<Token>),
    /// A used refresh token came again outside of that, or with another `client_auth` than its rotation: the token
    /// is ended now. This is what it was.
    Replayed(Box<Token>),
    /// Rotated: this is the token now.
    Rotated(Box<Token>),
    /// Its permission sets are not any more what `granted` was made from: nothing was changed.
    SetsChanged,
}

/// Tokens and their refresh tokens.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// The token of this name. Asked for on every guarded request: answered from memory where the back end knows
    /// that memory is true.
    async fn find_token(&self, id: TokenId) -> Result<Option<Token>, StoreError>;
    /// The token that a refresh token belongs to, be it the current one or a used one.
    async fn find_token_by_refresh(&self, refresh: &RefreshTokenHash) -> Result<Option<Token>, StoreError>;
    /// Replaces the refresh token by compare-and-swap: of two live successors there is never a second.
    /// Used hashes are kept as long as the token lives (AS-56).
    async fn rotate_token(&self, rotate: RotateToken) -> Result<Rotation, StoreError>;
    /// Ends a token. False if there was none.
    async fn revoke_token(&self, id: TokenId) -> Result<bool, StoreError>;
    /// Ends all tokens of an account; how many there were.
    async fn revoke_tokens(&self, account: &Did) -> Result<u64, StoreError>;
    /// The tokens of an account, newest first.
    async fn list_tokens(&self, account: &Did) -> Result<Vec<Token>, StoreError>;
    /// Every (client, key thumbprint) that a token is bound to, for the sweep of CM-31.
    async fn list_bound_keys(&self) -> Result<Vec<(ClientId, Thumbprint)>, StoreError>;
    /// Ends every token of a client that is bound to this assertion key; how many there were (CM-31).
    async fn revoke_tokens_by_key(&self, client: &ClientId, key: &Thumbprint) -> Result<u64, StoreError>;
}

//! A token as memory keeps it: one for each session of a server, so in as few bytes as will do.

use std::sync::Arc;

use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::secret::RefreshTokenHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::device::DeviceId;
use crate::token::{Token, TokenId};

/// A [`Token`] without its name, by which it is kept.
#[derive(Debug)]
pub(super) struct KeptToken {
    account: Did,
    client: ClientId,
    client_auth: Arc<ClientAuth>,
    dpop_jkt: Thumbprint,
    audience: Did,
    approved: Scopes,
    granted: Scopes,
    device: Option<Box<str>>,
    created_at: UnixTime,
    rotated_at: UnixTime,
    rotation: u32,
    began_public: bool,
    access_expires_at: UnixTime,
    refresh: Option<RefreshTokenHash>,
    previous_refresh: Option<RefreshTokenHash>,
}

impl KeptToken {
    /// `client_auth` is that of the token: all tokens of a client may point to the same one.
    pub(super) fn new(token: Token, client_auth: Arc<ClientAuth>) -> Self {
        Self {
            account: token.account,
            client: token.client,
            client_auth,
            dpop_jkt: token.dpop_jkt,
            audience: token.audience,
            approved: token.approved,
            granted: token.granted,
            device: token.device.map(|device| device.0.into_boxed_str()),
            created_at: token.created_at,
            rotated_at: token.rotated_at,
            rotation: token.rotation,
            began_public: token.began_public,
            access_expires_at: token.access_expires_at,
            refresh: token.refresh,
            previous_refresh: token.previous_refresh,
        }
    }

    /// The token of this name.
    pub(super) fn token(&self, id: TokenId) -> Token {
        Token {
            id,
            account: self.account.clone(),
            client: self.client.clone(),
            client_auth: ClientAuth::clone(&self.client_auth),
            began_public: self.began_public,
            dpop_jkt: self.dpop_jkt,
            audience: self.audience.clone(),
            approved: self.approved.clone(),
            granted: self.granted.clone(),
            device: self.device.as_deref().map(|device| DeviceId(device.to_owned())),
            created_at: self.created_at,
            rotated_at: self.rotated_at,
            rotation: self.rotation,
            access_expires_at: self.access_expires_at,
            refresh: self.refresh,
            previous_refresh: self.previous_refresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use gatewright_protocol::jose::Algorithm;

    use super::*;

    #[test]
    fn a_token_comes_back_as_it_was_and_takes_little_memory() {
        let hash = |byte| Some(RefreshTokenHash([byte; 32]));
        let client_auth = ClientAuth::PrivateKeyJwt {
            kid: "key-1".into(),
            alg: Algorithm::Es256,
            thumbprint: Thumbprint([1; 32]),
        };
        let token = Token {
            id: TokenId([2; 16]),
            account: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap(),
            client: ClientId::from_stored("https://app.example.dev/client.json").unwrap(),
            client_auth: client_auth.clone(),
            began_public: true,
            dpop_jkt: Thumbprint([3; 32]),
            audience: "did:web:pds.example.dev".parse().unwrap(),
            approved: "atproto include:com.example.set".parse().unwrap(),
            granted: "atproto repo:com.example.one".parse().unwrap(),
            device: Some(DeviceId("a browser".into())),
            created_at: UnixTime::from_seconds(4),
            rotated_at: UnixTime::from_seconds(5),
            rotation: 6,
            access_expires_at: UnixTime::from_seconds(7),
            refresh: hash(8),
            previous_refresh: hash(9),
        };
        let without = Token { device: None, refresh: None, previous_refresh: None, ..token.clone() };
        for token in [token, without] {
            let kept = KeptToken::new(token.clone(), Arc::new(client_auth.clone()));
            assert_eq!(kept.token(token.id), token);
        }
        // With the counts of its `Arc`, what allocators give out for 256 bytes.
        assert!(size_of::<KeptToken>() <= 240, "{}", size_of::<KeptToken>());
    }
}

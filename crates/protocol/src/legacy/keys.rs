//! What legacy tokens are signed with: apart from the keys of OAuth (SESS-5), except where the host of an account knows no
//! more than one key.

use std::fmt;

use zeroize::Zeroizing;

use super::token::{self, AccessClaims, LegacyTokenError, RefreshClaims, SessionToken};
use crate::crypto::PrivateKey;
use crate::jose::Algorithm;
use crate::jose::jws::{self, SignHeader, Unverified, Verified};
use crate::syntax::Did;
use crate::time::UnixTime;

/// One secret that signs, and all that are accepted: those before it are good until no token of theirs can be alive.
pub struct LegacyKeys {
    /// The first one signs.
    accepted: Vec<Zeroizing<[u8; 32]>>,
    entryway: Option<Entryway>,
}

/// What signs for hosts that this server is the entryway of.
struct Entryway {
    key: PrivateKey,
    hosts: Vec<Did>,
}

impl LegacyKeys {
    /// The secret that signs, and those that signed before.
    pub fn new(signing: [u8; 32], older: impl IntoIterator<Item = [u8; 32]>) -> Self {
        let accepted = std::iter::once(signing).chain(older).map(Zeroizing::new).collect();
        Self { accepted, entryway: None }
    }

    /// Tokens of accounts that are kept at these hosts are signed with this key, whose public half the hosts have: they
    /// check access tokens by themselves, and refresh tokens before they pass them on (RS-8).
    #[must_use]
    pub fn with_entryway(self, key: PrivateKey, hosts: Vec<Did>) -> Self {
        Self { entryway: Some(Entryway { key, hosts }), ..self }
    }

    /// Signs an access token.
    pub fn sign_access(&self, claims: &AccessClaims) -> SessionToken {
        self.sign(token::ACCESS, self.entryway_of(&claims.audience), &claims.as_json())
    }

    /// Signs a refresh token of an account that is kept at this host.
    pub fn sign_refresh(&self, host: &Did, claims: &RefreshClaims) -> SessionToken {
        self.sign(token::REFRESH, self.entryway_of(host), &claims.as_json())
    }

    /// Checks an access token for `audience` (SESS-4) or, of an account that is kept elsewhere, for its host; its time
    /// last.
    ///
    /// # Errors
    /// It is not one of ours, of another kind, for another service, or its time has passed.
    pub fn verify_access(
        &self,
        token: &Unverified<'_>,
        audience: &Did,
        now: UnixTime,
    ) -> Result<AccessClaims, LegacyTokenError> {
        let (verified, entryway) = self.verify(token, token::ACCESS)?;
        let audiences = match entryway {
            Some(entryway) => entryway.hosts.as_slice(),
            None => std::slice::from_ref(audience),
        };
        let claims = AccessClaims::read(&verified, audiences)?;
        if now < claims.expires_at { Ok(claims) } else { Err(LegacyTokenError::Expired) }
    }

    /// Checks a refresh token for `audience`, but not its time: whoever may be late says so with
    /// [`RefreshClaims::check_time`].
    ///
    /// # Errors
    /// It is not one of ours, of another kind, or for another service.
    pub fn verify_refresh(
        &self,
        token: &Unverified<'_>,
        audience: &Did,
    ) -> Result<RefreshClaims, LegacyTokenError> {
        RefreshClaims::read(&self.verify(token, token::REFRESH)?.0, audience)
    }

    fn entryway_of(&self, host: &Did) -> Option<&Entryway> {
        self.entryway.as_ref().filter(|entryway| entryway.hosts.contains(host))
    }

    fn sign(&self, typ: &str, entryway: Option<&Entryway>, claims: &impl serde::Serialize) -> SessionToken {
        let header = SignHeader { typ, kid: None, jwk: None };
        if let Some(entryway) = entryway {
            return SessionToken::new(jws::sign(&entryway.key, &header, claims));
        }
        let secret = self.accepted.first().expect("there is always one that signs");
        SessionToken::new(jws::sign_hs256(&**secret, &header, claims))
    }

    /// The token, and the entryway if that signed it.
    fn verify(
        &self,
        token: &Unverified<'_>,
        typ: &str,
    ) -> Result<(Verified, Option<&Entryway>), LegacyTokenError> {
        if !token.header().is_typ(typ) {
            return Err(LegacyTokenError::Invalid);
        }
        let verified = match (token.header().alg, &self.entryway) {
            (Algorithm::Hs256, _) => {
                let by = |secret: &Zeroizing<[u8; 32]>| token.verify_hs256(&**secret).ok();
                self.accepted.iter().find_map(by).map(|verified| (verified, None))
            }
            (_, Some(entryway)) => {
                let verified = token.verify(entryway.key.public()).ok();
                verified.map(|verified| (verified, Some(entryway)))
            }
            (_, None) => None,
        };
        verified.ok_or(LegacyTokenError::Invalid)
    }
}

impl fmt::Debug for LegacyKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacyKeys").field("accepted", &self.accepted.len()).finish_non_exhaustive()
    }
}

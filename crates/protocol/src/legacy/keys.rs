//! The secrets that legacy tokens are signed with: apart from the keys of OAuth (SESS-5).

use std::fmt;

use zeroize::Zeroizing;

use super::token::{self, AccessClaims, LegacyTokenError, RefreshClaims, SessionToken};
use crate::jose::jws::{self, SignHeader, Unverified, Verified};
use crate::syntax::Did;
use crate::time::UnixTime;

/// One secret that signs, and all that are accepted: those before it are good until no token of theirs can be alive.
pub struct LegacyKeys {
    /// The first one signs.
    accepted: Vec<Zeroizing<[u8; 32]>>,
}

impl LegacyKeys {
    /// The secret that signs, and those that signed before.
    pub fn new(signing: [u8; 32], older: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self { accepted: std::iter::once(signing).chain(older).map(Zeroizing::new).collect() }
    }

    /// Signs an access token.
    pub fn sign_access(&self, claims: &AccessClaims) -> SessionToken {
        self.sign(token::ACCESS, &claims.as_json())
    }

    /// Signs a refresh token.
    pub fn sign_refresh(&self, claims: &RefreshClaims) -> SessionToken {
        self.sign(token::REFRESH, &claims.as_json())
    }

    /// Checks an access token for `audience` (SESS-4), its time last.
    ///
    /// # Errors
    /// It is not one of ours, of another kind, for another service, or its time has passed.
    pub fn verify_access(
        &self,
        token: &Unverified<'_>,
        audience: &Did,
        now: UnixTime,
    ) -> Result<AccessClaims, LegacyTokenError> {
        let claims = AccessClaims::read(&self.verify(token, token::ACCESS)?, audience)?;
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
        RefreshClaims::read(&self.verify(token, token::REFRESH)?, audience)
    }

    fn sign(&self, typ: &str, claims: &impl serde::Serialize) -> SessionToken {
        let secret = self.accepted.first().expect("there is always one that signs");
        SessionToken::new(jws::sign_hs256(&**secret, &SignHeader { typ, kid: None, jwk: None }, claims))
    }

    fn verify(&self, token: &Unverified<'_>, typ: &str) -> Result<Verified, LegacyTokenError> {
        if !token.header().is_typ(typ) {
            return Err(LegacyTokenError::Invalid);
        }
        let by = |secret: &Zeroizing<[u8; 32]>| token.verify_hs256(&**secret).ok();
        self.accepted.iter().find_map(by).ok_or(LegacyTokenError::Invalid)
    }
}

impl fmt::Debug for LegacyKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacyKeys").field("accepted", &self.accepted.len()).finish_non_exhaustive()
    }
}

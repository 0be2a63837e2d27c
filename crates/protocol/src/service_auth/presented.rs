//! Checking a service token, in the order of SA-7.

use serde::Deserialize;

use super::{AHEAD, Expected, KeyName, MAX_LIFE, SKEW, ServiceAuthError, TYP};
use crate::crypto::{PublicKey, sha256};
use crate::jose::Algorithm;
use crate::jose::jws::{self, JwsError, Unverified};
use crate::syntax::{Did, Nsid};
use crate::time::UnixTime;

/// A token that says what it must say; whether its issuer says it, only the issuer's key can tell.
#[derive(Debug)]
pub struct Presented<'a> {
    token: Unverified<'a>,
    proven: Proven,
}

/// A token whose issuer is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Who calls.
    pub issuer: Did,
    /// By which of its keys.
    pub key: KeyName,
    /// The method that it is for; none where such tokens are taken.
    pub method: Option<Nsid>,
    /// What must not come twice, where a request changes something; none if the token has no `jti`.
    pub once: Option<Once>,
}

/// A use that must not come twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once {
    /// SHA-256 of the issuer and the `jti`.
    pub key: [u8; 32],
    /// Until when it is to be remembered: the token is not taken after that.
    pub until: UnixTime,
}

/// Reads a token and checks all of it but the signature.
///
/// # Errors
/// The first of the checks of SA-7 that fails.
pub fn read<'a>(text: &'a str, expected: &Expected<'_>) -> Result<Presented<'a>, ServiceAuthError> {
    let token = jws::decode(text).map_err(|_| ServiceAuthError::Malformed)?;
    let header = token.header();
    if header.typ.is_some() && !header.is_typ(TYP) {
        return Err(ServiceAuthError::Type);
    }
    if header.alg == Algorithm::Hs256 {
        return Err(ServiceAuthError::Malformed);
    }
    let key = KeyName::of_kid(header.kid.as_deref());
    let claims: Claims = token.claims_unverified().map_err(|_| ServiceAuthError::Malformed)?;
    let until = claims.check_time(expected.now)?;
    expected.check_recipient(&claims.aud)?;
    expected.check_method(claims.lxm.as_deref())?;
    let (issuer, key) = issuer(&claims.iss, key.ok_or(ServiceAuthError::Key)?)?;
    if key == KeyName::Label && !expected.label_key {
        return Err(ServiceAuthError::Key);
    }
    let method = claims.lxm.as_deref().and_then(|lxm| lxm.parse().ok());
    let once = claims.jti.filter(|jti| !jti.is_empty()).map(|jti| Once { key: once(&issuer, &jti), until });
    Ok(Presented { token, proven: Proven { issuer, key, method, once } })
}

impl Presented<'_> {
    /// Who is said to call, and so whose key has to be looked up.
    pub fn issuer(&self) -> &Did {
        &self.proven.issuer
    }

    /// Which of its keys.
    pub fn key(&self) -> KeyName {
        self.proven.key
    }

    /// Checks the signature with the issuer's key. Of the two signatures that ECDSA knows for one message, only the low
    /// one is good, as everywhere in what accounts sign (SA-8).
    ///
    /// # Errors
    /// [`Signature`](ServiceAuthError::Signature).
    pub fn verify(&self, key: &PublicKey) -> Result<Proven, ServiceAuthError> {
        match self.token.verify_low_s(key) {
            Ok(_) => Ok(self.proven.clone()),
            Err(JwsError::Malformed) => Err(ServiceAuthError::Malformed),
            Err(_) => Err(ServiceAuthError::Signature),
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: f64,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(default)]
    lxm: Option<String>,
    #[serde(default)]
    jti: Option<String>,
}

impl Claims {
    /// Until when it is good.
    fn check_time(&self, now: UnixTime) -> Result<UnixTime, ServiceAuthError> {
        let until = UnixTime::from_numeric_date(self.exp).plus(SKEW);
        if until <= now {
            return Err(ServiceAuthError::Expired);
        }
        let from_ahead = self.iat.is_some_and(|iat| UnixTime::from_numeric_date(iat) > now.plus(AHEAD));
        if from_ahead || until > now.plus(MAX_LIFE).plus(SKEW).plus(SKEW) {
            return Err(ServiceAuthError::Time);
        }
        Ok(until)
    }
}

/// The DID and its key. A moderation service of the older form names its service instead of its key (SA-3).
fn issuer(iss: &str, key: KeyName) -> Result<(Did, KeyName), ServiceAuthError> {
    let (did, key) = match iss.split_once('#') {
        None => (iss, key),
        Some((did, "atproto_labeler")) => (did, KeyName::Label),
        Some(_) => return Err(ServiceAuthError::Issuer),
    };
    let did: Did = did.parse().map_err(|_| ServiceAuthError::Issuer)?;
    if did.is_atproto() { Ok((did, key)) } else { Err(ServiceAuthError::Issuer) }
}

/// The `jti` of one issuer. A DID holds no NUL, so no two pairs are one text.
fn once(issuer: &Did, jti: &str) -> [u8; 32] {
    sha256(format!("service token\0{issuer}\0{jti}").as_bytes())
}

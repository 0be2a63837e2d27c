//! JWS in its compact form: `header.claims.signature`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::base64url::{decode as decode_base64url, decode_array, encode};
use super::jwk::Absent;
use super::{Algorithm, Jwk};
use crate::crypto::{PrivateKey, PublicKey, constant_time_eq, hmac_sha256};
use crate::json;

/// The longest text that is looked at.
pub const MAX_LENGTH: usize = 16 * 1024;
/// The longest header, in base64url.
const MAX_HEADER: usize = 4 * 1024;

/// What a header says. Members beyond these are ignored; `crit` names some that must not be, so it is refused.
#[derive(Clone, Debug)]
pub struct Header {
    /// How it is signed.
    pub alg: Algorithm,
    /// What kind of token it is.
    pub typ: Option<Box<str>>,
    /// Which key signed it.
    pub kid: Option<Box<str>>,
    /// The key itself (proofs).
    pub jwk: Option<Jwk>,
}

impl Header {
    /// Is it of this kind? Compared without case, `application/` may be left out (RFC 7515 section 4.1.9).
    pub fn is_typ(&self, expected: &str) -> bool {
        self.typ.as_deref().is_some_and(|typ| {
            let short = match typ.split_at_checked(12) {
                Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
                _ => typ,
            };
            short.eq_ignore_ascii_case(expected)
        })
    }
}

/// Why a JWS is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// The algorithm does not exist here, or is not that of the key.
    #[error("the algorithm is not taken here, or not that of the key")]
    Algorithm,
    /// The payload is not the JSON object that was expected.
    #[error("the claims are not those of this kind of token")]
    Claims,
    /// The header is no JSON object of known form, its `jwk` is not a public key, or it has `crit`.
    #[error("the header is not one that is understood here")]
    Header,
    /// Not three parts of base64url, or too long.
    #[error("not a compact JWS")]
    Malformed,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
}

/// A JWS that was taken apart; nothing in it is proven.
#[derive(Debug)]
pub struct Unverified<'a> {
    header: Header,
    signing_input: &'a str,
    payload: &'a str,
    signature: &'a str,
}

/// The payload of a JWS whose signature is right.
#[derive(Debug)]
pub struct Verified(Vec<u8>);

/// Takes a JWS apart. Its header is read, the rest stays where it is.
pub fn decode(text: &str) -> Result<Unverified<'_>, JwsError> {
    if text.len() > MAX_LENGTH {
        return Err(JwsError::Malformed);
    }
    let (signing_input, signature) = text.rsplit_once('.').ok_or(JwsError::Malformed)?;
    let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Malformed)?;
    // Four parts leave a dot in the payload; base64url has none, but say so before anything is decoded.
    if header.len() > MAX_HEADER || payload.is_empty() || payload.contains('.') || signature.is_empty() {
        return Err(JwsError::Malformed);
    }
    let header = decode_base64url(header).ok_or(JwsError::Malformed)?;
    let header: HeaderMembers = json::from_slice(&header).map_err(|_| JwsError::Header)?;
    Ok(Unverified { header: header.read()?, signing_input, payload, signature })
}

impl Unverified<'_> {
    /// What the header says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads claims before their signature was checked: only to learn which key must have signed.
    pub fn claims_unverified<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        let payload = decode_base64url(self.payload).ok_or(JwsError::Malformed)?;
        json::from_slice(&payload).map_err(|_| JwsError::Claims)
    }

    /// Checks the signature with the key, whose curve must be that of `alg`.
    pub fn verify(&self, key: &PublicKey) -> Result<Verified, JwsError> {
        let signature = self.ecdsa_signature(key)?;
        key.verify(self.signing_input.as_bytes(), &signature).map_err(|_| JwsError::Signature)?;
        self.verified()
    }

    /// As [`verify`](Self::verify), and a high `s` is refused: what accounts sign themselves (SA-8).
    pub fn verify_low_s(&self, key: &PublicKey) -> Result<Verified, JwsError> {
        let signature = self.ecdsa_signature(key)?;
        key.verify_low_s(self.signing_input.as_bytes(), &signature).map_err(|_| JwsError::Signature)?;
        self.verified()
    }

    /// Checks an `HS256` signature.
    pub fn verify_hs256(&self, key: &[u8]) -> Result<Verified, JwsError> {
        if self.header.alg != Algorithm::Hs256 {
            return Err(JwsError::Algorithm);
        }
        let expected = hmac_sha256(key, &[self.signing_input.as_bytes()]);
        let presented: [u8; 32] = self.signature_bytes()?;
        if constant_time_eq(&expected, &presented) { self.verified() } else { Err(JwsError::Signature) }
    }

    fn ecdsa_signature(&self, key: &PublicKey) -> Result<[u8; 64], JwsError> {
        if self.header.alg.curve() != Some(key.curve()) {
            return Err(JwsError::Algorithm);
        }
        self.signature_bytes()
    }

    fn signature_bytes<const N: usize>(&self) -> Result<[u8; N], JwsError> {
        decode_array(self.signature).ok_or(JwsError::Malformed)
    }

    fn verified(&self) -> Result<Verified, JwsError> {
        decode_base64url(self.payload).map(Verified).ok_or(JwsError::Malformed)
    }
}

impl Verified {
    /// Reads the claims. Structs within them are to be [`Object`](crate::json::Object)s.
    pub fn claims<'de, T: Deserialize<'de>>(&'de self) -> Result<T, JwsError> {
        json::from_slice(&self.0).map_err(|_| JwsError::Claims)
    }

    /// The payload as it was signed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[derive(Deserialize)]
struct HeaderMembers {
    alg: Box<str>,
    #[serde(default)]
    typ: Option<Box<str>>,
    #[serde(default)]
    kid: Option<Box<str>>,
    #[serde(default)]
    jwk: Option<Jwk>,
    #[serde(default, rename = "crit")]
    _crit: Absent,
}

impl HeaderMembers {
    fn read(self) -> Result<Header, JwsError> {
        let alg = self.alg.parse().map_err(|_| JwsError::Algorithm)?;
        Ok(Header { alg, typ: self.typ, kid: self.kid, jwk: self.jwk })
    }
}

/// What goes into the header of a JWS that we sign; `alg` is that of the key.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignHeader<'a> {
    /// The kind of token.
    pub typ: &'a str,
    /// The name of the key.
    pub kid: Option<&'a str>,
    /// The key itself (proofs).
    pub jwk: Option<&'a Jwk>,
}

#[derive(Serialize)]
struct FullHeader<'a> {
    alg: Algorithm,
    typ: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwk: Option<&'a Jwk>,
}

/// Signs claims with a key.
pub fn sign(key: &PrivateKey, header: &SignHeader<'_>, claims: &impl Serialize) -> String {
    let mut text = signing_input(key.curve().into(), header, claims);
    let signature = key.sign(text.as_bytes());
    push_part(&mut text, &signature);
    text
}

/// Signs claims with HMAC-SHA-256.
pub fn sign_hs256(key: &[u8], header: &SignHeader<'_>, claims: &impl Serialize) -> String {
    let mut text = signing_input(Algorithm::Hs256, header, claims);
    let signature = hmac_sha256(key, &[text.as_bytes()]);
    push_part(&mut text, &signature);
    text
}

fn signing_input(alg: Algorithm, header: &SignHeader<'_>, claims: &impl Serialize) -> String {
    let mut text = String::with_capacity(1024);
    let SignHeader { typ, kid, jwk } = *header;
    text.push_str(&encode(&to_json(&FullHeader { alg, typ, kid, jwk })));
    push_part(&mut text, &to_json(claims));
    text
}

fn push_part(text: &mut String, bytes: &[u8]) {
    text.push('.');
    text.push_str(&encode(bytes));
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("headers and claims are plain structs, which are always JSON")
}

//! Public keys: checked to be points of their curve when they are read, so that verifying only verifies.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use secp256k1::{Message, ecdsa};

use super::{Curve, KeyError, WrongSignature, low_s, sha256};
use crate::jose::Jwk;

/// A public key on P-256 or K-256.
#[derive(Clone)]
pub struct PublicKey {
    /// `04`, x, y.
    point: [u8; 65],
    verifier: Verifier,
}

#[derive(Clone)]
enum Verifier {
    K256(secp256k1::PublicKey),
    P256(ParsedPublicKey),
}

impl PublicKey {
    /// Reads a point in the encoding of SEC 1, compressed (33 bytes) or not (65 bytes).
    pub fn from_sec1(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        // Both libraries also know a "hybrid" form, which nobody uses; the lengths alone would let it in.
        if !matches!((point.len(), point.first()), (33, Some(2 | 3)) | (65, Some(4))) {
            return Err(KeyError::NotOnCurve);
        }
        match curve {
            Curve::K256 => {
                let key = secp256k1::PublicKey::from_slice(point).map_err(|_| KeyError::NotOnCurve)?;
                Ok(Self { point: key.serialize_uncompressed(), verifier: Verifier::K256(key) })
            }
            Curve::P256 => {
                let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .map_err(|_| KeyError::NotOnCurve)?;
                let point = match point.try_into() {
                    Ok(uncompressed) => uncompressed,
                    Err(_) => decompressed(&key)?,
                };
                Ok(Self { point, verifier: Verifier::P256(key) })
            }
        }
    }

    /// Makes a key from the two coordinates of a JWK.
    pub fn from_coordinates(curve: Curve, x: &[u8; 32], y: &[u8; 32]) -> Result<Self, KeyError> {
        let mut point = [4; 65];
        let (head, tail) = point.split_at_mut(33);
        head.split_at_mut(1).1.copy_from_slice(x);
        tail.copy_from_slice(y);
        Self::from_sec1(curve, &point)
    }

    /// Its curve.
    pub fn curve(&self) -> Curve {
        match self.verifier {
            Verifier::K256(_) => Curve::K256,
            Verifier::P256(_) => Curve::P256,
        }
    }

    /// The two coordinates.
    pub fn coordinates(&self) -> (&[u8], &[u8]) {
        self.point.split_at(1).1.split_at(32)
    }

    /// The point in 33 bytes.
    pub fn compressed(&self) -> [u8; 33] {
        let (x, y) = self.coordinates();
        let mut bytes = [0; 33];
        if let Some((sign, rest)) = bytes.split_first_mut() {
            *sign = 2 + (y.last().copied().unwrap_or_default() & 1);
            rest.copy_from_slice(x);
        }
        bytes
    }

    /// The point in 65 bytes.
    pub fn uncompressed(&self) -> &[u8; 65] {
        &self.point
    }

    /// The key as a JWK without `kid`.
    pub fn to_jwk(&self) -> Jwk {
        Jwk::from(self.clone())
    }

    /// Checks an `ES256` or `ES256K` signature (64 bytes, `r` and `s`) over SHA-256 of the message, as JOSE has it:
    /// either `s` is good.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), WrongSignature> {
        match &self.verifier {
            Verifier::K256(key) => {
                let mut signature = ecdsa::Signature::from_compact(signature).map_err(|_| WrongSignature)?;
                // The library verifies low-S signatures only.
                signature.normalize_s();
                key.verify(Message::from_digest(sha256(message)), &signature).map_err(|_| WrongSignature)
            }
            Verifier::P256(key) => key.verify_sig(message, signature).map_err(|_| WrongSignature),
        }
    }

    /// Checks a signature as the protocol's own data has it: like [`verify`](Self::verify), but a high `s` is wrong.
    pub fn verify_low_s(&self, message: &[u8], signature: &[u8]) -> Result<(), WrongSignature> {
        let compact: &low_s::Compact = signature.try_into().map_err(|_| WrongSignature)?;
        if !low_s::is_low(self.curve(), compact) {
            return Err(WrongSignature);
        }
        self.verify(message, signature)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.curve() == other.curve() && self.point == other.point
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_multikey())
    }
}

/// The uncompressed point is the end of the key's DER form.
fn decompressed(key: &ParsedPublicKey) -> Result<[u8; 65], KeyError> {
    let der: PublicKeyX509Der<'_> = key.as_der().map_err(|_| KeyError::NotOnCurve)?;
    match der.as_ref().last_chunk::<65>() {
        Some(point) if point.first() == Some(&4) => Ok(*point),
        _ => Err(KeyError::NotOnCurve),
    }
}

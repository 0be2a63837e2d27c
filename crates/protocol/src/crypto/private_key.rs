//! Private keys.

use std::fmt;

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use secp256k1::{Message, SecretKey};
use zeroize::Zeroizing;

use super::{Curve, KeyError, PublicKey, low_s, sha256};
use crate::random::Random;

/// A private key on P-256 or K-256, with its public half. `Debug` shows the public half only.
pub struct PrivateKey {
    bytes: Zeroizing<[u8; 32]>,
    public: PublicKey,
    signer: Signer,
}

enum Signer {
    K256(Box<SecretKey>),
    P256(EcdsaKeyPair),
}

impl Drop for Signer {
    fn drop(&mut self) {
        if let Self::K256(key) = self {
            key.non_secure_erase();
        }
    }
}

impl PrivateKey {
    /// The key that is this number, big endian.
    pub fn from_bytes(curve: Curve, bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let (signer, public) = match curve {
            Curve::K256 => {
                let key = SecretKey::from_secret_bytes(*bytes).map_err(|_| KeyError::PrivateOutOfRange)?;
                let public = PublicKey::from_sec1(curve, &key.public_key().serialize())?;
                (Signer::K256(Box::new(key)), public)
            }
            Curve::P256 => {
                let point = p256_point(bytes)?;
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    bytes,
                    point.as_ref(),
                )
                .map_err(|_| KeyError::PrivateOutOfRange)?;
                (Signer::P256(pair), PublicKey::from_sec1(curve, point.as_ref())?)
            }
        };
        Ok(Self { bytes: Zeroizing::new(*bytes), public, signer })
    }

    /// A new key.
    pub fn generate(curve: Curve, random: &dyn Random) -> Self {
        // One draw in 2^32 (P-256) or 2^128 (K-256) is out of range; a source that yields only such draws is broken.
        for _ in 0..64 {
            let mut bytes = Zeroizing::new([0; 32]);
            random.fill(bytes.as_mut());
            if let Ok(key) = Self::from_bytes(curve, &bytes) {
                return key;
            }
        }
        panic!("the source of randomness is broken")
    }

    /// The number, for the file or the seal that keeps it. Wiped when dropped.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.bytes.clone()
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its curve.
    pub fn curve(&self) -> Curve {
        self.public.curve()
    }

    /// Signs SHA-256 of the message: `r` and `s` in 64 bytes, always with the low `s`.
    ///
    /// K-256 nonces are derived from key and message (RFC 6979), P-256 nonces come from AWS-LC's own generator.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = match &self.signer {
            Signer::K256(key) => key.sign_ecdsa(Message::from_digest(sha256(message))).serialize_compact(),
            Signer::P256(key) => key
                .sign(&SystemRandom::new(), message)
                .ok()
                .and_then(|signature| signature.as_ref().try_into().ok())
                .expect("a checked key signs in the fixed form of 64 bytes"),
        };
        low_s::normalize(self.curve(), signature)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(… of {:?})", self.public)
    }
}

/// The library derives a public key from bare private bytes only on its key agreement side.
fn p256_point(bytes: &[u8; 32]) -> Result<agreement::PublicKey, KeyError> {
    agreement::PrivateKey::from_private_key(&ECDH_P256, bytes)
        .map_err(|_| KeyError::PrivateOutOfRange)?
        .compute_public_key()
        .map_err(|_| KeyError::PrivateOutOfRange)
}

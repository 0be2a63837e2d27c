//! Sealing: AES-256-GCM for what a row may hold only encrypted.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

const NONCE: usize = 12;

/// A key that seals bytes so that only it opens them again, unchanged and in the same place.
pub struct SealKey(LessSafeKey);

impl SealKey {
    /// The key of these bytes.
    pub fn new(key: [u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &key).expect("AES-256 takes any 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals `plain`: the nonce, the encrypted bytes and the tag in one. `aad` says where it belongs (the account,
    /// say); it is not kept in the result, and opening needs the same again.
    ///
    /// A nonce must never be used twice under one key: take fresh random bytes.
    pub fn seal(&self, nonce: [u8; NONCE], aad: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(NONCE + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut body)
            .expect("what we seal is far below the limit of AES-GCM");
        sealed.append(&mut body);
        sealed
    }

    /// Opens what [`seal`](Self::seal) made. `None` if it was made under another key, for another place, or changed.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
        let mut body = body.to_vec();
        let length =
            self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

//! Multikey: a compressed point behind two bytes that name the curve, in base 58; and `did:key`, which wraps one.

use multibase::Base;

use super::{Curve, KeyError, PublicKey};

const P256: [u8; 2] = [0x80, 0x24];
const K256: [u8; 2] = [0xe7, 0x01];

/// Longer than any Multikey of 35 bytes, and short enough to decode for anybody.
const MAX_TEXT: usize = 64;

impl PublicKey {
    /// Reads the `publicKeyMultibase` of a Multikey.
    pub fn from_multikey(text: &str) -> Result<Self, KeyError> {
        if text.len() > MAX_TEXT || !text.starts_with('z') {
            return Err(KeyError::NotMultikey);
        }
        let (_, bytes) = multibase::decode(text).map_err(|_| KeyError::NotMultikey)?;
        let (curve, point) = match bytes.split_first_chunk::<2>() {
            Some((&K256, point)) => (Curve::K256, point),
            Some((&P256, point)) => (Curve::P256, point),
            _ => return Err(KeyError::NotMultikey),
        };
        if point.len() != 33 {
            return Err(KeyError::NotMultikey);
        }
        Self::from_sec1(curve, point)
    }

    /// Reads the `publicKeyMultibase` of the older kinds of verification method: the point alone.
    pub(crate) fn from_multibase_point(curve: Curve, text: &str) -> Result<Self, KeyError> {
        if text.len() > 2 * MAX_TEXT || !text.starts_with('z') {
            return Err(KeyError::NotMultikey);
        }
        let (_, point) = multibase::decode(text).map_err(|_| KeyError::NotMultikey)?;
        Self::from_sec1(curve, &point)
    }

    /// The key as a Multikey.
    pub fn to_multikey(&self) -> String {
        let prefix = match self.curve() {
            Curve::K256 => K256,
            Curve::P256 => P256,
        };
        multibase::encode(Base::Base58Btc, [prefix.as_slice(), &self.compressed()].concat())
    }

    /// Reads a `did:key`.
    pub fn from_did_key(text: &str) -> Result<Self, KeyError> {
        Self::from_multikey(text.strip_prefix("did:key:").ok_or(KeyError::NotMultikey)?)
    }

    /// The key as a `did:key`.
    pub fn to_did_key(&self) -> String {
        format!("did:key:{}", self.to_multikey())
    }
}

//! Keys on the protocol's two curves, the low-S rule, hashes, and sealing of what must not lie in clear.
//!
//! P-256, hashes and AES are AWS-LC's, K-256 is libsecp256k1's; no other module names either library.

mod hash;
mod low_s;
mod multikey;
mod private_key;
mod public_key;
mod seal;
#[cfg(test)]
mod tests;

pub use hash::{Sha256, constant_time_eq, hmac_sha256, sha256};
#[cfg(test)]
pub(crate) use low_s::tests::flipped;
pub use private_key::PrivateKey;
pub use public_key::PublicKey;
pub use seal::SealKey;

/// The curves that the protocol signs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// secp256k1, `ES256K`.
    K256,
    /// NIST P-256, `ES256`.
    P256,
}

/// Bytes or text that are no key of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The number is zero or not below the order of the curve.
    #[error("the private key is out of range")]
    PrivateOutOfRange,
    /// The point is not on the curve, or not encoded as it must be.
    #[error("the public key is not a point of the curve")]
    NotOnCurve,
    /// The text is no Multikey, or one of another kind of key.
    #[error("not a Multikey of P-256 or K-256")]
    NotMultikey,
}

/// A signature does not fit the message and key, or is not in the form that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is wrong")]
pub struct WrongSignature;

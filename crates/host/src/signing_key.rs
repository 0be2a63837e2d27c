//! Signing keys of accounts' repositories, as they lie in rows: sealed, each for its account.

use gatewright_protocol::crypto::{Curve, PrivateKey, SealKey};
use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::syntax::Did;

/// The curve of the signing keys that this host makes.
pub(crate) const CURVE: Curve = Curve::K256;

/// What the row of the account keeps.
pub(crate) fn seal(seal: &SealKey, did: &Did, key: &PrivateKey, random: &dyn Random) -> Vec<u8> {
    seal.seal(random_bytes(random), place(did).as_bytes(), &*key.to_bytes())
}

/// The key of a row. `None` if it was sealed by another key, for another account, or changed.
pub(crate) fn open(seal: &SealKey, did: &Did, sealed: &[u8]) -> Option<PrivateKey> {
    let bytes = zeroize::Zeroizing::new(seal.open(place(did).as_bytes(), sealed)?);
    PrivateKey::from_bytes(CURVE, bytes.as_slice().try_into().ok()?).ok()
}

fn place(did: &Did) -> String {
    format!("repository signing key of {did}")
}

//! Randomness as an argument.

use std::fmt;

/// Where operations take random bytes from. The binary passes the machine's entropy, tests pass a seeded source.
pub trait Random: fmt::Debug + Send + Sync {
    /// Fills `bytes` with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` random bytes.
pub fn random_bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

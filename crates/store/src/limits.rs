//! How much of what strangers can leave here is kept at once (SEC-72).

/// How much of what strangers can leave here is kept at once. What is over is refused; nothing is forgotten for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pushed requests whose code was not exchanged yet.
    pub open_requests: u64,
    /// Code challenges of the last 24 hours.
    pub challenges: u64,
    /// Devices.
    pub devices: u64,
    /// Identifiers of client assertions and service tokens that may not be used again.
    pub assertions: u64,
    /// Versions of lexicons, of all names together.
    pub lexicon_versions: u64,
    /// DPoP proofs that may not be used again; 16 bytes each.
    pub proofs: usize,
}

impl Limits {
    /// For state on disk.
    pub const DISK: Self = Self {
        open_requests: 100_000,
        challenges: 2_000_000,
        devices: 1_000_000,
        assertions: 1_000_000,
        lexicon_versions: 20_000,
        proofs: 4_000_000,
    };
    /// For state in the memory of the process.
    pub const MEMORY: Self = Self {
        open_requests: 10_000,
        challenges: 200_000,
        devices: 50_000,
        assertions: 100_000,
        lexicon_versions: 2_000,
        proofs: 4_000_000,
    };
}

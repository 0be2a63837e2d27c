//! Why a string is not what it should be.

/// A string that is not what it was read as. Names the kind and the rule, never the string, which a stranger sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: {rule}")]
pub struct SyntaxError {
    kind: &'static str,
    rule: &'static str,
}

impl SyntaxError {
    pub(super) const fn new(kind: &'static str, rule: &'static str) -> Self {
        Self { kind, rule }
    }

    /// What it was read as: `DID`, `handle`, …
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// The rule that it breaks, for people.
    pub const fn rule(&self) -> &'static str {
        self.rule
    }
}

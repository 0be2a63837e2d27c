//! Proof key for code exchange (RFC 7636), with `S256` and nothing else.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::crypto::{constant_time_eq, sha256};

/// A secret that only the client knows until it exchanges its code: 43 to 128 characters of `[A-Za-z0-9-._~]`.
pub struct CodeVerifier(SecretString);

impl CodeVerifier {
    /// From 32 random bytes (CL-3).
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Base64UrlUnpadded::encode_string(bytes).into())
    }

    /// The text, to be sent to the token endpoint of the server that knows its challenge, and nowhere else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What a pushed request shows of it: BASE64URL(SHA-256(verifier)).
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(Base64UrlUnpadded::encode_string(&sha256(self.expose().as_bytes())).into())
    }

    /// Whether the challenge was made from this verifier; in constant time (SEC-68).
    pub fn answers(&self, challenge: &CodeChallenge) -> bool {
        constant_time_eq(self.challenge().as_str().as_bytes(), challenge.as_str().as_bytes())
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(…)")
    }
}

impl FromStr for CodeVerifier {
    type Err = PkceError;

    fn from_str(text: &str) -> Result<Self, PkceError> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(text.to_owned().into()))
        } else {
            Err(PkceError::Verifier)
        }
    }
}

/// What a pushed request shows of its verifier: exactly 43 base64url characters (3.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CodeChallenge(Box<str>);

impl CodeChallenge {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for CodeChallenge {
    type Err = PkceError;

    fn from_str(text: &str) -> Result<Self, PkceError> {
        let base64url = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if text.len() == 43 && text.bytes().all(base64url) {
            Ok(Self(text.into()))
        } else {
            Err(PkceError::Challenge)
        }
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = PkceError;

    fn try_from(text: String) -> Result<Self, PkceError> {
        text.parse()
    }
}

/// A verifier or challenge of the wrong shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PkceError {
    /// The challenge is not the digest of anything.
    #[error("a code challenge is 43 base64url characters")]
    Challenge,
    /// The verifier is too short, too long, or has other characters.
    #[error("a code verifier is 43 to 128 characters of A-Z a-z 0-9 - . _ ~")]
    Verifier,
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_verifier_of_the_rfc_answers_its_challenge() {
        let verifier: CodeVerifier = VERIFIER.parse().expect("it is one");
        assert_eq!(verifier.challenge().as_str(), CHALLENGE);
        assert!(verifier.answers(&CHALLENGE.parse().expect("it is one")));
        let other = format!("{VERIFIER}x").parse::<CodeVerifier>().expect("it is one");
        assert!(!other.answers(&CHALLENGE.parse().expect("it is one")));
    }

    #[test]
    fn sec_02_challenges_have_43_characters() {
        for text in
            ["", "short", &CHALLENGE[1..], &format!("{CHALLENGE}="), &format!("{}+cM", &CHALLENGE[..40])]
        {
            assert_eq!(text.parse::<CodeChallenge>(), Err(PkceError::Challenge), "{text}");
        }
    }

    #[test]
    fn verifiers_have_43_to_128_unreserved_characters() {
        for (text, good) in [
            ("x".repeat(42), false),
            ("x".repeat(43), true),
            ("x".repeat(128), true),
            ("x".repeat(129), false),
            (format!("{}+", "x".repeat(43)), false),
            (format!("{}~._-", "x".repeat(43)), true),
        ] {
            assert_eq!(text.parse::<CodeVerifier>().is_ok(), good, "{text}");
        }
    }

    #[test]
    fn verifiers_are_not_printed() {
        assert_eq!(format!("{:?}", CodeVerifier::from_bytes(&[7; 32])), "CodeVerifier(…)");
    }
}

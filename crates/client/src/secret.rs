//! Secrets as they are kept: in sealed records, in memory, and nowhere else.

use std::fmt;

use gatewright_protocol::crypto::sha256;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A token or key in clear. It cannot be printed; it is written by serde, for what is sealed at once.
#[derive(Clone)]
pub(crate) struct Secret(SecretString);

impl Secret {
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        sha256(self.expose().as_bytes())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// An app password, or whatever password a host takes for a session of the old kind (APP-2).
#[derive(Clone)]
pub struct AppPassword(SecretString);

impl AppPassword {
    /// Takes a password as it was configured.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// Has it the form of an app password (`xxxx-xxxx-xxxx-xxxx`)? The main password of an account opens everything,
    /// also what no program needs.
    pub fn has_app_form(&self) -> bool {
        let groups: Vec<&str> = self.expose().split('-').collect();
        let group =
            |group: &&str| group.len() == 4 && group.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
        groups.len() == 4 && groups.iter().all(group)
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for AppPassword {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for AppPassword {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for AppPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_68_secrets_do_not_print() {
        assert_eq!(format!("{:?}", Secret::from("hush")), "Secret(…)");
        assert_eq!(format!("{:?}", AppPassword::from("abcd-efgh-ijkl-mnop")), "AppPassword(…)");
    }

    #[test]
    fn an_app_password_is_told_from_a_main_one() {
        assert!(AppPassword::from("abcd-efgh-2345-mnop").has_app_form());
        for text in
            ["", "abcd-efgh-2345", "abcd-efgh-2345-mno1", "correct horse battery", "ABCD-efgh-2345-mnop"]
        {
            assert!(!AppPassword::from(text).has_app_form(), "{text}");
        }
    }
}

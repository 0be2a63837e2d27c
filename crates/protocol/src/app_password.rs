//! App passwords: what clients that cannot use OAuth sign in with (APP-1 … APP-12).

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};

use crate::crypto::hmac_sha256;
use crate::random::{Random, random_bytes};
use crate::syntax::Did;

/// An app password in clear: four groups of four letters and digits, 80 random bits (APP-2).
///
/// ```
/// use gatewright_protocol::app_password::AppPasswordSecret;
/// assert!("abcd-2345-wxyz-7777".parse::<AppPasswordSecret>().is_ok());
/// assert!("correct horse battery staple".parse::<AppPasswordSecret>().is_err());
/// ```
pub struct AppPasswordSecret(SecretString);

const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const GROUP: usize = 4;
const GROUPS: usize = 4;

impl AppPasswordSecret {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        let letter = |byte: &u8| char::from(LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'a'));
        let letters: Vec<char> = random_bytes::<{ GROUP * GROUPS }>(random).iter().map(letter).collect();
        let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
        Self(groups.join("-").into())
    }

    /// The password in clear: for the one answer that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What it is looked up by: all of it that a store may see. 80 random bits need no slow hash, and without the key,
    /// which is not in the database, nobody can try any (APP-6).
    pub fn hash(&self, key: &[u8; 32], account: &Did) -> AppPasswordHash {
        let length = (account.as_str().len() as u64).to_be_bytes();
        let parts =
            [b"app password".as_slice(), &length, account.as_str().as_bytes(), self.expose().as_bytes()];
        AppPasswordHash(hmac_sha256(key, &parts))
    }
}

impl FromStr for AppPasswordSecret {
    type Err = NotAnAppPassword;

    /// Takes what has exactly the form of one.
    fn from_str(text: &str) -> Result<Self, NotAnAppPassword> {
        let groups: Vec<&str> = text.split('-').collect();
        let is_group =
            |group: &&str| group.len() == GROUP && group.bytes().all(|byte| LETTERS.contains(&byte));
        if groups.len() == GROUPS && groups.iter().all(is_group) {
            Ok(Self(text.into()))
        } else {
            Err(NotAnAppPassword)
        }
    }
}

impl fmt::Debug for AppPasswordSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppPasswordSecret(…)")
    }
}

/// The text does not have the form of an app password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an app password: those are four groups of four letters and digits")]
pub struct NotAnAppPassword;

/// HMAC-SHA-256 of an app password and its account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppPasswordHash(pub [u8; 32]);

impl fmt::Debug for AppPasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppPasswordHash(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// What its owner calls an app password: 1 to 64 characters, none of them a control character (APP-3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppPasswordName(Box<str>);

const LONGEST_NAME: usize = 64;

impl AppPasswordName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AppPasswordName {
    type Err = InvalidAppPasswordName;

    /// Takes a name; spaces around it are no part of it.
    fn from_str(text: &str) -> Result<Self, InvalidAppPasswordName> {
        let name = text.trim();
        let is_long = name.chars().count() > LONGEST_NAME;
        if name.is_empty() || is_long || name.chars().any(char::is_control) {
            return Err(InvalidAppPasswordName);
        }
        Ok(Self(name.into()))
    }
}

impl fmt::Display for AppPasswordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text cannot be the name of an app password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of an app password has 1 to {LONGEST_NAME} characters")]
pub struct InvalidAppPasswordName;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(37, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    fn did(text: &str) -> Did {
        text.parse().unwrap()
    }

    #[test]
    fn what_we_make_has_the_form_that_we_take() {
        let random = Counting(3.into());
        let (first, second) = (AppPasswordSecret::generate(&random), AppPasswordSecret::generate(&random));
        for made in [&first, &second] {
            assert_eq!(made.expose().len(), 19);
            assert_eq!(made.expose().parse::<AppPasswordSecret>().unwrap().expose(), made.expose());
        }
        assert_ne!(first.expose(), second.expose());
        for text in [
            "",
            "abcd-efgh-ijkl",
            "abcd-efgh-ijkl-mnop-qrst",
            "abcd-efgh-ijkl-mno1",
            "ABCD-efgh-ijkl-mnop",
            " abcd-efgh-ijkl-mnop",
            "abcdefghijklmnop",
            "abcd-efgh-ijklm-nop",
            "abcd-efgh-ijkl-mnoé",
        ] {
            assert_eq!(text.parse::<AppPasswordSecret>().unwrap_err(), NotAnAppPassword, "{text}");
        }
    }

    #[test]
    fn sec_68_an_app_password_does_not_print() {
        let secret: AppPasswordSecret = "abcd-2345-wxyz-7777".parse().unwrap();
        assert_eq!(format!("{secret:?}"), "AppPasswordSecret(…)");
    }

    #[test]
    fn its_hash_is_of_one_account_under_one_key() {
        let secret: AppPasswordSecret = "abcd-2345-wxyz-7777".parse().unwrap();
        let other: AppPasswordSecret = "abcd-2345-wxyz-7776".parse().unwrap();
        let (alice, bob) = (did("did:web:alice.example.com"), did("did:web:bob.example.com"));
        let hash = secret.hash(&[1; 32], &alice);
        assert_eq!(hash, secret.hash(&[1; 32], &alice));
        assert_ne!(hash, secret.hash(&[2; 32], &alice));
        assert_ne!(hash, secret.hash(&[1; 32], &bob));
        assert_ne!(hash, other.hash(&[1; 32], &alice));
    }

    #[test]
    fn names_have_one_to_64_characters() {
        let name = |text: &str| text.parse::<AppPasswordName>().map(|name| name.as_str().to_owned());
        assert_eq!(name("  my bot ").as_deref(), Ok("my bot"));
        assert_eq!(name(&"é".repeat(64)), Ok("é".repeat(64)));
        for text in ["", "   ", "a\u{7}b", "a\nb", &"é".repeat(65)] {
            assert_eq!(name(text), Err(InvalidAppPasswordName), "{text:?}");
        }
    }
}

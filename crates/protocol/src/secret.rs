//! Tokens, codes, cookies and passwords: values that cannot be printed, compared or cloned by accident, and the
//! hashes by which they are looked up.
//!
//! What this server makes reads `gatewright_xx_` + 43 base64url characters (256 random bits) + 1 check character,
//! so that people and secret scanners recognise it. What strangers present is any text of at most 512 characters:
//! it is hashed and looked up, and nothing is told about its form.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use crate::crypto::{constant_time_eq, hmac_sha256, sha256};
use crate::jose::base64url_encode;
use crate::random::{Random, random_bytes};

/// The longest text of a stranger that is taken for a secret of ours.
pub const MAX_PRESENTED: usize = 512;

/// Longer than any secret of ours: nothing to look up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too long")]
pub struct TooLong;

/// Declares a secret that is presented as text.
macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name(SecretString);

        impl $name {
            /// Takes what was presented, whatever its form.
            ///
            /// # Errors
            /// Only when it is longer than [`MAX_PRESENTED`].
            pub fn parse(text: &str) -> Result<Self, TooLong> {
                if text.len() > MAX_PRESENTED { Err(TooLong) } else { Ok(Self(text.into())) }
            }

            /// The secret in clear: for the answer, cookie or check that it is meant for, and nothing else.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

/// Declares a secret of our own making: prefix, random body, check character; and its hash.
macro_rules! issued {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $(#[$hash_doc:meta])* $hash:ident) => {
        secret!($(#[$doc])* $name);

        impl $name {
            /// What each one starts with.
            pub const PREFIX: &str = $prefix;

            /// A new one.
            pub fn generate(random: &dyn Random) -> Self {
                Self::of_body(&random_bytes(random))
            }

            fn of_body(body: &[u8; 32]) -> Self {
                Self(text_of_body(Self::PREFIX, body).into())
            }

            /// Its hash: all of it that a store may see.
            pub fn hash(&self) -> $hash {
                $hash(sha256(self.expose().as_bytes()))
            }

            /// Is it in the form that we give out, its check character right? For people's tools; the server never
            /// asks.
            pub fn is_well_formed(&self) -> bool {
                is_well_formed(Self::PREFIX, self.expose())
            }
        }

        $(#[$hash_doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $hash(pub [u8; 32]);

        impl $hash {
            /// From the bytes of a row.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bytes for a row.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Are the two equal? Tells nothing by the time it takes.
            pub fn matches(&self, other: &Self) -> bool {
                constant_time_eq(&self.0, &other.0)
            }
        }

        impl fmt::Debug for $hash {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($hash), "("))?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(")")
            }
        }
    };
}

issued! {
    /// What a client refreshes with (AS-61).
    RefreshToken, "gatewright_rt_",
    /// SHA-256 of a refresh token.
    RefreshTokenHash
}

issued! {
    /// An authorization code.
    Code, "gatewright_ac_",
    /// SHA-256 of an authorization code.
    CodeHash
}

issued! {
    /// What a browser's second cookie holds; it rotates (AS-36).
    DeviceSecret, "gatewright_ds_",
    /// SHA-256 of a device's secret.
    DeviceSecretHash
}

issued! {
    /// What a program sends in the place of somebody who has signed in at a service.
    SessionReference, "gatewright_sr_",
    /// SHA-256 of a session reference.
    SessionReferenceHash
}

impl RefreshToken {
    /// One that another server gave a client: its form is that server's own, and its length was bounded by the answer.
    pub fn issued_elsewhere(text: String) -> Self {
        Self(text.into())
    }

    /// The token that follows this one: derived, so that the same successor can be given again with nothing kept in
    /// clear (AS-57, AS-61). Nobody without `key`, which is not in the database, can compute it.
    #[must_use]
    pub fn successor(&self, key: &[u8; 32], token_id: &[u8]) -> Self {
        let id_length = (token_id.len() as u64).to_be_bytes();
        let body =
            hmac_sha256(key, &[b"refresh token successor", &id_length, token_id, self.expose().as_bytes()]);
        Self::of_body(&body)
    }
}

/// An access token as a client presents it: a signed JWT, so it may be longer than the secrets of this module.
pub struct AccessToken(SecretString);

impl AccessToken {
    /// Takes what was presented, or was just signed.
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The token in clear: for the answer it is made for, or for checking it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// SHA-256 of it: the `ath` of a proof, and the key under which a checked token is remembered.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.expose().as_bytes())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// A service token that was just signed (SA-1): whoever has it can call one service as its issuer, for a minute.
pub struct ServiceToken(SecretString);

impl ServiceToken {
    pub(crate) fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The token in clear: for the answer or the call that it is made for.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ServiceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceToken(…)")
    }
}

secret! {
    /// A password as a person typed it.
    Password
}

impl Password {
    /// Reads a password that somebody wants to have.
    ///
    /// # Errors
    /// It has less than 8 characters, or more than 256.
    pub fn parse_new(text: &str) -> Result<Self, UnfitPassword> {
        let length = text.chars().count();
        if !(8..=256).contains(&length) {
            return Err(UnfitPassword { length });
        }
        Self::parse(text).map_err(|_| UnfitPassword { length })
    }
}

/// Nobody may have such a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password has 8 to 256 characters, this has {length}")]
pub struct UnfitPassword {
    /// How many characters it has.
    pub length: usize,
}

secret! {
    /// The code of a second factor, as a person typed it.
    FactorCode
}

secret! {
    /// The operator's password.
    AdminPassword
}

impl AdminPassword {
    /// Is `presented` this password? Tells nothing by the time it takes, not even the length.
    pub fn matches(&self, presented: &Self) -> bool {
        constant_time_eq(&sha256(self.expose().as_bytes()), &sha256(presented.expose().as_bytes()))
    }
}

fn text_of_body(prefix: &str, body: &[u8; 32]) -> String {
    let mut text = format!("{prefix}{}", base64url_encode(body));
    text.push(check_character(&text));
    text
}

fn is_well_formed(prefix: &str, text: &str) -> bool {
    let Some((head, check)) =
        text.char_indices().next_back().and_then(|(at, check)| Some((text.get(..at)?, check)))
    else {
        return false;
    };
    head.strip_prefix(prefix).is_some_and(|body| body.len() == 43) && check == check_character(head)
}

/// One base64url character out of a hash of everything before it: a slip of the finger shows without a look-up.
fn check_character(text: &str) -> char {
    let [first, ..] = sha256(text.as_bytes());
    base64url_encode(&[first]).chars().next().unwrap_or('A')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug)]
    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn sec_68_no_secret_prints() {
        let text = "gatewright_rt_abcdef";
        let printed = [
            format!("{:?}", AccessToken::new(text.to_owned())),
            format!("{:?}", RefreshToken::parse(text).unwrap()),
            format!("{:?}", Code::parse(text).unwrap()),
            format!("{:?}", DeviceSecret::parse(text).unwrap()),
            format!("{:?}", Password::parse(text).unwrap()),
            format!("{:?}", FactorCode::parse(text).unwrap()),
            format!("{:?}", AdminPassword::parse(text).unwrap()),
            format!("{:?}", ServiceToken::new(text.to_owned())),
        ];
        insta::assert_debug_snapshot!(printed, @r#"
        [
            "AccessToken(…)",
            "RefreshToken(…)",
            "Code(…)",
            "DeviceSecret(…)",
            "Password(…)",
            "FactorCode(…)",
            "AdminPassword(…)",
            "ServiceToken(…)",
        ]
        "#);
    }

    #[test]
    fn sec_68_secrets_compare_by_digests() {
        let password = |text| AdminPassword::parse(text).unwrap();
        assert!(password("correct horse").matches(&password("correct horse")));
        assert!(!password("correct horse").matches(&password("correct hors")));
        assert!(!password("").matches(&password("x")));
        let hash = |byte| RefreshToken::generate(&Fixed(byte)).hash();
        assert!(hash(1).matches(&hash(1)) && !hash(1).matches(&hash(2)));
    }

    #[test]
    fn what_we_make_is_recognisable_and_self_checking() {
        let token = RefreshToken::generate(&Fixed(7));
        assert!(token.expose().starts_with("gatewright_rt_"));
        assert_eq!(token.expose().len(), RefreshToken::PREFIX.len() + 44);
        assert!(token.is_well_formed());
        assert!(Code::generate(&Fixed(7)).expose().starts_with("gatewright_ac_"));
        assert!(DeviceSecret::generate(&Fixed(7)).is_well_formed());
        let slip = token.expose().replacen("Bw", "BX", 1);
        assert_ne!(slip, token.expose());
        assert!(!RefreshToken::parse(&slip).unwrap().is_well_formed());
        assert!(!Code::parse(token.expose()).unwrap().is_well_formed());
    }

    #[test]
    fn strangers_texts_are_hashed_whatever_they_are() {
        for text in ["", "x", "Ünïcödé", &"y".repeat(512)] {
            assert_eq!(RefreshToken::parse(text).unwrap().hash().0, sha256(text.as_bytes()));
        }
        assert_eq!(RefreshToken::parse(&"y".repeat(513)).unwrap_err(), TooLong);
    }

    #[test]
    fn a_successor_depends_on_key_token_and_predecessor() {
        let token = RefreshToken::generate(&Fixed(1));
        let successor = token.successor(&[1; 32], b"id");
        assert_eq!(successor.expose(), token.successor(&[1; 32], b"id").expose());
        assert!(successor.is_well_formed());
        let others = [
            token.successor(&[2; 32], b"id"),
            token.successor(&[1; 32], b"other"),
            RefreshToken::generate(&Fixed(2)).successor(&[1; 32], b"id"),
            successor.successor(&[1; 32], b"id"),
        ];
        assert!(others.iter().all(|other| other.hash() != successor.hash()));
        // The border between id and token counts.
        let (left, right) = (RefreshToken::parse("bc").unwrap(), RefreshToken::parse("c").unwrap());
        assert_ne!(left.successor(&[1; 32], b"a").hash(), right.successor(&[1; 32], b"ab").hash());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,80}|gatewright_rt_[A-Za-z0-9_-]{0,60}") {
            let _ = RefreshToken::parse(&text).unwrap().is_well_formed();
        }
    }
}

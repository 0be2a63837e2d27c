//! Codes that are good once: recovery codes, and codes that are sent by mail (SESS-22).

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};

use super::BASE32;
use crate::crypto::hmac_sha256;
use crate::random::{Random, random_bytes};
use crate::syntax::Did;

/// A code in clear: two groups of five letters and digits, 50 random bits (SESS-22).
///
/// ```
/// use gatewright_protocol::factor::OneTimeCode;
/// assert!("abcde-23456".parse::<OneTimeCode>().is_ok());
/// assert!(" ABCDE 23456 ".parse::<OneTimeCode>().is_ok(), "as a person types it");
/// assert!("123456".parse::<OneTimeCode>().is_err());
/// ```
pub struct OneTimeCode(SecretString);

const GROUP: usize = 5;
const LENGTH: usize = 2 * GROUP;

/// What a code that is sent by mail is for: the hash of one is never that of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MailPurpose {
    /// To put another address in the place of a confirmed one.
    ChangeEmail,
    /// To show that the address reaches the person.
    ConfirmEmail,
    /// To delete the account.
    DeleteAccount,
    /// To set a new password without the old one.
    ResetPassword,
    /// To sign in, as a second factor.
    SignIn,
}

impl MailPurpose {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::ChangeEmail, Self::ConfirmEmail, Self::DeleteAccount, Self::ResetPassword, Self::SignIn];

    /// A word for it, for rows: it never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ChangeEmail => "change_email",
            Self::ConfirmEmail => "confirm_email",
            Self::DeleteAccount => "delete_account",
            Self::ResetPassword => "reset_password",
            Self::SignIn => "sign_in",
        }
    }

    /// The purpose of this word.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }
}

impl OneTimeCode {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        let letter = |byte: &u8| char::from(BASE32.get(usize::from(byte % 32)).copied().unwrap_or(b'a'));
        let letters: Vec<char> = random_bytes::<LENGTH>(random).iter().map(letter).collect();
        let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
        Self(groups.join("-").into())
    }

    /// The code in clear: for the one page or message that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// All of a code that was sent by mail that a store may see. Without the key, which is not in the database, nobody can
    /// try any. The account is not in it: whoever forgot a password has the code and nothing else.
    pub fn mail_hash(&self, key: &[u8; 32], purpose: MailPurpose) -> OneTimeCodeHash {
        let label = purpose.word().as_bytes();
        OneTimeCodeHash(hmac_sha256(key, &[b"mail code ", label, b" ", self.expose().as_bytes()]))
    }

    /// The same of a recovery code, which is of one account.
    pub fn recovery_hash(&self, key: &[u8; 32], account: &Did) -> OneTimeCodeHash {
        let length = (account.as_str().len() as u64).to_be_bytes();
        let parts = [b"recovery code", &length[..], account.as_str().as_bytes(), self.expose().as_bytes()];
        OneTimeCodeHash(hmac_sha256(key, &parts))
    }
}

impl FromStr for OneTimeCode {
    type Err = NotAOneTimeCode;

    /// Takes what a person types: capitals, spaces and a missing dash make no difference.
    fn from_str(text: &str) -> Result<Self, NotAOneTimeCode> {
        let is_filling = |byte: &u8| *byte == b'-' || byte.is_ascii_whitespace();
        let letters: Vec<u8> =
            text.bytes().filter(|byte| !is_filling(byte)).map(|byte| byte.to_ascii_lowercase()).collect();
        if letters.len() != LENGTH || !letters.iter().all(|byte| BASE32.contains(byte)) {
            return Err(NotAOneTimeCode);
        }
        let (first, second) = letters.split_at(GROUP);
        let text = |group: &[u8]| group.iter().copied().map(char::from).collect::<String>();
        Ok(Self(format!("{}-{}", text(first), text(second)).into()))
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

/// The text does not have the form of such a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not such a code: those are two groups of five letters and digits")]
pub struct NotAOneTimeCode;

/// HMAC-SHA-256 of a code and of what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OneTimeCodeHash(pub [u8; 32]);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting;

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (byte, number) in bytes.iter_mut().zip(20..) {
                *byte = number;
            }
        }
    }

    #[test]
    fn a_code_is_read_as_it_was_shown_and_as_people_type_it() {
        let code = OneTimeCode::generate(&Counting);
        assert_eq!(code.expose(), "uvwxy-z2345");
        for typed in ["uvwxy-z2345", "UVWXY-Z2345", " uvwxy z2345\n", "uvwxyz2345"] {
            assert_eq!(typed.parse::<OneTimeCode>().unwrap().expose(), code.expose(), "{typed}");
        }
        for typed in ["", "uvwxy-z234", "uvwxy-z23456", "uvwxy-z2341", "uvwxy-z234é", "123456"] {
            assert_eq!(typed.parse::<OneTimeCode>().unwrap_err(), NotAOneTimeCode, "{typed}");
        }
        assert_eq!(format!("{code:?}"), "OneTimeCode(…)");
    }

    #[test]
    fn a_hash_is_of_one_key_account_and_purpose() {
        let code = OneTimeCode::generate(&Counting);
        let did = |text: &str| text.parse::<Did>().unwrap();
        let hash = code.recovery_hash(&[1; 32], &did("did:web:a.example"));
        assert_eq!(hash, code.recovery_hash(&[1; 32], &did("did:web:a.example")));
        assert_ne!(hash, code.recovery_hash(&[2; 32], &did("did:web:a.example")));
        assert_ne!(hash, code.recovery_hash(&[1; 32], &did("did:web:b.example")));
        let mut mailed: Vec<_> =
            MailPurpose::ALL.into_iter().map(|purpose| code.mail_hash(&[1; 32], purpose)).collect();
        mailed.extend([hash, code.mail_hash(&[2; 32], MailPurpose::SignIn)]);
        mailed.sort();
        mailed.dedup();
        assert_eq!(mailed.len(), MailPurpose::ALL.len() + 2);
    }

    #[test]
    fn a_purpose_is_read_from_its_word() {
        for purpose in MailPurpose::ALL {
            assert_eq!(MailPurpose::read(purpose.word()), Some(purpose));
        }
        assert_eq!(MailPurpose::read("recovery"), None);
    }
}

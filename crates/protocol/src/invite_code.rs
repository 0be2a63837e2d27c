//! Invite codes: what lets somebody make an account where not everybody may.

use std::fmt;
use std::str::FromStr;

use crate::random::{Random, random_bytes};

/// An invite code: a word of who gives it, and ten letters and digits, 50 random bits, as its field writes them.
///
/// Whoever was given one sees it again in the list of their codes, so it is kept in clear. Tries are limited instead.
///
/// ```
/// use gatewright_protocol::invite_code::InviteCode;
/// let code: InviteCode = " Example-net-ABCDE-23456 ".parse().unwrap();
/// assert_eq!(code.expose(), "example-net-abcde-23456");
/// assert!("no code".parse::<InviteCode>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InviteCode(Box<str>);

const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const GROUP: usize = 5;
const GROUPS: usize = 2;
/// The longest that is read: a host name and the groups.
const LONGEST: usize = 300;

impl InviteCode {
    /// A new one of this host.
    pub fn generate(host: &str, random: &dyn Random) -> Self {
        let letter = |byte: &u8| char::from(LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'a'));
        let letters: Vec<char> = random_bytes::<{ GROUP * GROUPS }>(random).iter().map(letter).collect();
        let host = host.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let groups = letters.chunks(GROUP).map(|group| group.iter().collect::<String>());
        Self(std::iter::once(host).chain(groups).collect::<Vec<_>>().join("-").into())
    }

    /// The code in clear: for the store, and for whom it was made.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for InviteCode {
    type Err = NotAnInviteCode;

    /// Takes what could be one, as people type it: blanks around it and capitals do not count.
    fn from_str(text: &str) -> Result<Self, NotAnInviteCode> {
        let text = text.trim();
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_letter) {
            Ok(Self(text.to_ascii_lowercase().into()))
        } else {
            Err(NotAnInviteCode)
        }
    }
}

impl fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteCode(…)")
    }
}

/// The text cannot be an invite code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an invite code: those are letters, digits and hyphens")]
pub struct NotAnInviteCode;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn a_code_names_who_gives_it_and_is_read_as_it_was_made() {
        let code = InviteCode::generate("PDS.example.net", &Zeros);
        assert_eq!(code.expose(), "pds-example-net-aaaaa-aaaaa");
        assert_eq!(code.expose().parse::<InviteCode>(), Ok(code.clone()));
        assert_eq!(format!("{code:?}"), "InviteCode(…)");
        for text in ["", " ", "a b", "a_b", "\u{e4}", &"a".repeat(301)] {
            assert_eq!(text.parse::<InviteCode>(), Err(NotAnInviteCode), "{text}");
        }
    }
}

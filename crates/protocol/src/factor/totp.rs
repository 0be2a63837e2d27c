//! Codes that an application makes from a shared secret and the time (RFC 6238): SHA-1, six digits, 30 seconds, because
//! that is what every such application can do.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroizing;

use super::BASE32;
use crate::random::{Random, random_bytes};
use crate::time::UnixTime;

/// Seconds for which a code is the one.
const STEP: i64 = 30;
const DIGITS: usize = 6;
const MODULUS: u32 = 1_000_000;
const LENGTH: usize = 20;

/// What an authenticator application and the server share: 160 random bits (RFC 4226 section 4, R6).
pub struct TotpSecret(Zeroizing<[u8; LENGTH]>);

impl TotpSecret {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        Self(Zeroizing::new(random_bytes(random)))
    }

    /// One that was kept.
    ///
    /// # Errors
    /// The bytes are not as many.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidTotpSecret> {
        let bytes = bytes.try_into().map_err(|_| InvalidTotpSecret)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The secret in clear: to be sealed.
    pub fn expose(&self) -> &[u8] {
        &*self.0
    }

    /// The secret as people type it into their application: base32 in groups of four.
    pub fn expose_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * LENGTH));
        let letters = self.base32();
        for (at, letter) in letters.chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                text.push(' ');
            }
            text.push(letter);
        }
        text
    }

    /// The secret as a QR code carries it to an application, with the names that the application shows.
    pub fn expose_uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let escape = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let (issuer, account) = (escape(issuer), escape(account));
        let secret = self.base32();
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}",
            *secret
        ))
    }

    /// The step of `code`, if it is the code of one of the steps at `now`, one before or one after, and that step lies
    /// after `used`: a code is good once, and none that is older than one that was taken (RFC 6238 section 5.2). Looks at
    /// all steps, whichever fits.
    pub fn find_step(&self, code: &TotpCode, now: UnixTime, used: u64) -> Option<u64> {
        let present = u64::try_from(now.seconds().div_euclid(STEP)).ok()?;
        let mut found = 0_u64;
        for step in [present.saturating_sub(1), present, present.saturating_add(1)] {
            let fits = self.number(step).ct_eq(&code.number());
            found.conditional_assign(&step, fits);
        }
        // Steps are counted from 1970: none of today is zero.
        (found > used).then_some(found)
    }

    /// The code at a point in time: what an application shows.
    pub fn code_at(&self, time: UnixTime) -> TotpCode {
        let step = u64::try_from(time.seconds().div_euclid(STEP)).unwrap_or(0);
        TotpCode(format!("{:06}", self.number(step)).into())
    }

    /// RFC 4226 section 5.3.
    fn number(&self, step: u64) -> u32 {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &*self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let offset = tag.as_ref().last().map_or(0, |last| usize::from(last & 0xf));
        let part = tag.as_ref().get(offset..offset + 4).and_then(|part| part.try_into().ok());
        (u32::from_be_bytes(part.unwrap_or_default()) & 0x7fff_ffff) % MODULUS
    }

    fn base32(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH * 8 / 5));
        for group in self.0.chunks(5) {
            let bits = group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for letter in (0..8).rev() {
                let at = usize::try_from(bits >> (5 * letter) & 31).unwrap_or(0);
                text.push(char::from(BASE32.get(at).copied().unwrap_or(b'a')).to_ascii_uppercase());
            }
        }
        text
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// The bytes are not a secret of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a TOTP secret has {LENGTH} bytes")]
pub struct InvalidTotpSecret;

/// Six digits.
///
/// ```
/// use gatewright_protocol::factor::TotpCode;
/// assert!("123 456".parse::<TotpCode>().is_ok());
/// assert!("12345".parse::<TotpCode>().is_err());
/// ```
pub struct TotpCode(SecretString);

impl TotpCode {
    /// The digits: for whoever types them.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn number(&self) -> u32 {
        self.expose().bytes().fold(0, |number, digit| number * 10 + u32::from(digit.wrapping_sub(b'0')))
    }
}

impl FromStr for TotpCode {
    type Err = NotATotpCode;

    /// Takes what a person types: spaces make no difference.
    fn from_str(text: &str) -> Result<Self, NotATotpCode> {
        let digits: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        if digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(digits.into()))
        } else {
            Err(NotATotpCode)
        }
    }
}

impl fmt::Debug for TotpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpCode(…)")
    }
}

/// The text is not six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not such a code: those are six digits")]
pub struct NotATotpCode;

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    fn code(text: &str) -> TotpCode {
        text.parse().unwrap()
    }

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = UnixTime::from_seconds(seconds);
            assert_eq!(rfc().code_at(now).expose(), digits, "{seconds}");
            let step = u64::try_from(seconds / 30).unwrap();
            assert_eq!(rfc().find_step(&code(digits), now, 0), Some(step), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_or_late_and_once() {
        let (secret, digits) = (rfc(), code("005924"));
        let step = 1_234_567_890 / 30;
        let at = |seconds| UnixTime::from_seconds(seconds);
        let first = step * 30;
        for (seconds, is_good) in
            [(first - 31, false), (first - 30, true), (first, true), (first + 59, true), (first + 60, false)]
        {
            assert_eq!(secret.find_step(&digits, at(seconds), 0).is_some(), is_good, "{seconds}");
        }
        let step = u64::try_from(step).unwrap();
        assert_eq!(secret.find_step(&digits, at(first), step - 1), Some(step));
        assert_eq!(secret.find_step(&digits, at(first), step), None, "it was used");
        assert_eq!(secret.find_step(&digits, at(first), step + 1), None, "a later one was used");
        assert_eq!(secret.find_step(&code("005925"), at(first), 0), None);
    }

    #[test]
    fn a_secret_is_shown_as_applications_read_it() {
        let secret = rfc();
        assert_eq!(*secret.expose_text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            *secret.expose_uri("Gate wright", "alice.test"),
            "otpauth://totp/Gate%20wright:alice%2Etest?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Gate%20wright&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(TotpSecret::from_bytes(&[0; 19]).unwrap_err(), InvalidTotpSecret);
        assert_eq!(format!("{secret:?} {:?}", code("123456")), "TotpSecret(…) TotpCode(…)");
    }

    #[test]
    fn six_digits_and_nothing_else_is_a_code() {
        assert_eq!(code(" 123 456 ").expose(), "123456");
        for text in ["", "12345", "1234567", "12345a", "１２３４５６", "-12345", "+12345"] {
            assert_eq!(text.parse::<TotpCode>().unwrap_err(), NotATotpCode, "{text}");
        }
    }
}

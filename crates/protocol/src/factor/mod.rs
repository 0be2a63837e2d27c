//! Second factors: what an account proves itself with beside its password.

mod one_time_code;
mod totp;

pub use one_time_code::{MailPurpose, NotAOneTimeCode, OneTimeCode, OneTimeCodeHash};
pub use totp::{InvalidTotpSecret, NotATotpCode, TotpCode, TotpSecret};

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

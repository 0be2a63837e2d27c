//! The operator's password (RS-18).

use base64ct::{Base64, Base64Unpadded, Encoding};
use gatewright_protocol::secret::AdminPassword;

/// Longer than any password that is compared.
const LONGEST: usize = 1024;

/// Whether `word` is `admin:<password>` in base64. Compared in constant time.
pub(super) fn is_password(expected: Option<&AdminPassword>, word: &str) -> bool {
    let Some(expected) = expected.filter(|_| word.len() <= LONGEST) else { return false };
    let decoded = Base64::decode_vec(word).or_else(|_| Base64Unpadded::decode_vec(word)).unwrap_or_default();
    let presented = std::str::from_utf8(&decoded)
        .ok()
        .and_then(|text| text.strip_prefix("admin:"))
        .and_then(|password| AdminPassword::parse(password).ok());
    presented.is_some_and(|presented| expected.matches(&presented))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_68_only_the_operator_with_the_whole_password() {
        let password = AdminPassword::parse("correct horse").unwrap();
        let basic = |text: &str| Base64::encode_string(text.as_bytes());
        assert!(is_password(Some(&password), &basic("admin:correct horse")));
        for text in
            ["admin:correct hors", "admin:correct horse ", "root:correct horse", "admin:", "admin", ""]
        {
            assert!(!is_password(Some(&password), &basic(text)), "{text}");
        }
        assert!(!is_password(None, &basic("admin:")));
        assert!(!is_password(Some(&password), "%%%"));
    }
}

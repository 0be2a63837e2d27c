//! Record keys.

use super::text::text_type;

text_type! {
    /// The name of a record within its collection.
    RecordKey, "record key"
}

impl RecordKey {
    pub(super) fn check(text: &str) -> Result<(), &'static str> {
        if !(1..=512).contains(&text.len()) {
            return Err("not 1 to 512 characters long");
        }
        if text == "." || text == ".." {
            return Err("`.` and `..` are not keys");
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_~.:-".contains(&byte)) {
            return Err("has a character that keys do not have");
        }
        Ok(())
    }
}

impl From<super::Tid> for RecordKey {
    fn from(tid: super::Tid) -> Self {
        Self(tid.to_string().into())
    }
}

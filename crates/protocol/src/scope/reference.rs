//! A scope by reference: what stands in an access token in the place of one that is too long for it (AS-67).

use cid::Cid;
use cid::multihash::Multihash;

use super::Scopes;
use crate::crypto::sha256;

/// What a reference begins with; the rest of it is a CID.
pub const REFERENCE: &str = "ref:";

impl Scopes {
    /// The reference to this scope: the CID of its text. Nobody can make two scopes with one reference.
    pub fn reference(&self) -> String {
        const RAW: u64 = 0x55;
        const SHA2_256: u64 = 0x12;
        let hash = Multihash::wrap(SHA2_256, &sha256(self.as_str().as_bytes()));
        format!("{REFERENCE}{}", Cid::new_v1(RAW, hash.expect("32 bytes fit a multihash of 64")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_the_cid_of_the_text() {
        let reference = |text: &str| text.parse::<Scopes>().unwrap().reference();
        // Base32 of 1, 0x55, 0x12, 32 and the SHA-256 of the text.
        assert_eq!(reference("atproto"), "ref:bafkreidgjhgkiunyh4dkjdm2fbq4wp3kbs4kzhkl4juk7zt36t2fgatkti");
        assert_ne!(reference("atproto"), reference("atproto repo:com.example.note"));
    }
}

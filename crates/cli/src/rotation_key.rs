//! The key that signs operations of did:plc for the accounts, and the one that signs for hosts behind this server: kept apart
//! from the database, 32 bytes of mode 0600 each.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::random::Random;
use gatewright_server::secret_file::{self, SecretFileError};

use crate::hint::Hint;

/// The file of the key.
pub(crate) fn file(data: &Path) -> PathBuf {
    data.join("plc-rotation.key")
}

/// The key of the folder, which is made if there is none.
///
/// # Errors
/// When its file cannot be read or written, is no key, or others may read it.
pub(crate) fn load_or_create(data: &Path, random: &dyn Random) -> Result<PrivateKey> {
    at(&file(data), random)
}

/// The file of the key that signs for hosts behind the server; there only if there are such hosts.
pub(crate) fn entryway_file(data: &Path) -> PathBuf {
    data.join("entryway.key")
}

/// The key of the folder that signs tokens for hosts behind this server. They are told its public half by their operators,
/// so it stays when other keys are rotated.
///
/// # Errors
/// As for the other.
pub(crate) fn entryway(data: &Path, random: &dyn Random) -> Result<PrivateKey> {
    at(&entryway_file(data), random)
}

fn at(path: &Path, random: &dyn Random) -> Result<PrivateKey> {
    let read = match secret_file::read(path) {
        Err(SecretFileError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
            // What another process made meanwhile is the key for both.
            secret_file::create(path, &*PrivateKey::generate(Curve::K256, random).to_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
            secret_file::read(path)
        }
        read => read,
    };
    let bytes = read.with_context(|| format!("cannot use {}", path.display()))?;
    if bytes.is_empty() {
        return Err(Hint::new(
            format!("{} is empty: the start that made it was cut off", path.display()),
            "put the copy back; remove the file only if no account was ever made here",
        )
        .into());
    }
    let key = bytes.as_slice().try_into().ok().and_then(|key| PrivateKey::from_bytes(Curve::K256, key).ok());
    key.with_context(|| format!("{} is no key", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use gatewright_resolve::system::SystemRandom;

    use super::*;

    #[test]
    fn the_key_is_made_once_whole_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = || load_or_create(folder.path(), &SystemRandom).map(|key| key.public().to_did_key());
        let made = key().expect("it is made");
        assert_eq!(key().expect("it is read"), made);
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("it lists").count(),
            1,
            "nothing is left beside it"
        );
        let path = file(folder.path());
        let other = entryway(folder.path(), &SystemRandom).expect("it is made").public().to_did_key();
        assert_ne!(other, made, "each for itself");
        let set_mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        set_mode(0o644).expect("it changes");
        assert!(format!("{:#}", key().expect_err("others may read it")).contains("0600"));
        set_mode(0o600).expect("it changes");
        for (text, says) in [("", "is empty"), ("short", "is no key")] {
            std::fs::write(&path, text).expect("it writes");
            assert!(format!("{:#}", key().expect_err("it is none")).contains(says), "{text}");
        }
    }
}

//! Files of secrets: for their owner alone, and there as a whole or not at all, whenever the program is killed.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use zeroize::Zeroizing;

/// Why a file of secrets cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFileError {
    /// It is not there, or cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Others may read it.
    #[error("the file can be read by others; it must have mode 0600")]
    Readable,
}

/// What the file holds.
///
/// # Errors
/// It cannot be read, or others may read it too.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    check_mode(path)?;
    Ok(Zeroizing::new(std::fs::read(path)?))
}

/// Writes the file if there is none; false if there is one. Of two processes that start in an empty folder, one makes the
/// secret and the other takes it.
///
/// # Errors
/// The file cannot be written.
pub fn create(path: &Path, secret: &[u8]) -> io::Result<bool> {
    let beside = write_beside(path, secret)?;
    let made = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside)?;
    match made {
        Ok(()) => sync_folder(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Puts the secret in the place of what the file held, or leaves it as it was.
///
/// # Errors
/// The file cannot be written.
pub fn replace(path: &Path, secret: &[u8]) -> io::Result<()> {
    let beside = write_beside(path, secret)?;
    std::fs::rename(&beside, path)?;
    sync_folder(path)
}

/// Writes a file beside this one that nobody else can read, under a name of this process.
fn write_beside(path: &Path, secret: &[u8]) -> io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_extension(format!("{}-{number}.new", std::process::id()));
    // What an earlier process left under this name may be readable by others.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(secret)?;
    file.sync_all()?;
    Ok(beside)
}

/// A name that a power cut takes back would let the next start make another secret.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if cfg!(unix) { File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), SecretFileError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path)?.permissions().mode();
    let is_private = (mode & 0o077).count_ones() == 0;
    if is_private { Ok(()) } else { Err(SecretFileError::Readable) }
}

#[cfg(not(unix))]
fn check_mode(path: &Path) -> Result<(), SecretFileError> {
    std::fs::metadata(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.key");
        assert!(
            matches!(read(&path), Err(SecretFileError::Io(error)) if error.kind() == io::ErrorKind::NotFound)
        );
        assert!(create(&path, b"first").unwrap());
        assert!(!create(&path, b"second").unwrap());
        assert_eq!(read(&path).unwrap().as_slice(), b"first");
        replace(&path, b"third").unwrap();
        assert_eq!(read(&path).unwrap().as_slice(), b"third");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
            assert!(matches!(read(&path), Err(SecretFileError::Readable)));
        }
    }
}

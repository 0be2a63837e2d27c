//! The keys that sessions are sealed with, and the key of their names.

use std::fmt;
use std::io::Write as _;
use std::path::Path;

use gatewright_protocol::crypto::{SealKey, hmac_sha256, sha256};
use gatewright_protocol::jose::{base64url_decode, base64url_encode};
use gatewright_protocol::random::{Random, random_bytes};
use zeroize::Zeroizing;

use super::{RowKey, RowKind, SessionStoreError};

/// The first byte of everything that is sealed here.
const VERSION: u8 = 1;
const KEY_NAME: usize = 4;
const FILE_MARK: &str = "gatewright session keys 1";

/// What seals tokens, proof keys and unfinished sign-ins before a store gets them: AES-256-GCM under the first key of
/// the ring; any of its keys opens. Names are hashed with a key of their own that never rotates.
///
/// What it protects: whoever reads the store, a backup of it or its traffic learns no token and no account. What it
/// does not: whoever can read the key beside the store, or the memory of the program.
pub struct KeyRing {
    lookup: Zeroizing<[u8; 32]>,
    seals: Vec<Seal>,
}

struct Seal {
    bytes: Zeroizing<[u8; 32]>,
    name: [u8; KEY_NAME],
    key: SealKey,
}

impl Seal {
    fn new(bytes: [u8; 32]) -> Self {
        let [a, b, c, d, ..] = sha256(&[b"gatewright seal key name".as_slice(), &bytes].concat());
        Self { name: [a, b, c, d], key: SealKey::new(bytes), bytes: Zeroizing::new(bytes) }
    }
}

/// A key ring cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// The file cannot be read or made.
    #[error("the key file cannot be used")]
    File(#[source] std::io::Error),
    /// The keyring of the operating system is locked, away, or does not take it.
    #[cfg(feature = "keyring")]
    #[error("the keyring of the operating system cannot be used")]
    Keyring(#[source] keyring_core::Error),
    /// The text is not that of a key ring.
    #[error(
        "this is no key ring: one `lookup` line and at least one `seal` line, each with 32 bytes in base64url"
    )]
    Text,
}

impl KeyRing {
    /// A ring of one key that seals.
    pub fn new(lookup: [u8; 32], seal: [u8; 32]) -> Self {
        Self { lookup: Zeroizing::new(lookup), seals: vec![Seal::new(seal)] }
    }

    /// A new ring.
    pub fn generate(random: &dyn Random) -> Self {
        Self::new(random_bytes(random), random_bytes(random))
    }

    /// A ring out of one secret of at least 32 bytes, as a configuration may hold it.
    ///
    /// # Errors
    /// The secret is too short to be one.
    pub fn from_secret(secret: &[u8]) -> Result<Self, KeyRingError> {
        if secret.len() < 32 {
            return Err(KeyRingError::Text);
        }
        Ok(Self::new(
            hmac_sha256(secret, &[b"gatewright lookup"]),
            hmac_sha256(secret, &[b"gatewright seal"]),
        ))
    }

    /// The ring with one more key that opens what it sealed once.
    #[must_use]
    pub fn opens(mut self, older: [u8; 32]) -> Self {
        self.seals.push(Seal::new(older));
        self
    }

    /// The ring with a new key that seals from now on. The others still open.
    #[must_use]
    pub fn rotated(mut self, random: &dyn Random) -> Self {
        self.seals.insert(0, Seal::new(random_bytes(random)));
        self
    }

    /// Reads a ring from text, as [`to_text`](Self::to_text) writes it: a `lookup` line, and `seal` lines of which the
    /// first seals.
    ///
    /// # Errors
    /// See [`KeyRingError::Text`].
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        if lines.next() != Some(FILE_MARK) {
            return Err(KeyRingError::Text);
        }
        let (mut lookup, mut seals) = (None, Vec::new());
        for line in lines {
            let (name, value) = line.split_once(' ').ok_or(KeyRingError::Text)?;
            let bytes = Zeroizing::new(base64url_decode(value.trim()).ok_or(KeyRingError::Text)?);
            let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyRingError::Text)?;
            match name {
                "lookup" if lookup.is_none() => lookup = Some(Zeroizing::new(key)),
                "seal" => seals.push(Seal::new(key)),
                _ => return Err(KeyRingError::Text),
            }
        }
        match lookup {
            Some(lookup) if !seals.is_empty() => Ok(Self { lookup, seals }),
            _ => Err(KeyRingError::Text),
        }
    }

    /// The ring as text: for a file that only its owner reads.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = format!("{FILE_MARK}\nlookup {}\n", base64url_encode(&*self.lookup));
        for seal in &self.seals {
            text.push_str("seal ");
            text.push_str(&base64url_encode(&*seal.bytes));
            text.push('\n');
        }
        Zeroizing::new(text)
    }

    /// The ring of this file, or a new one where there is no file yet. The file is for its owner alone (0600).
    ///
    /// Keep it apart from the sessions: beside them it protects against a stray copy of the one file only.
    ///
    /// # Errors
    /// The file cannot be read or made, or is none of a ring.
    pub fn load_or_create(path: &Path, random: &dyn Random) -> Result<Self, KeyRingError> {
        let ring = Self::generate(random);
        match create_private(path, &ring.to_text()) {
            Ok(()) => Ok(ring),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Self::parse(&Zeroizing::new(std::fs::read_to_string(path).map_err(KeyRingError::File)?))
            }
            Err(error) => Err(KeyRingError::File(error)),
        }
    }

    /// The ring of this entry in the keyring of the operating system, or a new one where the entry is empty. Which
    /// keyring that is, the program chooses (`keyring_core::set_default_store`).
    ///
    /// A keyring has no step that only one of two programs can make: let one make the ring before others start.
    ///
    /// ```no_run
    /// use gatewright_client::sessions::KeyRing;
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let entry = keyring_core::Entry::new("com.example.notes", "session keys")?;
    /// let ring = KeyRing::load_or_create_in(&entry, &gatewright_resolve::system::SystemRandom)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The keyring is locked or away, or the entry holds something else.
    #[cfg(feature = "keyring")]
    pub fn load_or_create_in(entry: &keyring_core::Entry, random: &dyn Random) -> Result<Self, KeyRingError> {
        match entry.get_password() {
            Ok(text) => return Self::parse(&Zeroizing::new(text)),
            Err(keyring_core::Error::NoEntry) => {}
            Err(error) => return Err(KeyRingError::Keyring(error)),
        }
        entry.set_password(&Self::generate(random).to_text()).map_err(KeyRingError::Keyring)?;
        // What is there now counts, whoever wrote it.
        Self::parse(&Zeroizing::new(entry.get_password().map_err(KeyRingError::Keyring)?))
    }

    /// The name of a row.
    pub fn row_key(&self, kind: RowKind, name: &str) -> RowKey {
        RowKey::new(kind, self.lookup(&[b"row", name.as_bytes()]))
    }

    /// A keyed hash of texts, none of which may hold a NUL.
    pub(crate) fn lookup(&self, parts: &[&[u8]]) -> [u8; 32] {
        let lengths: Vec<[u8; 8]> = parts.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
        let framed: Vec<&[u8]> =
            lengths.iter().zip(parts).flat_map(|(length, part)| [length.as_slice(), part]).collect();
        hmac_sha256(&*self.lookup, &framed)
    }

    /// Seals bytes for one place: opened elsewhere they are nothing.
    pub(crate) fn seal(&self, place: &[u8], plain: &[u8], random: &dyn Random) -> Vec<u8> {
        let first = self.seals.first().expect("a ring has a key: both ways to make one see to it");
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(&first.name);
        sealed.extend_from_slice(&first.key.seal(random_bytes(random), place, plain));
        sealed
    }

    /// Opens what was sealed for this place, with whichever key it was.
    ///
    /// # Errors
    /// `UnknownKey` and `Newer`: it may well be good, for somebody else. `Damaged`: it is good for nobody.
    pub(crate) fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SessionStoreError> {
        let (version, rest) = sealed.split_first().ok_or(SessionStoreError::Damaged)?;
        let (name, body) = rest.split_first_chunk::<KEY_NAME>().ok_or(SessionStoreError::Damaged)?;
        match *version {
            VERSION => {}
            // Anything else that this program ever writes here starts with a low number; text does not.
            2..=8 => return Err(SessionStoreError::Newer),
            _ => return Err(SessionStoreError::Damaged),
        }
        let mut known = self.seals.iter().filter(|seal| seal.name == *name).peekable();
        if known.peek().is_none() {
            return Err(SessionStoreError::UnknownKey);
        }
        known
            .find_map(|seal| seal.key.open(place, body))
            .map(Zeroizing::new)
            .ok_or(SessionStoreError::Damaged)
    }
}

/// Makes a file whole or not at all, never over another one.
fn create_private(path: &Path, text: &str) -> std::io::Result<()> {
    if path.exists() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        super::file::create_folder(folder)?;
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.new", std::process::id()));
    let draft = std::path::PathBuf::from(draft);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // Of two that start at once, one makes the file, and the other reads it.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    linked
}

/// Nothing of it is printed.
impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys)", self.seals.len())
    }
}

#[cfg(test)]
mod tests {
    use gatewright_resolve::system::SystemRandom;

    use super::*;

    fn opened(ring: &KeyRing, sealed: &[u8]) -> Result<Vec<u8>, SessionStoreError> {
        ring.open(b"place", sealed).map(|plain| plain.to_vec())
    }

    #[test]
    fn the_first_key_seals_and_any_opens() {
        let old = KeyRing::new([1; 32], [2; 32]);
        let sealed = old.seal(b"place", b"secret", &SystemRandom);
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        let rotated = KeyRing::new([1; 32], [3; 32]).opens([2; 32]);
        assert_eq!(opened(&rotated, &sealed).unwrap(), b"secret");
        let newer = rotated.seal(b"place", b"secret", &SystemRandom);
        assert!(matches!(opened(&old, &newer), Err(SessionStoreError::UnknownKey)));
        assert_eq!(old.row_key(RowKind::Session, "a"), rotated.row_key(RowKind::Session, "a"));
        let again = old.rotated(&SystemRandom);
        assert_eq!(opened(&again, &sealed).unwrap(), b"secret");
    }

    #[test]
    fn what_cannot_be_opened_says_why() {
        let ring = KeyRing::new([1; 32], [2; 32]);
        let sealed = ring.seal(b"place", b"secret", &SystemRandom);
        assert!(matches!(ring.open(b"elsewhere", &sealed), Err(SessionStoreError::Damaged)));
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(matches!(opened(&ring, &changed), Err(SessionStoreError::Damaged)));
        assert!(matches!(opened(&ring, b"not sealed at all"), Err(SessionStoreError::Damaged)));
        assert!(matches!(opened(&ring, b""), Err(SessionStoreError::Damaged)));
        let mut newer = sealed;
        newer[0] = 2;
        assert!(matches!(opened(&ring, &newer), Err(SessionStoreError::Newer)));
    }

    #[cfg(feature = "keyring")]
    #[test]
    fn a_ring_lives_in_the_systems_keyring_and_is_never_replaced() {
        let store: std::sync::Arc<keyring_core::CredentialStore> = keyring_core::mock::Store::new().unwrap();
        let entry =
            |user: &str| keyring_core::Entry::new_in_store(&store, "com.example.notes", user).unwrap();
        let first = entry("keys");
        let made = KeyRing::load_or_create_in(&first, &SystemRandom).unwrap();
        let again = KeyRing::load_or_create_in(&first, &SystemRandom).unwrap();
        let sealed = made.seal(b"place", b"secret", &SystemRandom);
        assert_eq!(opened(&again, &sealed).unwrap(), b"secret");
        let other = entry("other");
        other.set_password("something else").unwrap();
        assert!(matches!(KeyRing::load_or_create_in(&other, &SystemRandom), Err(KeyRingError::Text)));
        assert_eq!(other.get_password().unwrap(), "something else");
        let mock: &keyring_core::mock::Cred = first.as_any().downcast_ref().unwrap();
        mock.set_error(keyring_core::Error::NoStorageAccess("it is locked".into()));
        assert!(matches!(KeyRing::load_or_create_in(&first, &SystemRandom), Err(KeyRingError::Keyring(_))));
        let kept = KeyRing::load_or_create_in(&first, &SystemRandom).unwrap();
        assert_eq!(opened(&kept, &sealed).unwrap(), b"secret", "a failure replaces nothing");
    }

    #[test]
    fn a_ring_survives_its_text_and_its_file() {
        let ring = KeyRing::new([1; 32], [2; 32]).opens([3; 32]);
        let again = KeyRing::parse(&ring.to_text()).unwrap();
        assert_eq!(again.to_text(), ring.to_text());
        for text in ["", FILE_MARK, "gatewright session keys 1\nlookup x\nseal y", "lookup a\nseal b"] {
            assert!(matches!(KeyRing::parse(text), Err(KeyRingError::Text)), "{text}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/session.keys");
        let made = KeyRing::load_or_create(&path, &SystemRandom).unwrap();
        assert_eq!(KeyRing::load_or_create(&path, &SystemRandom).unwrap().to_text(), made.to_text());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn sec_68_a_ring_does_not_print() {
        let ring = KeyRing::from_secret(&[b'x'; 32]).unwrap();
        assert_eq!(format!("{ring:?}"), "KeyRing(1 keys)");
        assert!(KeyRing::from_secret(b"short").is_err());
    }
}

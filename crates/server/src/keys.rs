//! What tokens are signed and derived with: one file beside the database, never in it.

use std::fmt::{self, Write as _};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use gatewright_guard::KeySource;
use gatewright_protocol::crypto::{Curve, PrivateKey, PublicKey, SealKey, hmac_sha256};
use gatewright_protocol::jose::{Jwk, JwkSet, Thumbprint};
use gatewright_protocol::legacy::LegacyKeys;
use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::secret_file::{self, SecretFileError};

/// The keys as they lie in their file: readable by nobody else (0600), replaced as a whole.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// The first one signs; the others are published until no token of theirs can be alive.
    signing: Vec<SigningKey>,
    /// What password sessions are signed with (SESS-5): the first one signs, the others are accepted until no token of
    /// theirs can be alive. Empty in a file of before there were any: then it is derived.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sessions: Vec<SessionSecret>,
    refresh_key: Secret,
    seal_key: Secret,
    device_key: Secret,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningKey {
    private_key: Secret,
    created_at: UnixTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_at: Option<UnixTime>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionSecret {
    secret: Secret,
    created_at: UnixTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_at: Option<UnixTime>,
}

/// 32 bytes that are wiped after use; hexadecimal in the file.
#[derive(Clone)]
struct Secret(Zeroizing<[u8; 32]>);

/// A key that was replaced is published this long: longer than any token that it signed can live.
const RETIRED_AFTER: Duration = Duration::from_hours(24);
/// The same for what password sessions are signed with: their refresh tokens live for 90 days.
const SESSIONS_RETIRED_AFTER: Duration = Duration::from_hours(24 * 91);

impl KeyFile {
    /// New keys.
    pub fn generate(random: &dyn Random, now: UnixTime) -> Self {
        Self {
            signing: vec![SigningKey::generate(random, now)],
            sessions: vec![SessionSecret::generate(random, now)],
            refresh_key: Secret::generate(random),
            seal_key: Secret::generate(random),
            device_key: Secret::generate(random),
        }
    }

    /// The keys of this file, which is made if it does not exist.
    ///
    /// # Errors
    /// The file cannot be read or written, is not one of keys, or others may read it.
    pub fn load_or_create(path: &Path, random: &dyn Random, now: UnixTime) -> Result<Self, KeyFileError> {
        match Self::load(path) {
            Err(KeyFileError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                let keys = Self::generate(random, now);
                if keys.create(path)? { Ok(keys) } else { Self::load(path) }
            }
            loaded => loaded,
        }
    }

    /// The keys of this file.
    ///
    /// # Errors
    /// The file cannot be read, is not one of keys, or others may read it.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let text = secret_file::read(path)?;
        let keys: Self = serde_json::from_slice(&text).map_err(|_| KeyFileError::Malformed)?;
        keys.ring()?;
        Ok(keys)
    }

    /// Puts the keys in the place of what the file held, or leaves it as it was.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyFileError> {
        let text = Zeroizing::new(serde_json::to_vec_pretty(self).map_err(|_| KeyFileError::Malformed)?);
        Ok(secret_file::replace(path, &text)?)
    }

    /// Writes the file if there is none, whole or not at all; false if there is one. Of two processes that start in an
    /// empty folder, one makes the keys and the other takes them: with keys of its own it would seal what nobody can
    /// open.
    fn create(&self, path: &Path) -> Result<bool, KeyFileError> {
        let text = Zeroizing::new(serde_json::to_vec_pretty(self).map_err(|_| KeyFileError::Malformed)?);
        Ok(secret_file::create(path, &text)?)
    }

    /// Puts a new key before the others and drops those that were replaced a day ago. What was signed before stays
    /// good; sessions go on.
    pub fn rotate(&mut self, random: &dyn Random, now: UnixTime) {
        self.signing.retain(|key| key.replaced_at.is_none_or(|at| now.since(at) < RETIRED_AFTER));
        for key in &mut self.signing {
            key.replaced_at.get_or_insert(now);
        }
        self.signing.insert(0, SigningKey::generate(random, now));
        if self.sessions.is_empty() {
            let derived = self.derive(b"password sessions");
            self.sessions.push(SessionSecret { secret: derived, created_at: now, replaced_at: None });
        }
        self.sessions
            .retain(|secret| secret.replaced_at.is_none_or(|at| now.since(at) < SESSIONS_RETIRED_AFTER));
        for secret in &mut self.sessions {
            secret.replaced_at.get_or_insert(now);
        }
        self.sessions.insert(0, SessionSecret::generate(random, now));
    }

    /// Puts a new key in the place of all others, because one was stolen. What was signed before is good no longer:
    /// clients refresh; sessions go on. Password sessions cannot: whoever has their secret can refresh too, so they end.
    pub fn withdraw(&mut self, random: &dyn Random, now: UnixTime) {
        self.signing = vec![SigningKey::generate(random, now)];
        self.sessions = vec![SessionSecret::generate(random, now)];
    }

    fn legacy_keys(&self) -> LegacyKeys {
        let mut secrets = self.sessions.iter().map(|secret| *secret.secret.0);
        match secrets.next() {
            Some(signing) => LegacyKeys::new(signing, secrets),
            None => LegacyKeys::new(*self.derive(b"password sessions").0, []),
        }
    }

    /// A secret for a purpose that has none of its own in the file.
    fn derive(&self, purpose: &[u8]) -> Secret {
        Secret(Zeroizing::new(hmac_sha256(&*self.refresh_key.0, &[b"derived for ", purpose])))
    }

    /// What the nonces of proofs are made with, for nodes that share what they remember of proofs (DP-6).
    pub fn nonce_secret(&self) -> [u8; 32] {
        *self.derive(b"nonces").0
    }

    /// Seals the signing keys of accounts, and their second factors, in their rows.
    pub fn seal_key(&self) -> SealKey {
        SealKey::new(*self.seal_key.0)
    }

    /// The names of the signing keys, the one in use first.
    ///
    /// # Errors
    /// A key is none.
    pub fn kids(&self) -> Result<Vec<String>, KeyFileError> {
        Ok(self.ring()?.keys.into_iter().map(|(kid, _)| kid).collect())
    }

    fn ring(&self) -> Result<Ring, KeyFileError> {
        let mut keys = Vec::with_capacity(self.signing.len());
        let mut first = None;
        for key in &self.signing {
            let private = PrivateKey::from_bytes(Curve::P256, &key.private_key.0)
                .map_err(|_| KeyFileError::Malformed)?;
            let public = private.public().clone();
            keys.push((kid(&public), public));
            first.get_or_insert(private);
        }
        let signing = first.ok_or(KeyFileError::Malformed)?;
        let set = JwkSet::new(keys.iter().map(|(kid, key)| Jwk::new(key.clone(), kid)));
        let jwks = serde_json::to_vec(&set).map_err(|_| KeyFileError::Malformed)?;
        Ok(Ring { signing, keys, jwks: jwks.into() })
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile").field("signing", &self.signing.len()).finish_non_exhaustive()
    }
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It does not hold what this program writes.
    #[error("the key file is not one that this program wrote")]
    Malformed,
    /// Others may read it.
    #[error("the key file can be read by others; it must have mode 0600")]
    Readable,
}

impl From<SecretFileError> for KeyFileError {
    fn from(error: SecretFileError) -> Self {
        match error {
            SecretFileError::Io(error) => Self::Io(error),
            SecretFileError::Readable => Self::Readable,
        }
    }
}

fn kid(key: &PublicKey) -> String {
    let mut name = Thumbprint::of(key).to_string();
    name.truncate(16);
    name
}

impl SigningKey {
    fn generate(random: &dyn Random, now: UnixTime) -> Self {
        let key = PrivateKey::generate(Curve::P256, random);
        Self { private_key: Secret(key.to_bytes()), created_at: now, replaced_at: None }
    }
}

impl SessionSecret {
    fn generate(random: &dyn Random, now: UnixTime) -> Self {
        Self { secret: Secret::generate(random), created_at: now, replaced_at: None }
    }
}

impl Secret {
    fn generate(random: &dyn Random) -> Self {
        Self(Zeroizing::new(random_bytes(random)))
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in self.0.iter() {
            let _ = write!(text, "{byte:02x}");
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let mut bytes = Zeroizing::new([0; 32]);
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(serde::de::Error::custom("not 64 hexadecimal digits"));
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(serde::de::Error::custom)?;
            *byte = u8::from_str_radix(digits, 16).map_err(serde::de::Error::custom)?;
        }
        Ok(Self(bytes))
    }
}

/// The keys of a running server. Signing keys can be replaced while it runs.
pub struct Keys {
    ring: ArcSwap<Ring>,
    entryway: Option<PrivateKey>,
    legacy: Arc<LegacyKeys>,
    app_password_key: Secret,
    factor_key: Secret,
    factor_seal: SealKey,
    refresh_key: Secret,
    device_key: Secret,
}

pub(crate) struct Ring {
    pub(crate) signing: PrivateKey,
    /// All that are published, by name, the one in use first.
    keys: Vec<(String, PublicKey)>,
    jwks: Bytes,
}

impl Keys {
    /// The keys of a file.
    ///
    /// # Errors
    /// The file holds no usable signing key.
    pub fn new(file: &KeyFile) -> Result<Self, KeyFileError> {
        Ok(Self {
            ring: ArcSwap::from_pointee(file.ring()?),
            entryway: None,
            legacy: Arc::new(file.legacy_keys()),
            app_password_key: file.derive(b"app passwords"),
            factor_key: file.derive(b"second factors"),
            factor_seal: file.seal_key(),
            refresh_key: Secret(file.refresh_key.0.clone()),
            device_key: Secret(file.device_key.0.clone()),
        })
    }

    /// The keys of an entryway: tokens for these hosts are signed with `key`, the only one that they know.
    ///
    /// # Errors
    /// The file holds no usable signing key.
    pub fn of_entryway(file: &KeyFile, key: &PrivateKey, hosts: Vec<Did>) -> Result<Self, KeyFileError> {
        let copy =
            || PrivateKey::from_bytes(key.curve(), &key.to_bytes()).map_err(|_| KeyFileError::Malformed);
        let legacy = Arc::new(file.legacy_keys().with_entryway(copy()?, hosts));
        Ok(Self { entryway: Some(copy()?), legacy, ..Self::new(file)? })
    }

    /// What tokens for hosts are signed with that this server is the entryway of.
    pub(crate) fn entryway(&self) -> Option<&PrivateKey> {
        self.entryway.as_ref()
    }

    /// Takes the signing keys of a file that was rotated; everything else stays.
    ///
    /// # Errors
    /// The file holds no usable signing key.
    pub fn replace_signing_keys(&self, file: &KeyFile) -> Result<(), KeyFileError> {
        self.ring.store(Arc::new(file.ring()?));
        Ok(())
    }

    /// The published key of this name.
    pub fn find(&self, kid: &str) -> Option<PublicKey> {
        self.ring.load().keys.iter().find(|(known, _)| known == kid).map(|(_, key)| key.clone())
    }

    /// The published set, as JSON (AS-18).
    pub fn jwks(&self) -> Bytes {
        self.ring.load().jwks.clone()
    }

    pub(crate) fn ring(&self) -> arc_swap::Guard<Arc<Ring>> {
        self.ring.load()
    }

    /// What password sessions are signed with.
    pub fn legacy_keys(&self) -> Arc<LegacyKeys> {
        Arc::clone(&self.legacy)
    }

    /// What app passwords are looked up by. It never changes, or all of them would be good no longer.
    pub(crate) fn app_password_key(&self) -> &[u8; 32] {
        &self.app_password_key.0
    }

    /// What recovery codes are looked up by. It never changes, or all of them would be good no longer.
    pub(crate) fn factor_key(&self) -> &[u8; 32] {
        &self.factor_key.0
    }

    /// Seals what second factors are checked with.
    pub(crate) fn factor_seal(&self) -> &SealKey {
        &self.factor_seal
    }

    pub(crate) fn refresh_key(&self) -> &[u8; 32] {
        &self.refresh_key.0
    }

    pub(crate) fn device_key(&self) -> &[u8; 32] {
        &self.device_key.0
    }
}

impl Ring {
    pub(crate) fn kid(&self) -> Option<&str> {
        self.keys.first().map(|(kid, _)| kid.as_str())
    }
}

impl KeySource for Keys {
    fn find(&self, kid: &str) -> Option<PublicKey> {
        Self::find(self, kid)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn keys_survive_their_file_and_nobody_else_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let random = Counting(1.into());
        let made = KeyFile::load_or_create(&path, &random, UnixTime::from_seconds(0)).unwrap();
        let read = KeyFile::load_or_create(&path, &random, UnixTime::from_seconds(0)).unwrap();
        assert_eq!(made.kids().unwrap(), read.kids().unwrap());
        assert_eq!(*made.refresh_key.0, *read.refresh_key.0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(KeyFile::load(&path), Err(KeyFileError::Readable)));
        }
    }

    #[test]
    fn processes_that_start_together_have_the_same_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let random = Counting(1.into());
        let start = std::sync::Barrier::new(8);
        let one = || {
            start.wait();
            KeyFile::load_or_create(&path, &random, UnixTime::from_seconds(0)).unwrap().kids().unwrap()
        };
        let made: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|kids| *kids == made[0]), "{made:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn rotation_keeps_the_key_before_for_a_day() {
        let random = Counting(1.into());
        let mut file = KeyFile::generate(&random, UnixTime::from_seconds(0));
        let keys = Keys::new(&file).unwrap();
        let old = file.kids().unwrap().remove(0);
        file.rotate(&random, UnixTime::from_seconds(10));
        keys.replace_signing_keys(&file).unwrap();
        let new = file.kids().unwrap().remove(0);
        assert_ne!(old, new);
        assert_eq!(keys.ring().kid(), Some(new.as_str()));
        assert!(keys.find(&old).is_some() && keys.find(&new).is_some());
        file.rotate(&random, UnixTime::from_seconds(10 + 24 * 60 * 60));
        assert_eq!(file.kids().unwrap().len(), 2);
        assert!(!file.kids().unwrap().contains(&old));
    }

    #[test]
    fn a_stolen_key_is_withdrawn_at_once_and_what_it_did_not_sign_stays() {
        let random = Counting(1.into());
        let mut file = KeyFile::generate(&random, UnixTime::from_seconds(0));
        let (refresh, seal) = (*file.refresh_key.0, *file.seal_key.0);
        file.rotate(&random, UnixTime::from_seconds(10));
        let keys = Keys::new(&file).unwrap();
        let stolen = file.kids().unwrap();
        assert_eq!(stolen.len(), 2);
        file.withdraw(&random, UnixTime::from_seconds(20));
        keys.replace_signing_keys(&file).unwrap();
        assert_eq!(file.kids().unwrap().len(), 1);
        assert!(stolen.iter().all(|kid| keys.find(kid).is_none()));
        assert_eq!((*file.refresh_key.0, *file.seal_key.0), (refresh, seal));
    }

    #[test]
    fn password_sessions_survive_rotation_for_as_long_as_they_live() {
        use gatewright_protocol::jose::jws;
        use gatewright_protocol::legacy::{AccessClaims, LegacyScope, LegacySessionId, LegacyTokenError};
        let random = Counting(1.into());
        let day = |days: i64| UnixTime::from_seconds(days * 86_400);
        let mut file = KeyFile::generate(&random, day(0));
        let claims = AccessClaims {
            scope: LegacyScope::Full,
            audience: "did:web:pds.example.com".parse().unwrap(),
            account: "did:web:alice.example.com".parse().unwrap(),
            session: LegacySessionId([1; 16]),
            issued_at: day(0),
            expires_at: day(1000),
        };
        let token = Keys::new(&file).unwrap().legacy_keys().sign_access(&claims);
        let check = |file: &KeyFile| {
            let keys = Keys::new(file).unwrap().legacy_keys();
            keys.verify_access(&jws::decode(token.expose()).unwrap(), &claims.audience, day(1)).map(drop)
        };
        file.rotate(&random, day(1));
        file.rotate(&random, day(91));
        assert_eq!(check(&file), Ok(()));
        file.rotate(&random, day(92));
        assert_eq!(check(&file), Err(LegacyTokenError::Invalid), "no refresh token lives as long");
        file.withdraw(&random, day(93));
        assert_eq!(file.sessions.len(), 1);
        // A file of before there were password sessions: each process derives the same secret from it.
        file.sessions.clear();
        let token = Keys::new(&file).unwrap().legacy_keys().sign_access(&claims);
        let text = serde_json::to_vec(&file).unwrap();
        let mut same: KeyFile = serde_json::from_slice(&text).unwrap();
        same.rotate(&random, day(94));
        let keys = Keys::new(&same).unwrap();
        let checked = keys.legacy_keys().verify_access(
            &jws::decode(token.expose()).unwrap(),
            &claims.audience,
            day(95),
        );
        assert_eq!(checked, Ok(claims.clone()));
        assert_eq!(keys.app_password_key(), Keys::new(&file).unwrap().app_password_key());
    }

    #[test]
    fn sec_68_debug_shows_no_key() {
        let file = KeyFile::generate(&Counting(171.into()), UnixTime::from_seconds(0));
        let text = format!("{file:?} {:?}", Keys::new(&file).unwrap());
        assert!(!text.contains("ab") && !text.contains("ac"), "{text}");
    }
}

//! Passwords: argon2id, on few threads that yield to the rest, as slow for an account that does not exist as for one
//! that does.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use gatewright_protocol::crypto::constant_time_eq;
use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::secret::Password;
use gatewright_store::account::PasswordHash;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Hashes and checks passwords on a bounded number of threads of its own, so that sign-ins take neither all processors
/// nor all memory. On Linux these threads have a lower priority than the rest: where both want a processor, requests
/// of people who are signed in get five sixths of it.
pub struct Passwords {
    places: Arc<Semaphore>,
    random: Arc<dyn Random>,
    /// Nothing but its blocking threads is used. There until the end.
    threads: Option<Runtime>,
}

/// What checking a password found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It is the password.
    Right,
    /// It is, but hashed with other parameters than today's: this hash should take its place.
    RightButOld(PasswordHash),
    /// It is not.
    Wrong,
}

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The hash function refused its input.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    /// The thread it ran on ended early: the program is stopping.
    #[error("the thread that hashed a password ended early")]
    Stopped,
}

impl Passwords {
    /// As many at once as there are processors, four at most: each takes 19 MiB while it runs.
    ///
    /// # Panics
    /// Never: a runtime that watches neither sockets nor clocks asks the system for nothing.
    pub fn new(random: Arc<dyn Random>) -> Self {
        let places = std::thread::available_parallelism().map_or(1, usize::from).clamp(1, 4);
        let threads = Builder::new_current_thread()
            .max_blocking_threads(places)
            .thread_name("password")
            .on_thread_start(yield_to_the_rest)
            .build()
            .expect("a runtime without drivers needs nothing from the system");
        Self { places: Arc::new(Semaphore::new(places)), random, threads: Some(threads) }
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// The hash function refused, or the program is stopping.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, PasswordError> {
        let salt = random_bytes::<16>(&*self.random);
        self.run(move || hash(&password, &salt)).await?
    }

    /// Checks a password against the hash of an account. Without one, the same work is done and the answer is
    /// [`Checked::Wrong`].
    ///
    /// # Errors
    /// The hash function refused, or the program is stopping.
    pub async fn check(
        &self,
        password: Password,
        expected: Option<PasswordHash>,
    ) -> Result<Checked, PasswordError> {
        let salt = random_bytes::<16>(&*self.random);
        self.run(move || {
            let Some(expected) = expected else {
                hash(&password, &salt)?;
                return Ok(Checked::Wrong);
            };
            let parsed = Phc::new(&expected.0).map_err(|e| PasswordError::Hash(e.to_string()))?;
            if !is_password(&parsed, &password)? {
                return Ok(Checked::Wrong);
            }
            let is_current = parsed.algorithm.as_str() == "argon2id"
                && Params::try_from(&parsed).is_ok_and(|used| is_todays(&used));
            if is_current { Ok(Checked::Right) } else { hash(&password, &salt).map(Checked::RightButOld) }
        })
        .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| PasswordError::Stopped)?;
        let threads = self.threads.as_ref().ok_or(PasswordError::Stopped)?;
        let working = threads.spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        working.await.map_err(|_| PasswordError::Stopped)
    }
}

impl Drop for Passwords {
    /// Nobody waits for a hash any more; waiting for its thread would hold up the one that drops this.
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

/// Seven steps nicer than the rest: beside one thread that never rests hashes get a sixth of a processor, which is ten
/// sign-ins a second on a slow one, and all of it when nothing else is to do.
fn yield_to_the_rest() {
    #[cfg(target_os = "linux")]
    {
        // Where the system forbids it, passwords are checked all the same, only less politely.
        let _: rustix::io::Result<()> = rustix::process::getpriority_process(None)
            .and_then(|rest| rustix::process::setpriority_process(None, rest + 7));
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

/// Memory of one hash in KiB, passes and lanes.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

fn is_todays(used: &Params) -> bool {
    (used.m_cost(), used.t_cost(), used.p_cost()) == (MEMORY, PASSES, LANES)
}

fn hash(password: &Password, salt: &[u8; 16]) -> Result<PasswordHash, PasswordError> {
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(refused)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let made = Phc {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params()).map_err(refused)?,
        salt: Some(Salt::new(salt).map_err(refused)?),
        hash: Some(digest(&argon2, password, salt)?),
    };
    Ok(PasswordHash(made.to_string()))
}

/// Whether this is the password of the hash. None is that of a hash by another function.
fn is_password(expected: &Phc, password: &Password) -> Result<bool, PasswordError> {
    let version = expected.version.map_or(Ok(Version::V0x13), Version::try_from);
    let (Ok(algorithm), Ok(version), Ok(params), Some(salt), Some(hash)) = (
        Algorithm::try_from(expected.algorithm.as_str()),
        version,
        Params::try_from(expected),
        &expected.salt,
        &expected.hash,
    ) else {
        return Ok(false);
    };
    let found = digest(&Argon2::new(algorithm, version, params), password, salt)?;
    Ok(constant_time_eq(found.as_bytes(), hash.as_bytes()))
}

thread_local! {
    /// The memory of the thread's hashes: to get 19 MiB from the system anew takes a tenth as long as the hash itself.
    /// It goes with the thread, which ends when it has had nothing to do for ten seconds.
    static BLOCKS: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

fn digest(argon2: &Argon2<'_>, password: &Password, salt: &[u8]) -> Result<Output, PasswordError> {
    let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let count = argon2.params().block_count();
    let mut out = Zeroizing::new(vec![0; length]);
    BLOCKS
        .with_borrow_mut(|blocks| {
            if blocks.len() < count {
                blocks.resize(count, Block::new());
            }
            let blocks = blocks.get_mut(..count).unwrap_or_default();
            argon2.hash_password_into_with_memory(password.expose().as_bytes(), salt, &mut out, blocks)
        })
        .map_err(refused)?;
    Output::new(&out).map_err(refused)
}

fn refused(error: impl fmt::Display) -> PasswordError {
    PasswordError::Hash(error.to_string())
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher as _;

    use super::*;

    #[derive(Debug)]
    struct Fixed;

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_right_wrong_or_nobodys() {
        let passwords = Passwords::new(Arc::new(Fixed));
        let hash = passwords.hash(password("correct horse")).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        let check = async |text: &str, expected| passwords.check(password(text), expected).await.unwrap();
        assert_eq!(check("correct horse", Some(hash.clone())).await, Checked::Right);
        assert_eq!(check("Correct horse", Some(hash.clone())).await, Checked::Wrong);
        assert_eq!(check("correct horse", None).await, Checked::Wrong);
        let foreign = PasswordHash(
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"
                .to_owned(),
        );
        assert_eq!(check("correct horse", Some(foreign)).await, Checked::Wrong);
        passwords.check(password("x"), Some(PasswordHash("nonsense".to_owned()))).await.expect_err("no hash");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_threads_of_passwords_yield_to_the_rest() {
        let passwords = Passwords::new(Arc::new(Fixed));
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        assert_eq!(passwords.run(niceness).await.unwrap(), before + 7);
        assert_eq!(niceness(), before, "the rest keeps its priority");
    }

    #[tokio::test]
    async fn a_hash_of_yesterday_is_replaced() {
        let passwords = Passwords::new(Arc::new(Fixed));
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
        let old = PasswordHash(weak.hash_password_with_salt(b"correct horse", &[7; 16]).unwrap().to_string());
        let checked = passwords.check(password("correct horse"), Some(old.clone())).await.unwrap();
        let Checked::RightButOld(new) = checked else { panic!("{checked:?}") };
        assert_eq!(passwords.check(password("correct horse"), Some(new)).await.unwrap(), Checked::Right);
        assert_eq!(passwords.check(password("wrong"), Some(old)).await.unwrap(), Checked::Wrong);
    }
}

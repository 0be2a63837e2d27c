//! Sessions in a folder: a file each, for their owner alone (0600 in a folder of 0700), replaced in one step.
//!
//! | file | holds |
//! |---|---|
//! | `NAME.session` | a mark, the number of the lease that wrote it, when it may go, the sealed bytes |
//! | `NAME.lease` | the latest lease: its number, its holder, until when |
//! | `NAME.pending`, `NAME.uses` | an unfinished sign-in; counted uses |
//! | `lock-0` … `lock-f` | nothing: they are locked while a step is done |
//!
//! A step locks the lock file that its name belongs to, which shuts out other tasks and other processes alike; the
//! operating system unlocks it whatever becomes of the process. Sessions are written beside their place, flushed, and
//! renamed into it: there is always a whole one. Leases are not flushed: a lease that a power cut takes away had a
//! holder that the power cut took too.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::time::UnixTime;

use super::{
    Allowance, Fence, Holder, Keep, Lease, MEMORY_OF_THE_GONE, Result, RowKey, RowKind, Saved, SessionStore,
    SessionStoreError, Spent, Uses,
};

const ENGINE: &str = "file";
const MARK: &[u8; 8] = b"gwsess1\n";
/// No date: the row stays until somebody deletes it.
const FOR_EVER: i64 = i64::MAX;
/// The largest file that is read.
const MOST: u64 = 1 << 20;

/// A store in a folder. Processes on one machine may share it.
#[derive(Clone, Debug)]
pub struct FolderStore(Arc<PathBuf>);

impl FolderStore {
    /// The store in this folder, which is made where there is none.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        create_folder(&folder).map_err(failed)?;
        let store = Self(Arc::new(folder));
        // Fails here and now where the folder cannot be written.
        store.lock_at('0').map_err(failed)?;
        Ok(store)
    }

    /// Does one step under the lock of a name, where waiting harms nobody.
    async fn step<T: Send + 'static>(
        &self,
        name: String,
        step: impl FnOnce(&Files) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let shard = name.chars().last().unwrap_or('0');
            let _locked = store.lock_at(shard)?;
            step(&Files { folder: &store.0, name: &name })
        });
        done.await.map_err(failed)?.map_err(failed)
    }

    fn lock_at(&self, shard: char) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        private(&mut options);
        let file = options.open(self.0.join(format!("lock-{shard}")))?;
        file.lock()?;
        Ok(file)
    }

    /// The names of all files with this ending, in order.
    fn names(&self, ending: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&*self.0)? {
            let name = entry?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(ending));
            names.extend(name.map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SessionStoreError {
    SessionStoreError::backend(ENGINE, source)
}

/// Makes a folder for its owner alone, and what leads there.
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// The files of one name, while they are locked.
struct Files<'a> {
    folder: &'a Path,
    name: &'a str,
}

/// A session file, read.
struct Session {
    fence: Fence,
    until: i64,
    sealed: Vec<u8>,
}

/// A lease file, read.
#[derive(Default)]
struct Leased {
    fence: Fence,
    held: Option<(Holder, UnixTime)>,
}

impl Files<'_> {
    fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}{ending}", self.name))
    }

    fn read(&self, ending: &str) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.path(ending)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(MOST).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Whole or not at all, and on the disk when this returns.
    fn write(&self, ending: &str, parts: &[&[u8]]) -> io::Result<()> {
        let draft = self.path(&format!("{ending}.new"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        private(&mut options);
        let mut file = options.open(&draft)?;
        file.write_all(&parts.concat())?;
        file.sync_all()?;
        fs::rename(&draft, self.path(ending))?;
        #[cfg(unix)]
        File::open(self.folder)?.sync_all()?;
        Ok(())
    }

    fn remove(&self, ending: &str) -> io::Result<bool> {
        match fs::remove_file(self.path(ending)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Something else in the place of a session is given out as it is: whoever opens it finds out.
    fn session(&self) -> io::Result<Option<Session>> {
        let Some(bytes) = self.read(".session")? else { return Ok(None) };
        let read = || {
            let (mark, rest) = bytes.split_first_chunk::<8>()?;
            let (fence, rest) = rest.split_first_chunk::<8>()?;
            let (until, sealed) = rest.split_first_chunk::<8>()?;
            let (fence, until) = (u64::from_be_bytes(*fence), i64::from_be_bytes(*until));
            (mark == MARK).then(|| Session {
                fence: Fence::from_number(fence),
                until,
                sealed: sealed.to_vec(),
            })
        };
        Ok(Some(read().unwrap_or_else(|| Session {
            fence: Fence::default(),
            until: FOR_EVER,
            sealed: bytes.clone(),
        })))
    }

    fn live(&self, now: UnixTime) -> io::Result<Option<Vec<u8>>> {
        Ok(self.session()?.filter(|session| now.millis() < session.until).map(|session| session.sealed))
    }

    fn write_session(&self, fence: Fence, keep: Keep<'_>) -> io::Result<()> {
        let until = keep.until.map_or(FOR_EVER, UnixTime::millis);
        self.write(".session", &[MARK, &fence.number().to_be_bytes(), &until.to_be_bytes(), keep.sealed])
    }

    /// A damaged lease is nobody's, but its row keeps the number that wrote it.
    fn leased(&self) -> io::Result<Leased> {
        let bytes = self.read(".lease")?.unwrap_or_default();
        let read = || {
            let (fence, rest) = bytes.split_first_chunk::<8>()?;
            let (holder, rest) = rest.split_first_chunk::<16>()?;
            let (until, _) = rest.split_first_chunk::<8>()?;
            let until = i64::from_be_bytes(*until);
            let held = (until != 0).then(|| (Holder::from(*holder), UnixTime::from_millis(until)));
            Some(Leased { fence: Fence::from_number(u64::from_be_bytes(*fence)), held })
        };
        let mut leased = read().unwrap_or_default();
        if leased.fence == Fence::default() {
            leased.fence = self.session()?.map(|session| session.fence).unwrap_or_default();
        }
        Ok(leased)
    }

    fn write_lease(&self, leased: &Leased) -> io::Result<()> {
        let (holder, until) =
            leased.held.unwrap_or_else(|| (Holder::from([0; 16]), UnixTime::from_millis(0)));
        let bytes = [
            leased.fence.number().to_be_bytes().as_slice(),
            holder.as_bytes(),
            &until.millis().to_be_bytes(),
        ]
        .concat();
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        private(&mut options);
        options.open(self.path(".lease"))?.write_all(&bytes)
    }
}

#[async_trait]
impl SessionStore for FolderStore {
    async fn find(&self, key: &RowKey, now: UnixTime) -> Result<Option<Vec<u8>>> {
        // A whole file is there at any time: nothing to lock.
        let (store, name) = (self.clone(), key.to_hex());
        let read = tokio::task::spawn_blocking(move || Files { folder: &store.0, name: &name }.live(now));
        read.await.map_err(failed)?.map_err(failed)
    }

    async fn list(
        &self,
        kind: RowKind,
        after: Option<&RowKey>,
        limit: usize,
        now: UnixTime,
    ) -> Result<Vec<(RowKey, Vec<u8>)>> {
        let (store, after) = (self.clone(), after.copied());
        let listed = tokio::task::spawn_blocking(move || {
            let mut rows = Vec::new();
            for name in store.names(".session")? {
                let Some(key) = RowKey::from_hex(&name) else { continue };
                if key.kind() == kind && after.is_none_or(|after| after < key) && rows.len() < limit {
                    let sealed = Files { folder: &store.0, name: &name }.live(now)?;
                    rows.extend(sealed.map(|sealed| (key, sealed)));
                }
            }
            Ok::<_, io::Error>(rows)
        });
        listed.await.map_err(failed)?.map_err(failed)
    }

    async fn put(&self, key: &RowKey, keep: Keep<'_>, now: UnixTime) -> Result<()> {
        let (sealed, until) = (keep.sealed.to_vec(), keep.until);
        self.step(key.to_hex(), move |files| {
            let fence = files.leased()?.fence.next(now);
            files.write_session(fence, Keep { sealed: &sealed, until })?;
            files.write_lease(&Leased { fence, held: None })
        })
        .await
    }

    async fn lease(&self, key: &RowKey, holder: Holder, now: UnixTime, lasts: Duration) -> Result<Lease> {
        self.step(key.to_hex(), move |files| {
            let mut leased = files.leased()?;
            match leased.held {
                Some((other, until)) if other != holder && now < until => return Ok(Lease::Held { until }),
                Some((same, _)) if same == holder => {}
                _ => leased.fence = leased.fence.next(now),
            }
            leased.held = Some((holder, now.plus(lasts)));
            files.write_lease(&leased)?;
            Ok(Lease::Granted { fence: leased.fence, sealed: files.live(now)? })
        })
        .await
    }

    async fn save(&self, key: &RowKey, fence: Fence, keep: Keep<'_>, _: UnixTime) -> Result<Saved> {
        let (sealed, until) = (keep.sealed.to_vec(), keep.until);
        self.step(key.to_hex(), move |files| {
            let leased = files.leased()?;
            if leased.fence != fence || leased.held.is_none() {
                return Ok(Saved::Late);
            }
            files.write_session(fence, Keep { sealed: &sealed, until })?;
            Ok(Saved::Saved)
        })
        .await
    }

    async fn release(&self, key: &RowKey, fence: Fence) -> Result<()> {
        self.step(key.to_hex(), move |files| {
            if files.leased()?.fence == fence {
                files.write_lease(&Leased { fence, held: None })?;
            }
            Ok(())
        })
        .await
    }

    async fn delete(&self, key: &RowKey, now: UnixTime) -> Result<bool> {
        self.step(key.to_hex(), move |files| {
            let fence = files.leased()?.fence.next(now);
            files.write_lease(&Leased { fence, held: None })?;
            let there = files.live(now)?.is_some();
            files.remove(".session")?;
            Ok(there)
        })
        .await
    }

    async fn put_pending(
        &self,
        key: &[u8; 32],
        sealed: &[u8],
        now: UnixTime,
        until: UnixTime,
        most: u64,
    ) -> Result<()> {
        let (store, sealed) = (self.clone(), sealed.to_vec());
        let put = self.step(hex(key), move |files| {
            let count =
                || Ok::<_, io::Error>(u64::try_from(store.names(".pending")?.len()).unwrap_or(u64::MAX));
            if count()? >= most {
                for name in store.names(".pending")? {
                    let other = Files { folder: &store.0, name: &name };
                    if other.read(".pending")?.is_some_and(|bytes| is_over(&bytes, now)) {
                        other.remove(".pending")?;
                    }
                }
                if count()? >= most {
                    return Ok(false);
                }
            }
            files.write(".pending", &[&until.millis().to_be_bytes(), &sealed]).map(|()| true)
        });
        if put.await? { Ok(()) } else { Err(SessionStoreError::Full { engine: ENGINE }) }
    }

    async fn take_pending(&self, key: &[u8; 32], now: UnixTime) -> Result<Option<Vec<u8>>> {
        self.step(hex(key), move |files| {
            let Some(bytes) = files.read(".pending")? else { return Ok(None) };
            if !files.remove(".pending")? || is_over(&bytes, now) {
                return Ok(None);
            }
            Ok(bytes.split_first_chunk::<8>().map(|(_, sealed)| sealed.to_vec()))
        })
        .await
    }

    async fn spend(&self, key: &[u8; 32], now: UnixTime, allowances: &[Allowance]) -> Result<Spent> {
        let allowances = allowances.to_vec();
        self.step(hex(key), move |files| {
            let bytes = files.read(".uses")?.unwrap_or_default();
            let mut uses = Uses::from_bytes(bytes.get(8..).unwrap_or_default());
            let spent = uses.spend(now, &allowances);
            if spent == Spent::Allowed {
                let until = uses.until(&allowances).millis().to_be_bytes();
                files.write(".uses", &[&until, &uses.to_bytes()])?;
            }
            Ok(spent)
        })
        .await
    }

    async fn sweep(&self, now: UnixTime, limit: usize) -> Result<usize> {
        let store = self.clone();
        let swept = tokio::task::spawn_blocking(move || {
            let mut swept = 0;
            for ending in [".pending", ".uses", ".lease", ".session"] {
                for name in store.names(ending)? {
                    if swept >= limit {
                        return Ok(swept);
                    }
                    let _locked = store.lock_at(name.chars().last().unwrap_or('0'))?;
                    let files = Files { folder: &store.0, name: &name };
                    swept += usize::from(sweep_one(&files, ending, now)?);
                }
            }
            Ok::<_, io::Error>(swept)
        });
        swept.await.map_err(failed)?.map_err(failed)
    }
}

fn sweep_one(files: &Files<'_>, ending: &str, now: UnixTime) -> io::Result<bool> {
    let over = match ending {
        // The lease of a row that has long been gone; its number tells when it was given.
        ".lease" => {
            let leased = files.leased()?;
            let given = UnixTime::from_millis(leased.fence.signed());
            files.session()?.is_none()
                && given.plus(MEMORY_OF_THE_GONE) <= now
                && leased.held.is_none_or(|(_, until)| until <= now)
        }
        ".session" => {
            let free = files.leased()?.held.is_none_or(|(_, until)| until <= now);
            free && files.session()?.is_some_and(|session| session.until <= now.millis())
        }
        _ => files.read(ending)?.is_some_and(|bytes| is_over(&bytes, now)),
    };
    if over { files.remove(ending) } else { Ok(false) }
}

/// Whether the time that a file begins with has come.
fn is_over(bytes: &[u8], now: UnixTime) -> bool {
    bytes.first_chunk::<8>().is_none_or(|until| i64::from_be_bytes(*until) <= now.millis())
}

fn hex(key: &[u8; 32]) -> String {
    RowKey::new(RowKind::Session, *key).to_hex().split_off(2)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn sec_31_files_are_for_their_owner_alone_and_no_draft_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("sessions");
        let store = FolderStore::open(&place).unwrap();
        let (key, now) = (RowKey::new(RowKind::Session, [1; 32]), UnixTime::from_seconds(1_790_000_000));
        store.put(&key, Keep { sealed: b"sealed", until: None }, now).await.unwrap();
        store.put_pending(&[2; 32], b"sealed", now, now.plus(Duration::from_secs(1)), 9).await.unwrap();
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
        for entry in fs::read_dir(&place).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
            assert!(!entry.path().to_string_lossy().ends_with(".new"), "{:?}", entry.path());
        }
    }

    #[tokio::test]
    async fn a_damaged_file_is_given_out_as_it_is_and_can_be_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::open(folder.path()).unwrap();
        let (key, now) = (RowKey::new(RowKind::Session, [1; 32]), UnixTime::from_seconds(1_790_000_000));
        fs::write(folder.path().join(format!("{}.session", key.to_hex())), b"garbage").unwrap();
        let leased = store.lease(&key, Holder::from([1; 16]), now, Duration::from_secs(5)).await.unwrap();
        let Lease::Granted { fence, sealed } = leased else { panic!("{leased:?}") };
        assert_eq!(sealed.as_deref(), Some(b"garbage".as_slice()));
        store.save(&key, fence, Keep { sealed: b"good", until: None }, now).await.unwrap();
        assert_eq!(store.find(&key, now).await.unwrap().as_deref(), Some(b"good".as_slice()));
    }
}

//! Receiving and reading the bytes of blobs.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use cid::Cid;
use futures::{Stream, StreamExt as _};
use gatewright_protocol::crypto::Sha256;
use gatewright_protocol::random::{Random, random_bytes};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::sniff::{LOOK, sniff};
use crate::repo::cid::of_blob_digest;

/// How long the sender may be silent.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// The folder that blobs lie in.
#[derive(Clone, Debug)]
pub struct BlobFolder {
    root: PathBuf,
}

/// A blob that was received whole and lies on the disk, though not under its name yet. Dropped, it is gone.
#[derive(Debug)]
pub struct Incoming {
    file: Temporary,
    /// Its address.
    pub cid: Cid,
    /// Its length in bytes.
    pub size: u64,
    /// What its first bytes look like.
    pub sniffed_type: Option<&'static str>,
}

/// Why a blob was not received.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The sender went away or sent nothing for too long.
    #[error("the body broke off")]
    BrokenOff,
    /// There was no byte in it.
    #[error("the body is empty")]
    Empty,
    /// The disk failed.
    #[error("the folder of blobs cannot be written to")]
    Folder(#[from] io::Error),
    /// It is longer than it may be.
    #[error("the blob is longer than {limit} bytes")]
    TooLarge {
        /// The most that it may hold.
        limit: u64,
    },
}

impl BlobFolder {
    /// Opens the folder, makes it if need be, and sweeps out what was received by halves.
    pub fn open(root: PathBuf) -> io::Result<Self> {
        let folder = Self { root };
        let incoming = folder.incoming();
        match std::fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => std::fs::create_dir_all(&incoming)?,
        }
        Ok(folder)
    }

    /// Writes a body to the disk while it comes in, and reckons its address.
    pub async fn receive<E>(
        &self,
        mut body: impl Stream<Item = Result<Bytes, E>> + Unpin + Send,
        limit: u64,
        random: &dyn Random,
    ) -> Result<Incoming, ReceiveError> {
        let (mut file, temporary) = self.temporary(random).await?;
        let (mut hash, mut size, mut head) = (Sha256::new(), 0_u64, Vec::new());
        loop {
            let piece = match tokio::time::timeout(MAX_SILENCE, body.next()).await {
                Ok(None) => break,
                Ok(Some(Ok(piece))) => piece,
                Ok(Some(Err(_))) | Err(_) => return Err(ReceiveError::BrokenOff),
            };
            size += piece.len() as u64;
            if size > limit {
                return Err(ReceiveError::TooLarge { limit });
            }
            let room = LOOK.saturating_sub(head.len()).min(piece.len());
            head.extend_from_slice(piece.get(..room).unwrap_or_default());
            hash.update(&piece);
            file.write_all(&piece).await?;
        }
        if size == 0 {
            return Err(ReceiveError::Empty);
        }
        file.sync_all().await?;
        Ok(Incoming {
            file: temporary,
            cid: of_blob_digest(&hash.finish()),
            size,
            sniffed_type: sniff(&head),
        })
    }

    /// Gives a received blob its name. After this it is there even if the power fails.
    pub async fn keep(&self, incoming: Incoming) -> io::Result<()> {
        let path = self.path_of(&incoming.cid);
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let root = self.root.clone();
        let run = move || {
            std::fs::create_dir_all(&folder)?;
            std::fs::rename(&incoming.file.0, &path)?;
            std::fs::File::open(&folder)?.sync_all()?;
            std::fs::File::open(&root)?.sync_all()
        };
        tokio::task::spawn_blocking(run).await.map_err(io::Error::other)?
    }

    /// The bytes of a blob; `None` if there is no such file.
    pub async fn read(&self, cid: &Cid) -> io::Result<Option<File>> {
        match File::open(self.path_of(cid)).await {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes the bytes of a blob, if they are there.
    pub async fn remove(&self, cid: &Cid) -> io::Result<()> {
        match tokio::fs::remove_file(self.path_of(cid)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// A file that disappears when it is closed.
    pub async fn scratch(&self, random: &dyn Random) -> io::Result<File> {
        // Its name goes now; what is open stays readable until it is closed.
        Ok(self.temporary(random).await?.0)
    }

    async fn temporary(&self, random: &dyn Random) -> io::Result<(File, Temporary)> {
        let name = format!("{:032x}", u128::from_be_bytes(random_bytes(random)));
        let path = self.incoming().join(name);
        let file = File::options().read(true).write(true).create_new(true).open(&path).await?;
        Ok((file, Temporary(path)))
    }

    fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    /// Spread over folders by the last characters, which are the hash's.
    fn path_of(&self, cid: &Cid) -> PathBuf {
        let name = cid.to_string();
        let spread = name.get(name.len().saturating_sub(2)..).unwrap_or("00").to_owned();
        self.root.join(spread).join(name)
    }
}

/// A file that is removed unless it was renamed.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

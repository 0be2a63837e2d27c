//! Mail of a network on one machine: files in a folder, each printed when it is written.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use gatewright_protocol::syntax::Datetime;
use gatewright_protocol::time::Clock;
use gatewright_server::notices::{Message, NoticeError, Notices};

/// Writes each message to a file of its own, for the owner of the folder alone.
#[derive(Debug)]
pub struct MailFolder {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    count: AtomicU64,
}

impl MailFolder {
    /// Writes to this folder, which is made when there is something to write.
    pub fn new(folder: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { folder, clock, count: AtomicU64::new(0) }
    }

    fn write(&self, message: &Message) -> io::Result<PathBuf> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let now = self.clock.now();
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{:013}-{number}.eml", now.millis()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let Message { to, subject, text } = message;
        write!(file, "To: {to}\nSubject: {subject}\nDate: {}\n\n{text}\n", Datetime::from(now))?;
        Ok(path)
    }
}

#[async_trait]
impl Notices for MailFolder {
    async fn send(&self, message: Message) -> Result<(), NoticeError> {
        let path = self.write(&message).map_err(|error| NoticeError(error.into()))?;
        announce(&path);
        Ok(())
    }
}

/// Where people look for it: among the lines of the program.
fn announce(path: &Path) {
    tracing::info!(target: LOG_TARGET, "mail: {}", path.display());
}

/// The target of its log lines, so that they can be shown where others are not.
pub const LOG_TARGET: &str = "mail";

#[cfg(test)]
mod tests {
    use gatewright_resolve::system::SystemClock;

    use super::*;

    #[tokio::test]
    async fn each_message_has_a_file_of_its_own() {
        use std::os::unix::fs::PermissionsExt as _;

        let data = tempfile::tempdir().unwrap();
        let mail = MailFolder::new(data.path().join("mail"), Arc::new(SystemClock));
        for subject in ["one", "two"] {
            let message =
                Message { to: "a@example.com".into(), subject: subject.into(), text: "Hello".into() };
            mail.send(message).await.unwrap();
        }
        let mut texts = Vec::new();
        for file in std::fs::read_dir(data.path().join("mail")).unwrap() {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0);
            texts.push(std::fs::read_to_string(file.path()).unwrap());
        }
        texts.sort();
        assert_eq!(texts.len(), 2);
        assert!(texts[0].starts_with("To: a@example.com\nSubject: one\nDate: 2"), "{}", texts[0]);
        assert!(texts[0].ends_with("\n\nHello\n"));
    }
}

//! Mail, as a list.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use gatewright_server::notices::{Message, NoticeError, Notices};
use parking_lot::Mutex;

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) sent: Mutex<Vec<Message>>,
    pub(crate) is_broken: AtomicBool,
}

impl Outbox {
    /// The next message, when everything that was begun is done.
    pub(crate) async fn next(&self) -> Message {
        settle().await;
        self.sent.lock().pop().expect("no message came")
    }

    /// Nothing that was begun sent a message.
    pub(crate) async fn assert_none(&self) {
        settle().await;
        let sent = self.sent.lock();
        assert!(sent.is_empty(), "{sent:?}");
    }
}

/// Waits for the tasks that handlers left behind.
async fn settle() {
    while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
        tokio::task::yield_now().await;
    }
}

/// The code that stands in a message, on a line of its own.
#[track_caller]
pub(crate) fn code_of(message: &Message) -> String {
    let is_code = |line: &&str| line.len() == 11 && line.as_bytes()[5] == b'-' && !line.contains(' ');
    message.text.lines().map(str::trim).find(is_code).unwrap_or_else(|| panic!("{}", message.text)).to_owned()
}

#[async_trait]
impl Notices for Outbox {
    async fn send(&self, message: Message) -> Result<(), NoticeError> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(NoticeError("injected".into()));
        }
        self.sent.lock().push(message);
        Ok(())
    }
}

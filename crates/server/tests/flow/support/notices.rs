//! Mail, as a list.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use gatewright_server::notices::{Message, NoticeError, Notices};
use parking_lot::Mutex;

#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) sent: Mutex<Vec<Message>>,
    pub(crate) is_broken: AtomicBool,
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

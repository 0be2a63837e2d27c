//! What people are told outside of any page: by mail.

use async_trait::async_trait;

/// Carries messages to people. Whoever sends mail implements it; without one, that there was something to tell is logged.
#[async_trait]
pub trait Notices: std::fmt::Debug + Send + Sync {
    /// Sends a message.
    ///
    /// # Errors
    /// It could not be handed on. What it tells has happened all the same.
    async fn send(&self, message: Message) -> Result<(), NoticeError>;
}

/// A message to one person, as plain text. It holds what was decided for them to read, so it is not for the log.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Their e-mail address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// A message could not be handed on.
#[derive(Debug, thiserror::Error)]
#[error("the message could not be sent")]
pub struct NoticeError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where nobody sends mail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogNotices;

#[async_trait]
impl Notices for LogNotices {
    async fn send(&self, message: Message) -> Result<(), NoticeError> {
        tracing::info!(
            subject = message.subject,
            "there is a message for a person, and nothing to send it with"
        );
        Ok(())
    }
}

//! A bot's one call: the session it had, or a new one.

use std::sync::atomic::AtomicBool;

use crate::app_password::{origin_of, sign_in};
use crate::error::CallError;
use crate::event::Event;
use crate::keep::Sessions;
use crate::record::{Record, SessionId};
use crate::refresh::Held;
use crate::secret::AppPassword;
use crate::session::{Again, Session};
use crate::sessions::{Saved, SessionStoreError};

impl Session {
    /// The session of a bot: resumed if one is kept, else signed in to. It goes on for as long as the app password is
    /// good: it is refreshed, kept, shared with other processes over the store, and signed in to anew when (and only when)
    /// the host says that it is over.
    ///
    /// Any number of tasks and processes may begin at once: one signs in, the others get its session.
    ///
    /// # Errors
    /// [`PasswordRefused`](CallError::PasswordRefused) and whatever else keeps one from signing in. A kept session that
    /// is sealed with an unknown key is an error too: it is left as it is.
    pub async fn for_bot(
        sessions: &Sessions,
        identifier: &str,
        app_password: impl Into<AppPassword>,
    ) -> Result<Self, CallError> {
        Self::for_bot_at(sessions, identifier, app_password, None).await
    }

    /// The same at a host that is named by its URL, for identifiers that do not lead to one.
    ///
    /// # Errors
    /// As [`for_bot`](Self::for_bot).
    pub async fn for_bot_at(
        sessions: &Sessions,
        identifier: &str,
        app_password: impl Into<AppPassword>,
        host: Option<&str>,
    ) -> Result<Self, CallError> {
        let service = host.map(origin_of).transpose()?;
        let identifier = identifier.trim().trim_start_matches('@');
        let id = SessionId::of_bot(service.as_deref(), &identifier.to_lowercase());
        let again = Again {
            identifier: identifier.to_owned(),
            password: app_password.into(),
            service,
            refused: AtomicBool::new(false),
        };
        let record = resume_or_begin(sessions, &id, &again).await?;
        Ok(Self::share_app_password(sessions, record, Some(again)))
    }
}

/// The kept session, or one that is signed in to now, by one of all who ask at once.
pub(crate) async fn resume_or_begin(
    sessions: &Sessions,
    id: &SessionId,
    again: &Again,
) -> Result<Record, CallError> {
    match kept(sessions, id).await? {
        Some(record) => Ok(record),
        None => begin(sessions, id, again).await,
    }
}

/// The kept session that can be used. A damaged one is as good as none: the bot begins anew and writes over it.
async fn kept(sessions: &Sessions, id: &SessionId) -> Result<Option<Record>, CallError> {
    match sessions.find_record(id).await {
        Ok(record) => Ok(record.filter(|record| record.tokens().is_some())),
        Err(SessionStoreError::Damaged) => {
            tracing::warn!("the kept session is damaged; a new one takes its place");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Signs in under the lease of the session, unless somebody else just did. Nobody who goes away breaks it off.
async fn begin(sessions: &Sessions, id: &SessionId, again: &Again) -> Result<Record, CallError> {
    let (sessions, id) = (sessions.clone(), id.clone());
    let (identifier, password, service) =
        (again.identifier.clone(), again.password.clone(), again.service.clone());
    let task = tokio::spawn(async move {
        let key = sessions.row_key(&id);
        let (held, _) = Held::take(&sessions, &key).await?;
        let begun = async {
            if let Some(record) = kept(&sessions, &id).await? {
                return Ok(record);
            }
            let record = sign_in(&sessions, id, &identifier, &password, service.as_deref()).await?;
            if held.save(&record).await? == Saved::Late {
                return Err(CallError::Busy);
            }
            sessions.tell(&Event::Created(record.subject()));
            Ok(record)
        }
        .await;
        held.release().await;
        begun
    });
    task.await.unwrap_or(Err(CallError::Answer("the sign-in was broken off with the program")))
}

//! What came of a request: an answer that is one, or nothing that anything follows from.

use std::time::Duration;

use anyhow::Result;
use gatewright_testkit::wire::Answer;
use tokio::time::{Instant, sleep, timeout};

use crate::tally::{Done, Tally};

/// How long a client waits for one answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long a client goes on asking.
const LONG: Duration = Duration::from_mins(1);
/// A pause before it asks again.
pub(crate) const PAUSE: Duration = Duration::from_millis(200);
/// The minute in which a refresh token is good again (AS-57), but for 40 s of a clock that is off and a pause.
const GRACE: Duration = Duration::from_secs(18);

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Said {
    /// It was done.
    Yes(Answer),
    /// It was refused, for good.
    No(Answer),
    /// The connection ended, or something of the server's failed, or the proof has to be another one (a client whose
    /// connection ends sends the same again on the next).
    Unknown,
}

/// What came of a request that was made as often as needed.
#[derive(Debug)]
pub(crate) struct Settled {
    /// The last answer; none if there was none for a minute.
    pub(crate) answer: Option<Answer>,
    /// Whether it may have been done before, without anybody knowing.
    pub(crate) was_unknown: bool,
    /// Whether that is so long ago that a client has lost what it cannot ask for again.
    pub(crate) is_late: bool,
}

impl Settled {
    /// Whether it was done.
    pub(crate) fn is_yes(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| (200..300).contains(&answer.status))
    }

    /// What to tell of it.
    pub(crate) fn text(&self) -> String {
        self.answer
            .as_ref()
            .map_or_else(|| "no answer".to_owned(), |answer| answer.unexpected("refused").to_string())
    }
}

/// Judges an answer.
pub(crate) fn judge(answer: Result<Answer>) -> Said {
    let Ok(answer) = answer else { return Said::Unknown };
    let text = String::from_utf8_lossy(&answer.body);
    match answer.status {
        200..300 => Said::Yes(answer),
        429 | 500.. => Said::Unknown,
        _ if text.contains("use_dpop_nonce") || text.contains("invalid_dpop_proof") => Said::Unknown,
        _ => Said::No(answer),
    }
}

/// Waits for an answer no longer than a client does.
pub(crate) async fn once(ask: impl Future<Output = Result<Answer>>) -> Said {
    match timeout(PATIENCE, ask).await {
        Ok(answer) => judge(answer),
        Err(_) => Said::Unknown,
    }
}

/// Asks until there is an answer.
pub(crate) async fn settle(tally: &Tally, mut ask: impl AsyncFnMut() -> Result<Answer>) -> Settled {
    let began = Instant::now();
    let mut was_unknown = false;
    let mut answer = None;
    while answer.is_none() && began.elapsed() < LONG {
        match once(ask()).await {
            Said::Yes(found) | Said::No(found) => answer = Some(found),
            Said::Unknown => {
                tally.done(Done::Unknown);
                was_unknown = true;
                sleep(PAUSE).await;
            }
        }
    }
    Settled { answer, was_unknown, is_late: was_unknown && began.elapsed() > GRACE }
}

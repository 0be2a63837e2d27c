//! Who is signed in: one entry for each browser that began to, in memory, bounded in number and age.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use gatewright_protocol::crypto::{constant_time_eq, sha256};
use gatewright_protocol::time::UnixTime;
use parking_lot::Mutex;

use crate::actions::Outcome;
use crate::flow::{Pending, Session};

/// Entries at once; the one that was used longest ago makes room.
const MOST: usize = 1000;
/// An entry that nobody uses for so long is forgotten.
const IDLE: Duration = Duration::from_hours(24);
/// A sign-in that takes longer has to begin again (CL-5).
const PENDING: Duration = Duration::from_mins(30);

/// The secret in a browser's cookie. Kept only as its hash.
pub(crate) type BrowserKey = [u8; 32];

/// The key of a cookie's value.
pub(crate) fn key_of(cookie: &str) -> BrowserKey {
    sha256(cookie.as_bytes())
}

#[derive(Default)]
pub(crate) struct Browsers(Mutex<HashMap<BrowserKey, Browser>>);

/// What is known of one browser.
#[derive(Default)]
struct Browser {
    pending: Option<Pending>,
    session: Option<Arc<Session>>,
    outcomes: Vec<(&'static str, Outcome)>,
    notice: Option<Notice>,
    used: UnixTime,
}

/// Something to say once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) good: bool,
    pub(crate) text: String,
}

/// What a page needs to know.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) outcomes: Vec<(&'static str, Outcome)>,
    pub(crate) notice: Option<Notice>,
}

impl Browsers {
    /// What this browser is shown. The notice is shown once.
    pub(crate) fn view(&self, key: &BrowserKey, now: UnixTime) -> View {
        let mut browsers = self.0.lock();
        let Some(browser) = browsers.get_mut(key).filter(|browser| now.since(browser.used) < IDLE) else {
            return View::default();
        };
        browser.used = now;
        View {
            session: browser.session.clone(),
            outcomes: browser.outcomes.clone(),
            notice: browser.notice.take(),
        }
    }

    /// Remembers a sign-in that this browser began; an earlier one is forgotten.
    pub(crate) fn begin(&self, key: BrowserKey, pending: Pending, now: UnixTime) {
        self.change(key, now, |browser| browser.pending = Some(pending));
    }

    /// The sign-in that this browser began with `state`. Whatever comes of it, it is used up (CL-12).
    pub(crate) fn take_pending(&self, key: &BrowserKey, state: &str, now: UnixTime) -> Option<Pending> {
        let mut browsers = self.0.lock();
        let browser = browsers.get_mut(key)?;
        let ours =
            browser.pending.as_ref().is_some_and(|p| constant_time_eq(p.state.as_bytes(), state.as_bytes()));
        let pending = if ours { browser.pending.take() } else { None };
        pending.filter(|pending| now.since(pending.created) < PENDING)
    }

    /// This browser is signed in, under a new cookie: whoever knew the old one is not.
    pub(crate) fn sign_in(&self, old: &BrowserKey, new: BrowserKey, session: Arc<Session>, now: UnixTime) {
        self.forget(old);
        self.change(new, now, |browser| browser.session = Some(session));
    }

    /// Ends whatever this browser had, and gives its session to whoever revokes it.
    pub(crate) fn forget(&self, key: &BrowserKey) -> Option<Arc<Session>> {
        self.0.lock().remove(key).and_then(|browser| browser.session)
    }

    /// Keeps what came of a button, in place of what came of it before.
    pub(crate) fn keep(&self, key: &BrowserKey, action: &'static str, outcome: Outcome) {
        if let Some(browser) = self.0.lock().get_mut(key) {
            browser.outcomes.retain(|(other, _)| *other != action);
            browser.outcomes.push((action, outcome));
        }
    }

    /// Says something on the next page.
    pub(crate) fn say(&self, key: BrowserKey, notice: Notice, now: UnixTime) {
        self.change(key, now, |browser| browser.notice = Some(notice));
    }

    fn change(&self, key: BrowserKey, now: UnixTime, change: impl FnOnce(&mut Browser)) {
        let mut browsers = self.0.lock();
        if !browsers.contains_key(&key) && browsers.len() >= MOST {
            browsers.retain(|_, browser| now.since(browser.used) < IDLE);
            let oldest = browsers.iter().min_by_key(|(_, browser)| browser.used).map(|(key, _)| *key);
            if let Some(oldest) = oldest.filter(|_| browsers.len() >= MOST) {
                browsers.remove(&oldest);
            }
        }
        let browser = browsers.entry(key).or_default();
        browser.used = now;
        change(browser);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_72_browsers_are_bounded_and_the_oldest_makes_room() {
        let browsers = Browsers::default();
        let notice = || Notice { good: true, text: String::new() };
        for n in 0..=MOST {
            let at = UnixTime::from_seconds(i64::try_from(n).unwrap());
            browsers.say(key_of(&n.to_string()), notice(), at);
        }
        let now = UnixTime::from_seconds(2000);
        assert_eq!(browsers.0.lock().len(), MOST);
        assert_eq!(browsers.view(&key_of("0"), now).notice, None);
        assert!(browsers.view(&key_of("1"), now).notice.is_some());
        assert_eq!(browsers.view(&key_of("1"), now).notice, None, "said once");
        let later = now.plus(IDLE);
        assert_eq!(browsers.view(&key_of("2"), later).notice, None, "forgotten");
    }
}

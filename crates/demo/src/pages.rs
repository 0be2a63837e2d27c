//! The page.

use askama::Template;
use axum::http::StatusCode;
use gatewright_client::web::SignedIn;
use gatewright_client::{CallError, Session};
use gatewright_protocol::scope::sentences;

use crate::library::Track;
use crate::{LATER, SCOPE};

/// The one page, signed in or out.
#[derive(Template)]
#[template(path = "page.html")]
pub(crate) struct Page {
    pub(crate) account: Option<Account>,
    /// What it will ask for, in words and as scopes.
    pub(crate) asked: Vec<Granted>,
    pub(crate) notice: Option<Notice>,
    pub(crate) refusal: Option<Refusal>,
}

/// Who is signed in.
pub(crate) struct Account {
    pub(crate) did: String,
    pub(crate) granted: Vec<Granted>,
    pub(crate) name: String,
    /// Other accounts that are signed in in this browser.
    pub(crate) others: Vec<Other>,
    pub(crate) tracks: Vec<Track>,
}

/// An account that the browser can switch to.
pub(crate) struct Other {
    pub(crate) did: String,
    pub(crate) name: String,
}

/// One permission.
pub(crate) struct Granted {
    pub(crate) scope: String,
    pub(crate) sentences: Vec<String>,
}

/// Something to say once.
pub(crate) struct Notice {
    pub(crate) good: bool,
    pub(crate) text: &'static str,
}

/// What the host refused, or what went wrong on the way to it.
pub(crate) struct Refusal {
    /// In the host's words, where it said something.
    pub(crate) reason: String,
    pub(crate) missing: Option<String>,
    /// Whether this app may ask for what is missing.
    pub(crate) may_ask: bool,
    pub(crate) sentence: &'static str,
    /// What the page is answered with.
    pub(crate) status: StatusCode,
}

impl Account {
    pub(crate) fn of(signed_in: &SignedIn, tracks: Vec<Track>) -> Self {
        let others = signed_in.others.iter();
        Self {
            did: signed_in.session.account().to_string(),
            granted: granted(&signed_in.session.granted().to_string()),
            name: name(&signed_in.session),
            others: others
                .map(|other| Other { did: other.account().to_string(), name: name(other) })
                .collect(),
            tracks,
        }
    }
}

fn name(session: &Session) -> String {
    session.handle().map_or_else(|| session.account().to_string(), |handle| handle.to_string())
}

/// A scope string, each permission with what it allows in words.
pub(crate) fn granted(scope: &str) -> Vec<Granted> {
    let each = scope.split(' ').filter(|scope| !scope.is_empty());
    each.map(|scope| {
        let words = scope.parse().map(|permission| sentences(&permission)).unwrap_or_default();
        Granted { scope: scope.to_owned(), sentences: words.iter().map(ToString::to_string).collect() }
    })
    .collect()
}

impl Notice {
    /// What a sign-in came back with (the words of `gatewright_client::web`).
    pub(crate) fn of_word(word: &str) -> Self {
        let text = match word {
            "declined" => "The sign-in was declined. Nothing was granted.",
            "expired" => {
                "This sign-in was not begun in this browser, took too long, or was finished before. Please begin again."
            }
            "identifier" => "This is not a handle, such as alice.test, nor a DID.",
            "account" => "This account could not be found.",
            "server" => "The account's host could not be reached, or did not answer as it should.",
            "rate_limited" => "Too many sign-ins. Please wait a moment.",
            "scope" => "This app never asks for that permission.",
            _ => "The sign-in did not work.",
        };
        Self { good: false, text }
    }
}

impl Refusal {
    pub(crate) fn of(error: &CallError) -> Self {
        let (status, sentence) = match error {
            CallError::ScopeMissing { scope: Some(_) } => {
                (StatusCode::FORBIDDEN, "The host refused: this app was not granted that.")
            }
            CallError::ScopeMissing { scope: None } => (
                StatusCode::FORBIDDEN,
                "The host refused: no permission that this app could ask for would allow it.",
            ),
            error if error.is_over() => {
                (StatusCode::UNAUTHORIZED, "The session has ended. Please sign in again.")
            }
            error if error.is_transient() => {
                (StatusCode::BAD_GATEWAY, "The host could not do it just now. Please try again.")
            }
            _ => (StatusCode::BAD_GATEWAY, "The host refused."),
        };
        let missing = match error {
            CallError::ScopeMissing { scope } => scope.clone(),
            _ => None,
        };
        let may_ask = missing.as_deref() == Some(LATER);
        Self { reason: error.to_string(), missing, may_ask, sentence, status }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_missing_scope_and_offers_to_ask_for_it() {
        let refused =
            |scope: Option<&str>| Refusal::of(&CallError::ScopeMissing { scope: scope.map(str::to_owned) });
        let later = refused(Some(LATER));
        assert_eq!((later.missing.as_deref(), later.may_ask), (Some(LATER), true));
        let other = refused(Some("repo:com.example.other?action=create"));
        assert!(!other.may_ask && other.missing.is_some());
        assert!(refused(None).sentence.contains("no permission"));
        assert!(Refusal::of(&CallError::Revoked).sentence.contains("sign in again"));
        let away = Refusal::of(&CallError::Server { status: 502 });
        assert!(away.sentence.contains("just now") && away.status == StatusCode::BAD_GATEWAY);
    }

    #[test]
    fn what_is_asked_for_has_words() {
        for one in granted(crate::SCOPE).iter().chain(&granted(LATER)) {
            assert!(!one.sentences.is_empty(), "{}", one.scope);
        }
    }
}

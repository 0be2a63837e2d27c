//! The page.

use askama::Template;

use crate::actions::{ACTIONS, Action, Outcome};
use crate::browsers::{Notice, View};

/// The one page, signed in or out.
#[derive(Template)]
#[template(path = "page.html")]
pub(crate) struct Page<'a> {
    pub(crate) host: &'a str,
    pub(crate) form_token: String,
    pub(crate) notice: Option<Notice>,
    pub(crate) typed: &'a str,
    pub(crate) asked: Vec<&'a str>,
    pub(crate) account: Option<Account>,
}

/// Who is signed in.
pub(crate) struct Account {
    name: String,
    did: String,
    granted: Vec<String>,
    granted_actions: Vec<(&'static Action, Option<Outcome>)>,
    other_actions: Vec<(&'static Action, Option<Outcome>)>,
}

impl Account {
    pub(crate) fn of(view: &View) -> Option<Self> {
        let session = view.session.as_ref()?;
        let name = session.handle.as_ref().map_or_else(|| "handle.invalid".to_owned(), ToString::to_string);
        let outcome = |action: &Action| {
            view.outcomes.iter().find(|(id, _)| *id == action.id).map(|(_, outcome)| outcome.clone())
        };
        let (granted_actions, other_actions) = ACTIONS
            .iter()
            .map(|action| (action, outcome(action)))
            .partition(|(action, _)| action.scope.is_some_and(|scope| session.scope.contains(scope)));
        Some(Self {
            name,
            did: session.did.to_string(),
            granted: session.scope.iter().map(str::to_owned).collect(),
            granted_actions,
            other_actions,
        })
    }
}

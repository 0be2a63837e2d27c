//! The page on which people see what happened to their account (SEC-71).

use askama::Template;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::scope::Scopes;
use gatewright_store::security_event::{SecurityEvent, SecurityEventKind};

use super::account_picker::AccountName;
use super::browser_name::BrowserName;
use super::client_name::ClientName;
use super::permission::said;
use super::{Moment, Page, Shell, paths};
use crate::i18n::Html;

/// What happened to an account.
#[derive(Debug, Template)]
#[template(path = "security_log.html")]
pub(crate) struct SecurityLogPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Whose page it is.
    pub(crate) account: AccountName,
    /// What happened, newest first.
    pub(crate) events: Vec<EventView>,
    /// Whether there is more than the page shows.
    pub(crate) has_more: bool,
}

/// Something that happened, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventView {
    /// What.
    pub(crate) what: Html,
    /// When.
    pub(crate) at: Moment,
    /// Through which browser, program or application.
    pub(crate) client: Option<Html>,
    /// From which network.
    pub(crate) place: Option<String>,
    /// What it is about, in sentences.
    pub(crate) sentences: Vec<Html>,
}

/// More than these are not shown on one page; the download has them all.
const MOST_SHOWN: usize = 200;

impl<'a> SecurityLogPage<'a> {
    /// The page of these events.
    pub(crate) fn new(shell: Shell<'a>, account: AccountName, events: &[SecurityEvent]) -> Self {
        let shown = events.iter().take(MOST_SHOWN).map(|event| EventView::new(event, &shell));
        Self { shell, account, events: shown.collect(), has_more: events.len() > MOST_SHOWN }
    }
}

impl EventView {
    fn new(event: &SecurityEvent, shell: &Shell<'_>) -> Self {
        let message = format!("security-log-{}", event.kind.word());
        let what = match &event.subject {
            Some(subject) => shell.h1(&message, "subject", subject),
            None => shell.h1(&message, "subject", ""),
        };
        // What was cut off does not parse, and is not said.
        let scopes = event.scope.as_deref().unwrap_or_default().split(' ').filter(|scope| *scope != "…");
        let scopes = Scopes::from_tokens(scopes).unwrap_or_default();
        Self {
            what,
            at: Moment::of(event.at),
            client: event.client.as_deref().map(|client| said_client(event.kind, client, shell)),
            place: event.place.clone(),
            sentences: said(&scopes, shell.locale),
        }
    }
}

/// A browser by the words of it that we know; a program by the name that it gives itself.
fn said_client(kind: SecurityEventKind, client: &str, shell: &Shell<'_>) -> Html {
    let browser = BrowserName::of(Some(client));
    let is_known = browser.browser.is_some() || browser.system.is_some();
    if is_known || kind == SecurityEventKind::SignIn {
        return browser.said(shell);
    }
    // An application as it is called everywhere: by what it cannot choose freely.
    let application = ClientId::from_stored(client).ok().map(|id| ClientName::new(&id, None).short(shell));
    shell.h1("security-log-client", "client", application.as_deref().unwrap_or(client))
}

impl Page for SecurityLogPage<'_> {}

#[cfg(test)]
mod samples;

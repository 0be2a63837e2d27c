//! The account page: which applications may act for the account, and how that changed since it was approved (AS-48,
//! PS-23).

use askama::Template;
use gatewright_protocol::scope::{Include, Permission, Scopes};
use gatewright_store::set_change::SetOutcome;

use super::account_picker::AccountName;
use super::client_name::{ClientName, Vouched};
use super::permission::said;
use super::said::Said;
use super::{Page, Shell, day, paths};
use crate::i18n::{Html, Locale};
use crate::operations::{Session, held_name};

/// The applications of an account.
#[derive(Debug, Template)]
#[template(path = "account.html")]
pub(crate) struct AccountPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Proves that its forms come from a page this browser was given (AS-35).
    pub(crate) csrf: &'a str,
    /// Whose page it is.
    pub(crate) account: AccountName,
    /// The other accounts that are signed in on this device.
    pub(crate) others: Vec<OtherAccount>,
    /// Its applications, newest first.
    pub(crate) sessions: Vec<SessionView>,
    /// What was just done.
    pub(crate) done: Option<Done>,
}

/// Another account that is signed in on this device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherAccount {
    /// Its handle.
    pub(crate) handle: String,
    /// Where its page is.
    pub(crate) link: String,
}

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// What a set gives more was approved.
    Approved,
    /// What waits to be approved is not what was shown: nothing was approved.
    Changed,
    /// A session was ended.
    Ended,
}

impl Said for Done {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Approved, "approved", "account-done-approved"),
        (Self::Changed, "changed", "account-done-changed"),
        (Self::Ended, "ended", "account-done-ended"),
    ];
}

/// An application as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionView {
    /// Names it on the page.
    pub(crate) id: String,
    /// Names it in its forms.
    pub(crate) token: String,
    /// What it is called.
    pub(crate) client: ClientName,
    /// Since when it may act.
    pub(crate) created: String,
    /// When it last got a new token.
    pub(crate) used: String,
    /// What it may do by permission sets.
    pub(crate) sets: Vec<SetView>,
    /// What it may do beside that.
    pub(crate) sentences: Vec<Html>,
    /// What waits to be approved.
    pub(crate) held: Option<HeldView>,
    /// How its sets changed, newest first.
    pub(crate) changes: Vec<ChangeView>,
    /// Whether one of the changes gave it more.
    pub(crate) has_news: bool,
}

/// A set of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetView {
    /// What its author calls it, or its NSID.
    pub(crate) title: String,
    /// Its NSID, where that is not the title.
    pub(crate) nsid: Option<String>,
    /// What it gives the application.
    pub(crate) sentences: Vec<Html>,
}

/// What waits to be approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldView {
    /// Names exactly this in the form.
    pub(crate) name: String,
    /// What it allows.
    pub(crate) sentences: Vec<Html>,
}

/// A change of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangeView {
    /// The day.
    pub(crate) at: String,
    /// Of which set.
    pub(crate) title: String,
    /// What became of it, as the id of a message.
    pub(crate) outcome: &'static str,
    /// What stands over `added`, as the id of a message.
    pub(crate) added_heading: &'static str,
    /// What the application may do that it might not before, or may do once it is approved.
    pub(crate) added: Vec<Html>,
    /// What it may not do any more.
    pub(crate) removed: Vec<Html>,
}

impl SessionView {
    /// A session as the page shows it; `number` tells it from others.
    pub(crate) fn new(session: &Session, number: usize, locale: &Locale) -> Self {
        let token = &session.token;
        let vouched = session.client.as_ref().and_then(|metadata| {
            let name = metadata.client_name.as_deref()?;
            Some(Vouched { name, logo: None })
        });
        let sets = session.sets.iter().map(|(set, known)| {
            let nsid = nsid_of(&set.include);
            let title = known.as_ref().and_then(|known| known.set.title(&[locale.language]));
            SetView {
                title: title.map_or_else(|| nsid.clone(), str::to_owned),
                nsid: title.is_some().then_some(nsid),
                sentences: said(&set.granted, locale),
            }
        });
        let in_sets = session.sets.iter().fold(Scopes::empty(), |all, (set, _)| all.union(&set.granted));
        let sets_only: Vec<_> = session.sets.iter().map(|(set, _)| set.clone()).collect();
        let held = sets_only.iter().fold(Scopes::empty(), |all, set| all.union(&set.held));
        let changes = session.changes.iter().map(|change| {
            let own = session.sets.iter().find(|(set, _)| set.include == change.include);
            let title = own.and_then(|(_, known)| known.as_ref()?.set.title(&[locale.language]));
            ChangeView {
                at: day(change.at),
                title: title.map_or_else(|| nsid_of(&change.include), str::to_owned),
                outcome: match change.outcome {
                    SetOutcome::Applied => "account-change-applied",
                    SetOutcome::Approved => "account-change-approved",
                    SetOutcome::Held => "account-change-held",
                },
                added_heading: match change.outcome {
                    SetOutcome::Applied | SetOutcome::Approved => "account-added",
                    SetOutcome::Held => "account-added-held",
                },
                added: said(&change.added, locale),
                removed: said(&change.removed, locale),
            }
        });
        Self {
            id: format!("session-{number}"),
            token: token.id.to_string(),
            client: ClientName::new(&token.client, vouched),
            created: day(token.created_at),
            used: day(token.rotated_at),
            sets: sets.collect(),
            sentences: said(&token.granted.difference(&in_sets), locale),
            held: (!held.is_empty())
                .then(|| HeldView { name: held_name(&sets_only), sentences: said(&held, locale) }),
            has_news: session.changes.iter().any(|change| !change.added.is_empty()),
            changes: changes.collect(),
        }
    }
}

/// The name of the set in an `include:`.
fn nsid_of(include: &str) -> String {
    match include.parse() {
        Ok(Permission::Include(Include { nsid, .. })) => nsid.to_string(),
        _ => include.to_owned(),
    }
}

impl Page for AccountPage<'_> {}

#[cfg(test)]
mod samples;

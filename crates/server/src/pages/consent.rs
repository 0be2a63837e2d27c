//! Consent: what the client would be allowed to do, and the two buttons.

use askama::Template;
use gatewright_protocol::oauth::redirect_uri::{Kind, RedirectUri};
use gatewright_protocol::permission_set::Dropped;

use super::account_picker::AccountName;
use super::cannot::cannot;
use super::client_name::ClientName;
use super::permission::Mark;
use super::permission_list::{Block, PermissionList};
use super::{Hidden, Page, Shell, day, paths};
use crate::http::headers::Content;
use crate::i18n::Html;
use crate::operations::{Offer, OfferedScope};

/// What the client would be allowed to do, and the two buttons.
#[derive(Debug, Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// The hidden fields of its form.
    pub(crate) hidden: Hidden<'a>,
    /// Who would be allowed.
    pub(crate) client: ClientName,
    /// On whose behalf.
    pub(crate) account: AccountName,
    /// To do what, as it was asked for.
    pub(crate) offer: &'a Offer,
    /// The same, as the page lists it.
    pub(crate) list: PermissionList,
    /// Where the answer goes.
    pub(crate) destination: Destination,
    /// Whom the client asked for, if it did: another account ends the request (AS-38).
    pub(crate) expected: Option<&'a str>,
    /// Where another account can be chosen, where that makes sense.
    pub(crate) picker: Option<&'a str>,
    /// Why the form is shown again.
    pub(crate) refused: Option<ConsentRefused>,
}

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentRefused {
    /// A permission set changed while the page was open.
    SetsChanged,
    /// Neither button was pressed.
    Undecided,
}

impl ConsentRefused {
    const fn message(self) -> &'static str {
        match self {
            Self::SetsChanged => "consent-sets-changed",
            Self::Undecided => "consent-undecided",
        }
    }
}

/// Where the browser goes when the decision is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// To an app on the device, by its private-use scheme.
    App(String),
    /// To a program that listens on this device.
    Device,
    /// To this host.
    Host(String),
}

impl Destination {
    /// Where a redirect URI leads.
    pub(crate) fn new(redirect_uri: &RedirectUri) -> Self {
        let url = redirect_uri.url();
        match redirect_uri.kind() {
            Kind::Https => Self::Host(url.host_str().unwrap_or_default().to_owned()),
            Kind::Loopback => Self::Device,
            Kind::PrivateUse => Self::App(url.scheme().to_owned()),
        }
    }

    /// Where that is, as a sentence: `id`, which `-app`, `-device` or `-host` is put after.
    pub(crate) fn sentence(&self, shell: &Shell<'_>, id: &str) -> Html {
        match self {
            Self::App(scheme) => shell.h1(&format!("{id}-app"), "scheme", scheme),
            Self::Device => shell.locale.html(&format!("{id}-device"), &[]),
            Self::Host(host) => shell.h1(&format!("{id}-host"), "host", host),
        }
    }
}

impl ConsentPage<'_> {
    /// The day on which the account last approved something for this client.
    fn approved_before(&self) -> Option<String> {
        self.offer.approved_before.map(day)
    }

    /// What it cannot do, in one line.
    fn cannot(&self) -> String {
        cannot(self.offer, self.shell.locale)
    }

    /// The scopes that a developer wants to see: a set, and what it comes to.
    fn scopes(&self) -> Vec<RawScope> {
        let raw = |offered: &OfferedScope| RawScope {
            scope: offered.scope.clone(),
            gives: match &offered.set {
                None => Vec::new(),
                Some(set) => set.known.set.expand(&set.include).scopes().iter().map(str::to_owned).collect(),
            },
            dropped: offered.set.iter().flat_map(|set| &set.dropped).map(dropped).collect(),
        };
        self.offer.scopes.iter().map(raw).collect()
    }
}

/// A scope as a developer wants to see it.
struct RawScope {
    scope: String,
    /// What a set comes to.
    gives: Vec<String>,
    /// What of a set grants nothing, and why.
    dropped: Vec<String>,
}

/// An entry that grants nothing, counted from 0 as everywhere.
fn dropped(dropped: &Dropped) -> String {
    format!("permissions[{}]: {}", dropped.index, dropped.reason)
}

impl Page for ConsentPage<'_> {
    fn content(&self) -> Content<'_> {
        match &self.client {
            ClientName::Trusted { logo: Some(logo), .. } => Content::Image(logo),
            _ => Content::Plain,
        }
    }
}

#[cfg(test)]
pub(super) mod samples;

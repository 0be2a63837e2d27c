//! The page on which people make, see and revoke app passwords (APP-12).

use askama::Template;
use gatewright_protocol::scope::{Permission, Scopes};

use super::account::SetView;
use super::account_picker::AccountName;
use super::permission::said;
use super::{Moment, Page, Shell, day, paths};
use crate::i18n::{Html, Locale};
use crate::operations::OwnAppPassword;

/// The app passwords of an account, and the form for a new one.
#[derive(Debug, Template)]
#[template(path = "app_passwords.html")]
pub(crate) struct AppPasswordsPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Proves that its forms come from a page this browser was given (AS-35).
    pub(crate) csrf: &'a str,
    /// Whose page it is.
    pub(crate) account: AccountName,
    /// Its app passwords, newest first.
    pub(crate) listed: Vec<AppPasswordView>,
    /// What stands in the form.
    pub(crate) typed: TypedAppPassword,
    /// Why none was made.
    pub(crate) refused: Option<AppPasswordRefused>,
    /// Whether one was just revoked.
    pub(crate) has_revoked: bool,
}

/// An app password as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppPasswordView {
    /// Names it on the page.
    pub(crate) id: String,
    /// What its owner calls it; names it in its form too.
    pub(crate) name: String,
    /// The day on which it was made.
    pub(crate) created: String,
    /// The day on which it ends, if it does by itself.
    pub(crate) expires: Option<String>,
    /// Its last use.
    pub(crate) used: Option<UseView>,
    /// What it can do.
    pub(crate) can: Can,
}

/// A use of an app password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UseView {
    /// When.
    pub(crate) at: Moment,
    /// What the client calls itself.
    pub(crate) client: Option<String>,
    /// From which network.
    pub(crate) network: Option<String>,
}

/// What an app password can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Can {
    /// What all of its kind can; the message that says so.
    All(&'static str),
    /// What its scope says.
    Scoped {
        /// By permission sets.
        sets: Vec<SetView>,
        /// Beside that.
        sentences: Vec<Html>,
    },
}

/// What kind of app password the form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Everything that app passwords may.
    Normal,
    /// With direct messages.
    Messages,
    /// Only what the scope says.
    Scoped,
}

impl Kind {
    /// In the order of the form.
    const ALL: [Self; 3] = [Self::Normal, Self::Messages, Self::Scoped];

    /// As the form says it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Normal => "normal",
            Self::Scoped => "scoped",
        }
    }

    /// What a form says, if it says anything.
    pub(crate) fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Messages => "app-passwords-messages",
            Self::Normal => "app-passwords-normal",
            Self::Scoped => "app-passwords-scoped",
        }
    }

    /// What one of this kind can do.
    const fn hint(self) -> &'static str {
        match self {
            Self::Messages => "app-passwords-messages-hint",
            Self::Normal => "app-passwords-normal-hint",
            Self::Scoped => "app-passwords-scoped-hint",
        }
    }
}

/// What was typed into the form, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypedAppPassword {
    /// The name.
    pub(crate) name: String,
    /// What it is to do.
    pub(crate) kind: Option<Kind>,
    /// The scope.
    pub(crate) scope: String,
    /// After how many days it ends.
    pub(crate) days: String,
}

impl Default for TypedAppPassword {
    /// An empty form.
    fn default() -> Self {
        Self { name: String::new(), kind: Some(Kind::Normal), scope: String::new(), days: String::new() }
    }
}

/// Why no app password was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AppPasswordRefused {
    /// A permission set could not be looked up, through no fault of the form.
    Busy,
    /// That is no number of days.
    Days,
    /// Nothing was chosen.
    Kind,
    /// The name is too long, or there is none.
    Name,
    /// There is one of this name.
    NameTaken,
    /// The scope is none for an app password.
    Scope {
        /// What of it, where that is known.
        scope: Option<String>,
        /// Why, in the words of whoever develops clients.
        why: String,
    },
    /// It is to do only certain things, and none is named.
    ScopeEmpty,
    /// Certain things are named, and it is to do everything.
    ScopeUnused,
    /// There are as many as there may be.
    TooMany,
}

impl AppPasswordRefused {
    /// The field that is to blame.
    const fn field(&self) -> &'static str {
        match self {
            Self::Busy | Self::TooMany => "",
            Self::Days => "days",
            Self::Kind => "kind",
            Self::Name | Self::NameTaken => "name",
            Self::Scope { .. } | Self::ScopeEmpty | Self::ScopeUnused => "scope",
        }
    }

    fn html(&self, locale: &Locale) -> Html {
        match self {
            Self::Busy => locale.html("app-passwords-refused-busy", &[]),
            Self::Days => locale.html("app-passwords-refused-days", &[]),
            Self::Kind => locale.html("app-passwords-refused-kind", &[]),
            Self::Name => locale.html("app-passwords-refused-name", &[]),
            Self::NameTaken => locale.html("app-passwords-refused-name-taken", &[]),
            Self::Scope { scope: Some(scope), why } => {
                locale.html("app-passwords-refused-scope", &[("scope", scope.into()), ("why", why.into())])
            }
            Self::Scope { scope: None, why } => {
                locale.html("app-passwords-refused-scopes", &[("why", why.into())])
            }
            Self::ScopeEmpty => locale.html("app-passwords-refused-scope-empty", &[]),
            Self::ScopeUnused => locale.html("app-passwords-refused-scope-unused", &[]),
            Self::TooMany => locale.html("app-passwords-refused-too-many", &[]),
        }
    }
}

impl AppPasswordView {
    /// An app password as the page shows it; `number` tells it from others.
    pub(crate) fn new(own: &OwnAppPassword, number: usize, locale: &Locale) -> Self {
        let row = &own.app_password;
        Self {
            id: format!("app-password-{number}"),
            name: row.name.as_str().to_owned(),
            created: day(row.created_at),
            expires: row.expires_at.map(day),
            used: row.last_use.as_ref().map(|used| UseView {
                at: Moment::of(used.at),
                client: used.client.clone(),
                network: used.network.clone(),
            }),
            can: match &row.scope {
                None if row.privileged => Can::All(Kind::Messages.hint()),
                None => Can::All(Kind::Normal.hint()),
                Some(scope) => scoped(scope, own, locale),
            },
        }
    }
}

/// What a scope gives: what its sets hold, by set, and the rest.
fn scoped(scope: &Scopes, own: &OwnAppPassword, locale: &Locale) -> Can {
    let sets = own.sets.iter().map(|set| {
        let nsid = set.include.nsid.to_string();
        let title = set.known.set.title(&[locale.language]);
        SetView {
            title: title.map_or_else(|| nsid.clone(), str::to_owned),
            nsid: title.is_some().then_some(nsid),
            sentences: said(&set.granted, locale),
        }
    });
    let is_shown = |text: &str| {
        let meaning = text.parse::<Permission>();
        own.sets.iter().any(|set| meaning == Ok(Permission::Include(set.include.clone())))
    };
    Can::Scoped { sets: sets.collect(), sentences: said(&scope.filter(|text| !is_shown(text)), locale) }
}

impl AppPasswordsPage<'_> {
    fn refusal(&self) -> Option<Html> {
        Some(self.refused.as_ref()?.html(self.shell.locale))
    }

    fn blames(&self, field: &str) -> bool {
        self.refused.as_ref().is_some_and(|refused| refused.field() == field)
    }
}

impl Page for AppPasswordsPage<'_> {}

#[cfg(test)]
mod samples;

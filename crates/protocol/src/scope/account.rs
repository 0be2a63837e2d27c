//! `account`: attributes of the account at its host (SC-17).

use std::fmt;

use super::describe::{Sentence, Warning};
use super::parse::{Syntax, Writer};
use super::permission::Resource;
use super::why_not::WhyNot;
use super::{InvalidScope, Need};

/// Which attribute of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountAttr {
    /// Its e-mail address.
    Email,
    /// Its repository as a whole.
    Repo,
    /// Whether it is active.
    Status,
}

impl AccountAttr {
    /// As a scope writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Repo => "repo",
            Self::Status => "status",
        }
    }

    /// Reads what a scope writes. There is no wildcard.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Email, Self::Repo, Self::Status].into_iter().find(|attr| attr.as_str() == text)
    }
}

/// What may be done with the attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountAction {
    /// See it.
    Read,
    /// See and change it.
    Manage,
}

impl AccountAction {
    /// As a scope writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Manage => "manage",
        }
    }

    /// Reads what a scope writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Read, Self::Manage].into_iter().find(|action| action.as_str() == text)
    }
}

/// An `account` scope. Actions are in the order in which they were written; `manage` implies `read`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Which attribute.
    pub attr: AccountAttr,
    /// What may be done with it; at least one.
    pub action: Vec<AccountAction>,
}

impl Resource for Account {
    const NAME: &'static str = "account";

    fn read(syntax: &Syntax<'_>) -> Result<Self, InvalidScope> {
        syntax.expect_only("attr", &["attr", "action"])?;
        let attr = syntax.single("attr", true)?.ok_or(InvalidScope::Missing {
            parameter: "attr",
            hint: "write `account:email` or `account:repo?action=manage`",
        })?;
        let attr = AccountAttr::parse(attr).ok_or_else(|| InvalidScope::value(attr, expected_attr(attr)))?;
        let mut action = syntax
            .values("action", false)
            .map(|text| {
                AccountAction::parse(text)
                    .ok_or_else(|| InvalidScope::value(text, "an action on the account (`read` or `manage`)"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if action.is_empty() {
            action.push(AccountAction::Read);
        }
        Ok(Self { attr, action })
    }

    fn normal_form(&self) -> String {
        let writer = Writer::new(Self::NAME, "attr", [self.attr.as_str()].into_iter());
        let mut actions: Vec<AccountAction> = Vec::with_capacity(2);
        for action in &self.action {
            if !actions.contains(action) {
                actions.push(*action);
            }
        }
        if actions == [AccountAction::Read] {
            return writer.into_text();
        }
        actions.iter().fold(writer, |writer, action| writer.param("action", action.as_str())).into_text()
    }

    fn grants<'a>(&'a self, need: &Need<'a>) -> Result<(), WhyNot<'a>> {
        let Need::Account(need) = need else { return Err(WhyNot::resource(Self::NAME, need)) };
        if self.attr != need.attr {
            return Err(WhyNot::Attribute { granted: self.attr.as_str(), needed: need.attr.as_str() });
        }
        if need.action == AccountAction::Manage && !self.manages() {
            return Err(WhyNot::Action { needed: need.action.as_str() });
        }
        Ok(())
    }

    fn needs(&self) -> Vec<Need<'_>> {
        let action = if self.manages() { AccountAction::Manage } else { AccountAction::Read };
        vec![Need::Account(AccountNeed { attr: self.attr, action })]
    }

    fn sentences(&self) -> Vec<Sentence> {
        vec![match (self.attr, self.manages()) {
            (AccountAttr::Email, false) => Sentence::new("account-email-read"),
            (AccountAttr::Email, true) => Sentence::new("account-email-manage"),
            (AccountAttr::Repo, false) => Sentence::new("account-repo-read"),
            (AccountAttr::Repo, true) => Sentence::new("account-repo-manage").warn(Warning::Serious),
            (AccountAttr::Status, false) => Sentence::new("account-status-read"),
            (AccountAttr::Status, true) => Sentence::new("account-status-manage"),
        }]
    }
}

impl Account {
    fn manages(&self) -> bool {
        self.action.contains(&AccountAction::Manage)
    }
}

fn expected_attr(text: &str) -> &'static str {
    match text {
        "*" => "an attribute of the account (`email`, `repo` or `status`): there is no wildcard",
        "handle" => "an attribute of the account: the handle is `identity:handle`",
        _ => "an attribute of the account (`email`, `repo` or `status`)",
    }
}

/// One thing done with one attribute of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountNeed {
    /// Which attribute.
    pub attr: AccountAttr,
    /// What is done with it.
    pub action: AccountAction,
}

impl fmt::Display for AccountNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Account { attr: self.attr, action: vec![self.action] }.normal_form())
    }
}

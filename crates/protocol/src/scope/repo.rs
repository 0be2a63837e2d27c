//! `repo`: writing public records of the account's repository (SC-12, SC-13).

use std::fmt;

use super::describe::{Sentence, Warning};
use super::parse::{Syntax, Writer};
use super::permission::Resource;
use super::values::NsidOrAny;
use super::why_not::WhyNot;
use super::{InvalidScope, Need};

/// What may be done to a record. There is no reading: public records need no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RepoAction {
    /// Add a record.
    Create,
    /// Replace a record.
    Update,
    /// Remove a record.
    Delete,
}

impl RepoAction {
    /// All three, in the order of the normal form.
    pub const ALL: [Self; 3] = [Self::Create, Self::Update, Self::Delete];

    /// As a scope writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// Reads what a scope writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

/// A `repo` scope. Values are in the order in which they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repo {
    /// Which collections; at least one.
    pub collection: Vec<NsidOrAny>,
    /// What may be done to their records; at least one.
    pub action: Vec<RepoAction>,
}

impl Resource for Repo {
    const NAME: &'static str = "repo";

    fn read(syntax: &Syntax<'_>) -> Result<Self, InvalidScope> {
        syntax.expect_only("collection", &["collection", "action"])?;
        let collection = syntax
            .values("collection", true)
            .map(|text| {
                NsidOrAny::parse(text).ok_or_else(|| InvalidScope::value(text, expected_collection(text)))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if collection.is_empty() {
            let hint = "write `repo:app.example.note` for one collection, `repo:*` for all";
            return Err(InvalidScope::Missing { parameter: "collection", hint });
        }
        let mut action = syntax
            .values("action", false)
            .map(|text| {
                RepoAction::parse(text).ok_or_else(|| InvalidScope::value(text, expected_action(text)))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if action.is_empty() {
            action.extend(RepoAction::ALL);
        }
        Ok(Self { collection, action })
    }

    fn normal_form(&self) -> String {
        let collections = NsidOrAny::normalized(&self.collection);
        let writer = Writer::new(Self::NAME, "collection", collections.into_iter());
        let actions = self.actions();
        if actions.len() == RepoAction::ALL.len() {
            return writer.into_text();
        }
        actions.iter().fold(writer, |writer, action| writer.param("action", action.as_str())).into_text()
    }

    fn grants<'a>(&'a self, need: &Need<'a>) -> Result<(), WhyNot<'a>> {
        let Need::Repo(need) = need else { return Err(WhyNot::resource(Self::NAME, need)) };
        if !self.collection.iter().any(|collection| collection.covers(need.collection)) {
            return Err(WhyNot::Name {
                what: "collection",
                granted: &self.collection,
                needed: need.collection,
            });
        }
        if !self.action.contains(&need.action) {
            return Err(WhyNot::Action { needed: need.action.as_str() });
        }
        Ok(())
    }

    fn needs(&self) -> Vec<Need<'_>> {
        let collections = NsidOrAny::normalized(&self.collection);
        let actions = self.actions();
        let pairs = collections
            .iter()
            .flat_map(|collection| actions.iter().map(move |action| (*collection, *action)));
        pairs.map(|(collection, action)| Need::Repo(RepoNeed { collection, action })).collect()
    }

    fn sentences(&self) -> Vec<Sentence> {
        let actions = self.actions();
        if self.collection.contains(&NsidOrAny::Any) {
            let message = message(&actions, ANY_COLLECTION);
            return vec![Sentence::new(message).warn(Warning::Serious)];
        }
        NsidOrAny::normalized(&self.collection)
            .into_iter()
            .map(|collection| Sentence::new(message(&actions, ONE_COLLECTION)).with("collection", collection))
            .collect()
    }
}

impl Repo {
    /// The actions in the order of the normal form, each once.
    fn actions(&self) -> Vec<RepoAction> {
        RepoAction::ALL.into_iter().filter(|action| self.action.contains(action)).collect()
    }
}

fn expected_collection(text: &str) -> &'static str {
    match text {
        "read" => {
            "a collection NSID (such as `app.example.note`) or `*`: there is no scope for reading, because public \
             records can be read without any scope"
        }
        "write" | "create" | "update" | "delete" => {
            "a collection NSID (such as `app.example.note`) or `*`: an action is written as \
             `repo:app.example.note?action=create`"
        }
        _ if text.contains('*') => {
            "a collection NSID (such as `app.example.note`) or `*` alone: there are no partial wildcards"
        }
        _ if text.contains('#') => "a collection NSID (such as `app.example.note`): it has no fragment",
        _ if text.contains(',') => {
            "a collection NSID: several are written `repo?collection=app.example.note&collection=app.example.list`"
        }
        _ => "a collection NSID (such as `app.example.note`) or `*`",
    }
}

fn expected_action(text: &str) -> &'static str {
    match text {
        "read" => "an action on records: public records can be read without any scope",
        "*" | "all" => "an action on records: leave `action` out for create, update and delete",
        "manage" => "an action on records (`create`, `update` or `delete`)",
        _ => "an action on records (`create`, `update` or `delete`, in lower case)",
    }
}

/// By the actions as bits: create 1, update 2, delete 4.
type Messages = [&'static str; 8];
const ONE_COLLECTION: Messages = [
    "",
    "repo-create",
    "repo-update",
    "repo-create-update",
    "repo-delete",
    "repo-create-delete",
    "repo-update-delete",
    "repo-create-update-delete",
];
const ANY_COLLECTION: Messages = [
    "",
    "repo-any-create",
    "repo-any-update",
    "repo-any-create-update",
    "repo-any-delete",
    "repo-any-create-delete",
    "repo-any-update-delete",
    "repo-any-create-update-delete",
];

fn message(actions: &[RepoAction], messages: Messages) -> &'static str {
    let bits = actions.iter().fold(0, |bits, action| bits | (1 << *action as usize));
    messages.get(bits).copied().unwrap_or_default()
}

/// One action on a record of one collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepoNeed<'a> {
    /// The collection as the request names it.
    pub collection: &'a str,
    /// What it does.
    pub action: RepoAction,
}

impl fmt::Display for RepoNeed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writer = Writer::new(Repo::NAME, "collection", [self.collection].into_iter());
        f.write_str(&writer.param("action", self.action.as_str()).into_text())
    }
}

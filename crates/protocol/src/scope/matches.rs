//! Whether a list of scopes grants what a request needs (SC-13 to SC-25).

use serde::Serialize;

use super::blob::covers_accept;
use super::index::Index;
use super::permission::Need;
use super::transition::{self, Transitions};
use super::why_not::WhyNot;
use super::{InvalidScope, Permission, Scopes, Transition};

/// A list of scopes, parsed once and asked often. Asking allocates nothing.
///
/// ```
/// use gatewright_protocol::scope::{Need, Permissions, RepoAction, RepoNeed};
/// let held = Permissions::of(&"atproto repo:app.example.note?action=create".parse()?);
/// let need = Need::Repo(RepoNeed { collection: "app.example.note", action: RepoAction::Create });
/// assert_eq!(held.granted_by(&need), Some("repo:app.example.note?action=create"));
/// # Ok::<(), gatewright_protocol::scope::InvalidScopes>(())
/// ```
#[derive(Clone, Debug)]
pub struct Permissions {
    rows: Box<[Row]>,
    transitions: Transitions,
    index: Index,
}

/// One scope of the list.
#[derive(Clone, Debug)]
pub(super) struct Row {
    scope: Box<str>,
    /// What it means.
    pub(super) meaning: Result<Permission, InvalidScope>,
}

impl Permissions {
    /// What a host goes by: every scope counts, the transitional ones too.
    pub fn of(scopes: &Scopes) -> Self {
        scopes.iter().collect()
    }

    /// Transitional scopes count for nothing, as in a list that is all of permissions.
    pub fn without_transition(scopes: &Scopes) -> Self {
        scopes.iter().filter(|scope| !scope.starts_with("transition:")).collect()
    }

    /// Whether one of the scopes grants it.
    pub fn allows(&self, need: &Need<'_>) -> bool {
        self.index.candidates(&self.rows, name(need)).any(|row| self.row_grants(row, need).is_ok())
    }

    /// The first scope that grants it.
    pub fn granted_by(&self, need: &Need<'_>) -> Option<&str> {
        self.rows.iter().find(|row| self.row_grants(row, need).is_ok()).map(|row| &*row.scope)
    }

    /// Whether the scopes grant everything that `need` may stand for: a part of another scope rather than one request,
    /// so that media types may be patterns.
    pub(crate) fn covers(&self, need: &Need<'_>) -> bool {
        let Need::Blob(upload) = need else { return self.allows(need) };
        self.rows.iter().any(|row| match &row.meaning {
            Ok(Permission::Blob(blob)) => blob.accept.iter().any(|accept| covers_accept(accept, upload.mime)),
            Ok(Permission::Transition(scope)) => *scope == Transition::Generic,
            _ => false,
        })
    }

    /// Every scope that does not grant it, and why not: for the answer to somebody who wonders.
    pub fn considered(&self, need: &Need<'_>) -> Vec<Considered> {
        self.rows
            .iter()
            .filter_map(|row| {
                let why_not = self.row_grants(row, need).err()?.to_string();
                Some(Considered { scope: row.scope.to_string(), why_not })
            })
            .collect()
    }

    fn row_grants<'a>(&'a self, row: &'a Row, need: &Need<'a>) -> Result<(), WhyNot<'a>> {
        match &row.meaning {
            Ok(Permission::Transition(scope)) => transition::grants(*scope, self.transitions, need),
            Ok(permission) => permission.grants(need),
            Err(error) => Err(WhyNot::Invalid(error)),
        }
    }
}

impl<'s> FromIterator<&'s str> for Permissions {
    /// Any texts: what is no scope grants nothing.
    fn from_iter<I: IntoIterator<Item = &'s str>>(scopes: I) -> Self {
        let rows: Box<[Row]> =
            scopes.into_iter().map(|scope| Row { scope: scope.into(), meaning: scope.parse() }).collect();
        let transitions = rows.iter().fold(Transitions::default(), |transitions, row| match row.meaning {
            Ok(Permission::Transition(scope)) => transitions.with(scope),
            _ => transitions,
        });
        Self { index: Index::of(&rows), rows, transitions }
    }
}

/// What is needed by its name, where it has one.
const fn name<'a>(need: &Need<'a>) -> Option<&'a str> {
    match need {
        Need::Account(_) | Need::Identity(_) => None,
        Need::Blob(upload) => Some(upload.mime),
        Need::Repo(write) => Some(write.collection),
        Need::Rpc(call) => Some(call.lxm),
    }
}

/// One scope that did not grant what was needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// The scope as it was granted.
    pub scope: String,
    /// Why it did not suffice.
    pub why_not: String,
}

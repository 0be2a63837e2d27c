//! What two lists of scopes grant, compared by meaning and not by text.
//!
//! The unit is the smallest thing that a scope grants: a pair of collection and action, a pair of method and service, a
//! media type, one attribute. Whether a list covers such a thing is asked of [`Permissions`], which is what answers
//! requests too, so a difference is one that a request could notice.

use std::fmt;

use crate::scope::{
    AccountAction, AccountAttr, AccountNeed, AudienceOrAny, Blob, Need, NsidOrAny, Permission, Permissions,
    Repo, RepoAction, Rpc, Scopes, Transition,
};

/// How what is granted changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// Something came and something went.
    Both,
    /// Something went, nothing came.
    Narrower,
    /// As it was, however it is written.
    Same,
    /// Something came, nothing went.
    Wider,
}

impl Change {
    /// In one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Narrower => "narrower",
            Self::Same => "same",
            Self::Wider => "wider",
        }
    }

    /// Whether something is granted that was not granted before.
    pub const fn widens(self) -> bool {
        matches!(self, Self::Both | Self::Wider)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What came, what went and what stayed between two lists of scopes. All three are in normal form, sorted; what means
/// nothing here is in none of them.
///
/// ```
/// use gatewright_protocol::permission_set::{Change, Difference};
/// let before = "atproto repo?collection=a.b.note&collection=a.b.list".parse()?;
/// let after = "atproto repo:a.b.note?action=create repo:a.b.list repo:a.b.tag".parse()?;
/// let difference = Difference::between(&before, &after);
/// assert_eq!(difference.change(), Change::Both);
/// assert_eq!(difference.added.as_str(), "repo:a.b.tag");
/// assert_eq!(difference.removed.as_str(), "repo:a.b.note?action=update&action=delete");
/// assert_eq!(difference.kept.as_str(), "atproto repo:a.b.list repo:a.b.note?action=create");
/// # Ok::<(), gatewright_protocol::scope::InvalidScopes>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What the second list grants and the first does not.
    pub added: Scopes,
    /// What both lists grant: of the second, the part that the first covers. It never grants more than either; where
    /// no scope says exactly what both grant, it grants less.
    pub kept: Scopes,
    /// What the first list grants and the second does not.
    pub removed: Scopes,
}

impl Difference {
    /// Compares what `before` grants with what `after` grants.
    pub fn between(before: &Scopes, after: &Scopes) -> Self {
        let (old, new) = (Held::of(before), Held::of(after));
        Self {
            added: new.describe(&new.select(|part| !old.covers(part))),
            kept: meet(&old, &new),
            removed: old.describe(&old.select(|part| !new.covers(part))),
        }
    }

    /// In which direction.
    pub fn change(&self) -> Change {
        match (self.added.is_empty(), self.removed.is_empty()) {
            (true, true) => Change::Same,
            (true, false) => Change::Narrower,
            (false, true) => Change::Wider,
            (false, false) => Change::Both,
        }
    }
}

/// A list of scopes, ready to be asked about parts.
struct Held {
    permissions: Vec<Permission>,
    grants: Permissions,
}

/// The smallest thing a scope grants, or a scope as a whole that grants nothing single (`atproto`, `include:`,
/// `transition:`).
#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    Need(Need<'a>),
    Whole(&'a Permission),
}

impl Held {
    fn of(scopes: &Scopes) -> Self {
        Self::of_permissions(scopes.permissions().filter_map(|(_, meaning)| meaning.ok()).collect())
    }

    fn of_permissions(permissions: Vec<Permission>) -> Self {
        let texts: Vec<String> = permissions.iter().map(Permission::to_string).collect();
        let grants = texts.iter().map(String::as_str).collect();
        Self { permissions, grants }
    }

    fn covers(&self, part: Part<'_>) -> bool {
        match part {
            Part::Need(need) => self.grants.covers(&need),
            Part::Whole(Permission::Transition(Transition::Email)) if self.reads_email() => true,
            Part::Whole(whole) => self.permissions.iter().any(|held| held.to_string() == whole.to_string()),
        }
    }

    /// All that `transition:email` opens.
    fn reads_email(&self) -> bool {
        let (attr, action) = (AccountAttr::Email, AccountAction::Read);
        self.grants.allows(&Need::Account(AccountNeed { attr, action }))
    }

    /// The parts that the condition keeps, as scopes again: a scope that keeps all its parts stays whole.
    fn select(&self, keep: impl Fn(Part<'_>) -> bool) -> Vec<Permission> {
        self.permissions.iter().flat_map(|permission| select(permission, &keep)).collect()
    }

    /// A list of selected permissions as scopes. Where they do not fit one scope value because a scope was split, the
    /// scopes that they came of stand for them, for nothing may be hidden.
    fn describe(&self, selected: &[Permission]) -> Scopes {
        let exact = texts(selected);
        if let Ok(scopes) = Scopes::from_tokens(&exact) {
            return scopes;
        }
        let selected = Self::of_permissions(selected.to_vec());
        let touched = self
            .permissions
            .iter()
            .filter(|permission| parts(permission).into_iter().any(|part| selected.covers(part)));
        fitting(&texts(touched))
    }
}

/// What both lists grant.
fn meet(old: &Held, new: &Held) -> Scopes {
    let mut both = new.select(|part| old.covers(part));
    let found = Held::of_permissions(both.clone());
    both.extend(old.select(|part| new.covers(part) && !found.covers(part)));
    let found = Held::of_permissions(both.clone());
    both.extend(
        calls_of_both(old, new).filter(|call| !parts(call).into_iter().all(|part| found.covers(part))),
    );
    fitting(&texts(&both))
}

/// One method of every service in one list and every method of one service in the other meet in one call, which
/// neither list names.
fn calls_of_both(old: &Held, new: &Held) -> impl Iterator<Item = Permission> {
    let calls = |held: &Held| -> Vec<Rpc> {
        let calls = held.permissions.iter().filter_map(|permission| match permission {
            Permission::Rpc(rpc) => Some(rpc.clone()),
            _ => None,
        });
        calls.collect()
    };
    let (old, new) = (calls(old), calls(new));
    let pairs = |some: &[Rpc], others: &[Rpc]| -> Vec<Permission> {
        let of_all_services = some.iter().filter(|rpc| rpc.aud == AudienceOrAny::Any);
        let all_methods = others.iter().filter(|rpc| rpc.lxm.contains(&NsidOrAny::Any));
        let all_methods: Vec<&Rpc> = all_methods.collect();
        let met = of_all_services.flat_map(|one| {
            let lxm = one.lxm.clone();
            all_methods.iter().map(move |other| Rpc { lxm: lxm.clone(), aud: other.aud.clone() })
        });
        met.map(Permission::Rpc).collect()
    };
    let mut met = pairs(&old, &new);
    met.extend(pairs(&new, &old));
    met.into_iter()
}

fn parts(permission: &Permission) -> Vec<Part<'_>> {
    let needs = permission.needs();
    if needs.is_empty() { vec![Part::Whole(permission)] } else { needs.into_iter().map(Part::Need).collect() }
}

/// The part of one scope that the condition keeps, in as few scopes as say it.
fn select(permission: &Permission, keep: &impl Fn(Part<'_>) -> bool) -> Vec<Permission> {
    let parts = parts(permission);
    let kept: Vec<Part<'_>> = parts.iter().filter(|part| keep(**part)).copied().collect();
    if kept.len() == parts.len() {
        return vec![permission.clone()];
    }
    if kept.is_empty() {
        return Vec::new();
    }
    let needs: Vec<Need<'_>> = kept
        .into_iter()
        .filter_map(|part| match part {
            Part::Need(need) => Some(need),
            Part::Whole(_) => None,
        })
        .collect();
    match permission {
        Permission::Blob(blob) => {
            let kept = |accept: &&String| {
                needs.iter().any(|need| matches!(need, Need::Blob(need) if need.mime == accept.as_str()))
            };
            vec![Permission::Blob(Blob { accept: blob.accept.iter().filter(kept).cloned().collect() })]
        }
        Permission::Repo(repo) => select_repo(repo, &needs),
        Permission::Rpc(rpc) => {
            let kept = |lxm: &&NsidOrAny| {
                needs.iter().any(|need| matches!(need, Need::Rpc(need) if need.lxm == lxm.as_str()))
            };
            let lxm = rpc.lxm.iter().filter(kept).cloned().collect();
            vec![Permission::Rpc(Rpc { lxm, aud: rpc.aud.clone() })]
        }
        // One part only: all of it was kept, or nothing.
        _ => Vec::new(),
    }
}

/// One scope for all collections that keep the same actions.
fn select_repo(repo: &Repo, needs: &[Need<'_>]) -> Vec<Permission> {
    let mut rows: Vec<Repo> = Vec::new();
    for collection in &repo.collection {
        let kept = |action: &RepoAction| {
            needs.iter().any(|need| {
                matches!(need, Need::Repo(need) if need.action == *action && need.collection == collection.as_str())
            })
        };
        let action: Vec<RepoAction> = RepoAction::ALL.into_iter().filter(kept).collect();
        if action.is_empty() {
            continue;
        }
        match rows.iter_mut().find(|row| row.action == action) {
            Some(row) => row.collection.push(collection.clone()),
            None => rows.push(Repo { collection: vec![collection.clone()], action }),
        }
    }
    rows.into_iter().map(Permission::Repo).collect()
}

/// Each in normal form, sorted, none twice.
fn texts<'p>(permissions: impl IntoIterator<Item = &'p Permission>) -> Vec<String> {
    let mut texts: Vec<String> = permissions.into_iter().map(Permission::to_string).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// As many of them as fit one scope value.
fn fitting(texts: &[String]) -> Scopes {
    (0..=texts.len())
        .rev()
        .find_map(|count| Scopes::from_tokens(texts.iter().take(count)).ok())
        .unwrap_or_default()
}

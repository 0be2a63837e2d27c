//! The permissions of a consent page in the order in which they are worth reading: what is new first, sets before single
//! permissions, single ones by the namespace that they touch.

use gatewright_protocol::scope::{NsidOrAny, Permission};

use super::permission::{Company, Mark, Row, row};
use crate::i18n::Locale;
use crate::operations::{DecidedBefore, Offer, OfferedPart, OfferedScope, OfferedSet};

/// The permissions of a consent page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PermissionList {
    /// What the account did not approve before, where it approved something before.
    pub(crate) fresh: Vec<Block>,
    /// The others.
    pub(crate) rest: Vec<Block>,
}

/// What stands together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Single permissions that touch the same.
    Group(Group),
    /// A permission set.
    Set(SetBlock),
}

/// Single permissions that touch the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// What they touch.
    pub(crate) touches: Touches,
    /// The permissions.
    pub(crate) rows: Vec<Row>,
}

/// What permissions touch, in the order of the page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touches {
    /// What every application keeps.
    All,
    /// What belongs to this domain.
    Namespace(String),
    /// Files.
    Files,
    /// The account itself.
    Account,
}

impl Touches {
    /// The heading, where it is no domain.
    pub(crate) const fn message(&self) -> Option<&'static str> {
        match self {
            Self::Account => Some("consent-touches-account"),
            Self::All => Some("consent-touches-all"),
            Self::Files => Some("consent-touches-files"),
            Self::Namespace(_) => None,
        }
    }

    /// The domain, where it is one.
    pub(crate) fn domain(&self) -> &str {
        if let Self::Namespace(domain) = self { domain } else { "" }
    }
}

/// A permission set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetBlock {
    /// Names it on the page.
    pub(crate) id: String,
    /// The value of its checkbox.
    pub(crate) value: String,
    /// Which version is shown: the value of a hidden field.
    pub(crate) version: String,
    /// What its author calls it; its NSID where they do not.
    pub(crate) title: String,
    /// Its NSID, where that is not the title.
    pub(crate) nsid: Option<String>,
    /// What its author says it is for.
    pub(crate) detail: Option<String>,
    /// How many things are in it.
    pub(crate) count: u32,
    /// The things in it, new ones first.
    pub(crate) rows: Vec<Row>,
    /// Whether it is shown open, because something in it is worth a look.
    pub(crate) open: bool,
    /// What is to be said about it as a whole.
    pub(crate) mark: Option<Mark>,
}

impl PermissionList {
    /// What is offered, as the page lists it.
    pub(crate) fn of(offer: &Offer, locale: &Locale) -> Self {
        let company = Company::of(offer.scopes.iter().map(|offered| offered.scope.as_str()));
        let mut ids = 0_u32;
        let mut listed = Lists { knows: offer.approved_before.is_some(), ..Lists::default() };
        for offered in &offer.scopes {
            match &offered.set {
                Some(set) => listed.add_set(set_block(offered, set, company, locale, &mut ids)),
                None => {
                    for part in &offered.parts {
                        let row = part_row(offered, part, company, locale, &mut ids);
                        listed.add_row(touches(&part.permission), row, part.before);
                    }
                }
            }
        }
        listed.finish()
    }

    /// Whether anything can be unticked.
    pub(crate) fn narrowable(&self) -> bool {
        self.fresh.iter().chain(&self.rest).any(|block| match block {
            Block::Group(group) => group.rows.iter().any(|row| row.optional),
            Block::Set(_) => true,
        })
    }

    /// Whether it is worth saying what the permissions touch.
    pub(crate) fn has_headings(&self) -> bool {
        self.fresh.len() + self.rest.len() > 1
    }
}

#[derive(Default)]
struct Lists {
    /// Whether the account approved something before.
    knows: bool,
    fresh: (Vec<SetBlock>, Vec<Group>),
    rest: (Vec<SetBlock>, Vec<Group>),
}

impl Lists {
    fn add_set(&mut self, mut set: SetBlock) {
        let is_new = self.knows && (set.rows.iter().any(|row| row.mark.is_some()) || set.mark.is_some());
        if !self.knows {
            set.rows.iter_mut().for_each(|row| row.mark = None);
            set.mark = None;
        }
        if is_new {
            set.rows.sort_by_key(|row| row.mark.is_none());
            if set.mark.is_some() {
                // All of it is new, which is said once.
                set.rows.iter_mut().for_each(|row| row.mark = None);
            } else {
                set.open = true;
            }
            self.fresh.0.push(set);
        } else {
            self.rest.0.push(set);
        }
    }

    fn add_row(&mut self, touches: Touches, mut row: Row, before: DecidedBefore) {
        let is_new = self.knows && before != DecidedBefore::Approved;
        // The heading says that it is new.
        row.mark = row.mark.filter(|mark| self.knows && *mark == Mark::Declined);
        let groups = if is_new { &mut self.fresh.1 } else { &mut self.rest.1 };
        match groups.iter_mut().find(|group| joins(&group.touches, &touches)) {
            Some(group) => {
                if touches.domain().len() < group.touches.domain().len() {
                    group.touches = touches;
                }
                group.rows.push(row);
            }
            None => groups.push(Group { touches, rows: vec![row] }),
        }
    }

    fn finish(self) -> PermissionList {
        let blocks = |(sets, mut groups): (Vec<SetBlock>, Vec<Group>)| {
            groups.sort_by_key(|group| match group.touches {
                Touches::All => 0,
                Touches::Namespace(_) => 1,
                Touches::Files => 2,
                Touches::Account => 3,
            });
            sets.into_iter().map(Block::Set).chain(groups.into_iter().map(Block::Group)).collect()
        };
        PermissionList { fresh: blocks(self.fresh), rest: blocks(self.rest) }
    }
}

/// Whether both are the same, or one namespace lies below the other.
fn joins(one: &Touches, other: &Touches) -> bool {
    let below = |domain: &str, parent: &str| {
        domain.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    match (one, other) {
        (Touches::Namespace(one), Touches::Namespace(other)) => below(one, other) || below(other, one),
        (one, other) => one == other,
    }
}

/// What a permission touches.
fn touches(permission: &Permission) -> Touches {
    let name = match permission {
        Permission::Blob(_) => return Touches::Files,
        Permission::Repo(repo) => repo.collection.first(),
        Permission::Rpc(rpc) => rpc.lxm.first(),
        Permission::Transition(transition) if transition.as_str() == "transition:email" => None,
        Permission::Transition(_) => return Touches::All,
        _ => None,
    };
    match name {
        None => Touches::Account,
        Some(NsidOrAny::Nsid(nsid)) => Touches::Namespace(nsid.authority().to_lowercase()),
        Some(_) => Touches::All,
    }
}

fn set_block(
    offered: &OfferedScope,
    set: &OfferedSet,
    company: Company,
    locale: &Locale,
    ids: &mut u32,
) -> SetBlock {
    let id = next(ids);
    let rows: Vec<Row> =
        offered.parts.iter().map(|part| part_row(offered, part, company, locale, ids)).collect();
    let language = [locale.language];
    let (title, nsid) = (set.known.set.title(&language), set.include.nsid.to_string());
    let is_new = offered.parts.iter().all(|part| part.before == DecidedBefore::Nothing);
    SetBlock {
        id,
        value: offered.scope.clone(),
        version: offered.version_value().unwrap_or_default(),
        title: title.map_or_else(|| nsid.clone(), str::to_owned),
        nsid: title.is_some().then_some(nsid),
        detail: set.known.set.detail(&language).map(str::to_owned),
        count: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        open: rows.iter().any(|row| row.warning.is_some()),
        rows,
        mark: is_new.then_some(Mark::New),
    }
}

fn part_row(
    offered: &OfferedScope,
    part: &OfferedPart,
    company: Company,
    locale: &Locale,
    ids: &mut u32,
) -> Row {
    let mark = match part.before {
        DecidedBefore::Approved => None,
        DecidedBefore::Declined => Some(Mark::Declined),
        DecidedBefore::Nothing => Some(Mark::New),
    };
    Row {
        value: offered.part_value(part),
        optional: offered.is_optional(),
        mark,
        ..row(next(ids), &part.permission, company, locale)
    }
}

fn next(ids: &mut u32) -> String {
    *ids += 1;
    format!("scope-{ids}")
}

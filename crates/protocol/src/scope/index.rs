//! Which rows of a long list of scopes to ask first.
//!
//! An index decides nothing: it leaves out rows that cannot grant what is needed, because they name other things, and
//! the rest is asked as if there were no index. Nine rows in ten name what they grant, so that few are left.

use std::cmp::Ordering;

use super::matches::Row;
use super::{NsidOrAny, Permission};

/// The rows of a list by what they name.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// Every name that a row grants, sorted without regard to case.
    named: Box<[Place]>,
    /// The rows that grant something without naming it: wildcards, attributes, transitional scopes.
    unnamed: Box<[u32]>,
}

/// Where a name stands: a row, and which of its values.
#[derive(Clone, Copy, Debug)]
struct Place {
    row: u32,
    value: u32,
}

impl Index {
    pub(super) fn of(rows: &[Row]) -> Self {
        let (mut named, mut unnamed) = (Vec::new(), Vec::new());
        for (row, permission) in
            (0..).zip(rows).filter_map(|(at, row)| Some((at, row.meaning.as_ref().ok()?)))
        {
            let values = count(permission);
            let places = (0..values).map(|value| Place { row, value });
            let before = named.len();
            named.extend(places.filter(|place| name(permission, place.value).is_some()));
            let all_are_named = named.len() - before == values as usize;
            if !all_are_named || can_grant_unnamed(permission) {
                unnamed.push(row);
            }
        }
        named.sort_by(|a, b| compare(place_name(rows, *a), place_name(rows, *b)));
        Self { named: named.into(), unnamed: unnamed.into() }
    }

    /// The rows that could grant what has this name; those without names only where it has none. A row may come twice.
    pub(super) fn candidates<'i>(
        &'i self,
        rows: &'i [Row],
        name: Option<&'i str>,
    ) -> impl Iterator<Item = &'i Row> {
        let named = name.map(|name| self.places(rows, name)).unwrap_or_default();
        let indices = named.iter().map(|place| place.row).chain(self.unnamed.iter().copied());
        indices.filter_map(|row| rows.get(row as usize))
    }

    fn places(&self, rows: &[Row], name: &str) -> &[Place] {
        let order = |place: &Place| compare(place_name(rows, *place), name);
        let start = self.named.partition_point(|place| order(place) == Ordering::Less);
        let rest = self.named.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|place| order(place) == Ordering::Equal).count();
        rest.get(..length).unwrap_or_default()
    }
}

fn place_name(rows: &[Row], place: Place) -> &str {
    let permission = rows.get(place.row as usize).and_then(|row| row.meaning.as_ref().ok());
    permission.and_then(|permission| name(permission, place.value)).unwrap_or_default()
}

fn can_grant_unnamed(permission: &Permission) -> bool {
    matches!(permission, Permission::Account(_) | Permission::Identity(_) | Permission::Transition(_))
}

/// How many values a scope has that could be names.
fn count(permission: &Permission) -> u32 {
    let count = match permission {
        Permission::Blob(blob) => blob.accept.len(),
        Permission::Repo(repo) => repo.collection.len(),
        Permission::Rpc(rpc) => rpc.lxm.len(),
        _ => 0,
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A value of a scope, where it stands for nothing but itself.
fn name(permission: &Permission, value: u32) -> Option<&str> {
    let value = value as usize;
    match permission {
        Permission::Blob(blob) => {
            blob.accept.get(value).map(String::as_str).filter(|accept| !accept.ends_with("/*"))
        }
        Permission::Repo(repo) => repo.collection.get(value).and_then(one_nsid),
        Permission::Rpc(rpc) => rpc.lxm.get(value).and_then(one_nsid),
        _ => None,
    }
}

fn one_nsid(value: &NsidOrAny) -> Option<&str> {
    match value {
        NsidOrAny::Any => None,
        NsidOrAny::Nsid(nsid) => Some(nsid.as_str()),
    }
}

/// The order of names, without regard to case: names that are one for any rule are one here.
fn compare(one: &str, other: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    one.bytes().map(lower).cmp(other.bytes().map(lower))
}

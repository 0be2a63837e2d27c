//! The single things that permissions are about: what a person can untick, one by one.
//!
//! A part is one collection, one method or one media type; anything else is a part by itself. Inside a permission set a
//! part is a name: what the set says about a collection with all its actions, or about a method with the widest service.
//! Whoever declines a part declines the name, so that a later version of the set cannot bring it back by another action.

use gatewright_protocol::scope::{AudienceOrAny, Blob, NsidOrAny, Permission, Repo, RepoAction, Rpc, Scopes};

/// The parts of these permissions, in their order; what several of them say about one name is one part.
pub(super) fn parts<'p>(permissions: impl IntoIterator<Item = &'p Permission>) -> Vec<Permission> {
    let mut found: Vec<Permission> = Vec::new();
    for part in permissions.into_iter().flat_map(split) {
        let same = found.iter_mut().find(|known| same_name(known, &part));
        match (same, part) {
            (None, part) => found.push(part),
            (Some(Permission::Repo(known)), Permission::Repo(part)) => {
                let new = part.action.into_iter().filter(|action| !known.action.contains(action));
                known.action.extend(new.collect::<Vec<RepoAction>>());
            }
            (Some(Permission::Rpc(known)), Permission::Rpc(part)) if known.aud != part.aud => {
                known.aud = AudienceOrAny::Any;
            }
            (Some(_), _) => {}
        }
    }
    found
}

/// The permission without the declined names; `None` where nothing is left. Unchanged where none of them is in it.
pub(super) fn without(permission: &Permission, declined: &[Permission]) -> Option<Permission> {
    let keeps = |part: &Permission| !declined.iter().any(|declined| same_name(declined, part));
    let mut kept = split(permission).filter(keeps);
    let first = kept.next()?;
    let kept = kept.fold(first, join);
    // As it was written, where all of it is left.
    Some(if kept.to_string() == permission.to_string() { permission.clone() } else { kept })
}

/// The names of these parts in their widest form, in as few scopes as hold them.
pub(super) fn widest(parts: &[Permission]) -> Vec<Permission> {
    let widest = parts.iter().map(|part| match part {
        Permission::Repo(repo) => {
            Permission::Repo(Repo { collection: repo.collection.clone(), action: RepoAction::ALL.to_vec() })
        }
        // One method of every service is a permission, every method of every service is none.
        Permission::Rpc(rpc) if !rpc.lxm.contains(&NsidOrAny::Any) => {
            Permission::Rpc(Rpc { lxm: rpc.lxm.clone(), aud: AudienceOrAny::Any })
        }
        other => other.clone(),
    });
    let mut found: Vec<Permission> = Vec::new();
    for part in widest {
        match (found.iter_mut().find(|known| known.resource() == part.resource()), part) {
            (Some(Permission::Repo(known)), Permission::Repo(part)) => {
                known.collection.extend(part.collection);
            }
            (Some(Permission::Rpc(known)), Permission::Rpc(part)) if known.aud == part.aud => {
                known.lxm.extend(part.lxm);
            }
            (Some(Permission::Blob(known)), Permission::Blob(part)) => known.accept.extend(part.accept),
            (_, part) => found.push(part),
        }
    }
    found
}

/// Whether the permission is about a name that one of the others is about too.
pub(super) fn touches(permission: &Permission, others: &[Permission]) -> bool {
    others.iter().any(|other| same_name(permission, other) || same_name(other, permission))
}

/// What these scopes mean; what means nothing is left out.
pub(super) fn meant(scopes: &Scopes) -> Vec<Permission> {
    scopes.permissions().filter_map(|(_, meaning)| meaning.ok()).collect()
}

/// Every name in it by itself, in the order in which they were written.
fn split(permission: &Permission) -> impl Iterator<Item = Permission> {
    let parts: Vec<Permission> = match permission {
        Permission::Blob(blob) => each(&blob.accept, |accept| accept == "*/*")
            .map(|accept| Permission::Blob(Blob { accept: vec![accept.clone()] }))
            .collect(),
        Permission::Repo(repo) => each(&repo.collection, |name| *name == NsidOrAny::Any)
            .map(|name| {
                Permission::Repo(Repo { collection: vec![name.clone()], action: repo.action.clone() })
            })
            .collect(),
        Permission::Rpc(rpc) => each(&rpc.lxm, |name| *name == NsidOrAny::Any)
            .map(|name| Permission::Rpc(Rpc { lxm: vec![name.clone()], aud: rpc.aud.clone() }))
            .collect(),
        other => vec![other.clone()],
    };
    parts.into_iter()
}

/// The values, or only the one that stands for all.
fn each<T>(values: &[T], is_all: impl Fn(&T) -> bool) -> impl Iterator<Item = &T> {
    let position = values.iter().position(is_all);
    let range = position.map_or(0..values.len(), |at| at..at + 1);
    values.get(range).unwrap_or_default().iter()
}

/// Two parts of one permission as one again.
fn join(mut one: Permission, other: Permission) -> Permission {
    match (&mut one, other) {
        (Permission::Blob(one), Permission::Blob(other)) => one.accept.extend(other.accept),
        (Permission::Repo(one), Permission::Repo(other)) => one.collection.extend(other.collection),
        (Permission::Rpc(one), Permission::Rpc(other)) => one.lxm.extend(other.lxm),
        _ => {}
    }
    one
}

/// Whether one of the names of `declined` is the name of `part`.
fn same_name(declined: &Permission, part: &Permission) -> bool {
    match (declined, part) {
        (Permission::Repo(declined), Permission::Repo(part)) => {
            any_same(&declined.collection, &part.collection)
        }
        (Permission::Rpc(declined), Permission::Rpc(part)) => any_same(&declined.lxm, &part.lxm),
        (declined, part) => declined.to_string() == part.to_string(),
    }
}

fn any_same(declined: &[NsidOrAny], names: &[NsidOrAny]) -> bool {
    declined.iter().any(|declined| names.iter().any(|name| declined.covers(name.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(scopes: &str) -> Vec<Permission> {
        meant(&scopes.parse().unwrap())
    }

    fn texts(permissions: &[Permission]) -> Vec<String> {
        permissions.iter().map(Permission::to_string).collect()
    }

    #[test]
    fn a_part_is_one_name() {
        for (scopes, expected) in [
            ("atproto account:email", vec!["atproto", "account:email"]),
            ("repo:a.b.c", vec!["repo:a.b.c"]),
            (
                "repo?collection=a.b.d&collection=a.b.c&action=create",
                vec!["repo:a.b.d?action=create", "repo:a.b.c?action=create"],
            ),
            ("repo?collection=a.b.d&collection=*", vec!["repo:*"]),
            ("blob?accept=image/png&accept=video/*", vec!["blob:image/png", "blob:video/*"]),
            ("rpc?lxm=a.b.c&lxm=a.b.d&aud=*", vec!["rpc:a.b.c?aud=*", "rpc:a.b.d?aud=*"]),
            // Two entries of a set about one name are one part.
            (
                "repo:a.b.c?action=create repo:x.y.z repo?collection=a.b.c&action=delete",
                vec!["repo:a.b.c?action=create&action=delete", "repo:x.y.z"],
            ),
            ("rpc:a.b.c?aud=did:web:x.com%23s rpc:a.b.c?aud=*", vec!["rpc:a.b.c?aud=*"]),
        ] {
            assert_eq!(texts(&parts(&permissions(scopes))), expected, "{scopes}");
        }
    }

    #[test]
    fn sec_15_a_declined_name_stays_out_whatever_is_said_about_it() {
        for (scope, declined, expected) in [
            ("repo:a.b.c", "repo:a.b.c?action=create", None),
            ("repo:a.b.c?action=delete", "repo:a.b.c?action=create", None),
            ("repo:A.b.c", "repo:a.B.c", None),
            ("rpc:a.b.c?aud=*", "rpc:a.b.c?aud=did:web:x.com%23s", None),
            ("rpc:a.b.c?aud=did:web:x.com%23s", "rpc:a.b.c?aud=*", None),
            ("rpc:a.b.c?aud=*", "repo:a.b.c", Some("rpc:a.b.c?aud=*")),
            (
                "repo?collection=a.b.c&collection=a.b.d&collection=a.b.e&action=create",
                "repo:a.b.d",
                Some("repo?collection=a.b.c&collection=a.b.e&action=create"),
            ),
            ("repo?collection=a.b.c&collection=a.b.d", "repo?collection=a.b.c&collection=a.b.d", None),
            ("repo:a.b.c", "repo:a.b.cc repo:a.b", Some("repo:a.b.c")),
            ("blob?accept=image/png&accept=video/*", "blob:image/png", Some("blob:video/*")),
        ] {
            let left = without(&permissions(scope)[0], &permissions(declined));
            assert_eq!(left.map(|left| left.to_string()).as_deref(), expected, "{scope} without {declined}");
        }
    }

    #[test]
    fn what_is_declined_takes_two_scopes_at_most() {
        let parts = permissions(
            "repo:a.b.c?action=create repo:a.b.d rpc:a.b.e?aud=did:web:x.com%23s rpc:a.b.f?aud=*",
        );
        let widest = widest(&parts);
        assert_eq!(
            texts(&widest),
            ["repo?collection=a.b.c&collection=a.b.d", "rpc?lxm=a.b.e&lxm=a.b.f&aud=*"]
        );
        assert!(parts.iter().all(|part| without(part, &widest).is_none()));
    }
}
